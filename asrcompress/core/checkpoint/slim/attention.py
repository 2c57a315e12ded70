"""Self-attention whose heads may be of different widths, in place of the wav2vec2 family's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from asrcompress.core.checkpoint.slim.heads import HeadWidths, join_heads, split_heads


class SlimAttention(torch.nn.Module):
    """Wav2Vec2Attention and its copies, with the same names in the state dict.

    q_proj and k_proj have a row for each query dimension that is left, head after head, v_proj a
    row and out_proj a column for each value dimension. A head without query dimensions attends to
    all frames alike; without any at all there is neither q_proj nor k_proj.
    """

    q_proj: torch.nn.Module | None
    k_proj: torch.nn.Module | None

    def __init__(
        self, widths: HeadWidths, projections: Mapping[str, torch.nn.Module], dropout: float
    ) -> None:
        super().__init__()
        self.widths = widths
        self.dropout = dropout
        self.scaling = widths.head_dim**-0.5  # the original's, however narrow a head is now
        self.k_proj = projections.get("k_proj")
        self.v_proj = projections["v_proj"]
        self.q_proj = projections.get("q_proj")
        self.out_proj = projections["out_proj"]

    def forward(
        self, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> tuple[torch.Tensor, None]:
        """The output for (batch, time, width), and no weights.

        attention_mask: (batch, 1, time, time), bool and true where to attend, or float to be added.
        """
        return self.attend(hidden_states, attention_mask), None

    def attend(self, hidden_states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """(batch, time, width) of (batch, time, width); mask as scaled_dot_product_attention's."""
        widths, common = self.widths, self.widths.common
        value = split_heads(self.v_proj(hidden_states), widths.value_output_left, common)
        if self.q_proj is None or self.k_proj is None:
            query = key = torch.zeros_like(value)
        else:
            query = split_heads(self.q_proj(hidden_states), widths.query_key_left, common)
            key = split_heads(self.k_proj(hidden_states), widths.query_key_left, common)
        attended = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            scale=self.scaling,
        )
        output: torch.Tensor = self.out_proj(join_heads(attended, widths.value_output_left))
        return output


class RemovedAttention(torch.nn.Module):
    """No attention: a zero to add, so that the block's residual and norms do what they did."""

    def __init__(self, widths: HeadWidths) -> None:
        super().__init__()
        self.widths = widths

    def forward(self, hidden_states: torch.Tensor, **_: Any) -> tuple[torch.Tensor, None]:
        """A scalar zero, and no weights."""
        return hidden_states.new_zeros(()), None

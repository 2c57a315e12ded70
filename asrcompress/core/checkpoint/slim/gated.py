"""WavLM's self-attention, with its gated bias of relative positions; Chen et al. (2022), sec. 3.1.

The stock class hands raw weights to one function of PyTorch. Here projections are called as
modules, which may be quantised or hooked, and heads may be of different widths. A gate reads its
head's share of the block's input, so it needs no weight that leaves with a head.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from asrcompress.core.checkpoint.slim.attention import RemovedAttention, SlimAttention
from asrcompress.core.checkpoint.slim.heads import HeadWidths

_Output = tuple[torch.Tensor, None, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Positions:
    """A bias for each head and bucket of distances, looked up; only the first block has it."""

    embedding: torch.nn.Module
    buckets: int
    max_distance: int

    def bias(self, frames: int) -> torch.Tensor:
        """(heads, frames, frames): of the frame that attends, towards the one attended to.

        It depends on the distance alone, so only 2 * frames - 1 are computed.
        """
        device = next(self.embedding.parameters()).device
        places = torch.arange(frames, device=device)
        distances = torch.arange(1 - frames, frames, device=device)
        by_distance: torch.Tensor = self.embedding(self._bucket(distances)).transpose(0, 1)
        return by_distance[:, places[None] - places[:, None] + frames - 1]

    def _bucket(self, distances: torch.Tensor) -> torch.Tensor:
        """As WavLMAttention._relative_positions_bucket: exact when near, logarithmic when far."""
        buckets = self.buckets // 2
        exact = buckets // 2
        lengths = distances.abs()
        far = torch.log(lengths.float() / exact) / math.log(self.max_distance / exact)
        far_bucket = (exact + far * (buckets - exact)).to(torch.long).clamp(max=buckets - 1)
        later = (distances > 0).to(torch.long) * buckets
        return later + torch.where(lengths < exact, lengths, far_bucket)


class SlimGatedAttention(SlimAttention):
    """WavLMAttention, with the same names in the state dict; see SlimAttention.

    Its third output is the bias of positions of all the original's heads, for later blocks:
    (heads, time, time), where the stock class repeats it for each of the batch.
    """

    heads_left: torch.Tensor

    def __init__(
        self, widths: HeadWidths, projections: Mapping[str, torch.nn.Module], stock: Any
    ) -> None:
        """stock: what has the gate, the bias and the dropout, to be taken over."""
        super().__init__(widths, projections, stock.dropout)
        self.num_buckets, self.max_distance = stock.num_buckets, stock.max_distance
        self.gru_rel_pos_const = stock.gru_rel_pos_const
        self.gru_rel_pos_linear = stock.gru_rel_pos_linear
        self.rel_attn_embed = getattr(stock, "rel_attn_embed", None)
        heads = torch.tensor(widths.heads, device=stock.gru_rel_pos_const.device)
        self.register_buffer("heads_left", heads, persistent=False)

    def forward(  # type: ignore[override]
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_bias: torch.Tensor | None = None,
        **_: Any,
    ) -> _Output:
        """The output for (batch, time, width), no weights, and the bias of positions.

        attention_mask: (batch, time), 1 or true where to attend.
        """
        bias = _bias_of_positions(self, hidden_states, position_bias)
        mask = self._gates(hidden_states) * self._of_heads_left(bias, dim=0)
        if attention_mask is not None:
            padding = attention_mask.ne(1)[:, None, None, :]
            mask = mask.masked_fill(padding, -math.inf)
        return self.attend(hidden_states, mask), None, bias

    def _gates(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(batch, heads left, time, 1), from the original heads' shares of the input."""
        batch, frames, _ = hidden_states.shape
        shares = hidden_states.view(batch, frames, -1, self.widths.head_dim)
        projected = self.gru_rel_pos_linear(self._of_heads_left(shares, dim=2))
        gates = torch.sigmoid(projected.unflatten(-1, (2, 4)).sum(-1)).transpose(1, 2)
        gate_a, gate_b = gates.chunk(2, dim=-1)
        constant = self._of_heads_left(self.gru_rel_pos_const, dim=1)
        output: torch.Tensor = gate_a * (gate_b * constant - 1.0) + 2.0
        return output

    def _of_heads_left(self, tensor: torch.Tensor, dim: int) -> torch.Tensor:
        if len(self.heads_left) == tensor.shape[dim]:
            return tensor
        return tensor.index_select(dim, self.heads_left)


class RemovedGatedAttention(RemovedAttention):
    """No attention, but the bias of positions for later blocks."""

    def __init__(self, widths: HeadWidths, stock: Any) -> None:
        super().__init__(widths)
        self.num_buckets, self.max_distance = stock.num_buckets, stock.max_distance
        self.rel_attn_embed = getattr(stock, "rel_attn_embed", None)

    def forward(  # type: ignore[override]
        self,
        hidden_states: torch.Tensor,
        position_bias: torch.Tensor | None = None,
        **_: Any,
    ) -> _Output:
        """A scalar zero, no weights, and the bias of positions."""
        bias = _bias_of_positions(self, hidden_states, position_bias)
        return hidden_states.new_zeros(()), None, bias


def _bias_of_positions(
    owner: Any, hidden_states: torch.Tensor, given: torch.Tensor | None
) -> torch.Tensor:
    """The earlier block's, made here by the first one."""
    if given is not None:
        return given
    positions = Positions(owner.rel_attn_embed, owner.num_buckets, owner.max_distance)
    return positions.bias(hidden_states.shape[1])

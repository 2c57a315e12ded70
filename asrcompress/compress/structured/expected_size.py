"""How many parameters the masks leave in the transformer blocks.

Source: Wang et al. (2023), section 3, with biases. Of each block, d wide,

    P_attention ((2d + 2) sum P_query_key + (2d + 1) sum P_value_output + d)
    + P_feed_forward ((2d + 1) sum P_intermediate + d)

It is the expectation of what is left, as masks are drawn independently of each other. With P of
exactly 0 or 1 it is the count itself, where a sublayer is open if and only if anything in it is.
"""

from __future__ import annotations

import torch

from asrcompress.compress.structured.layout import Layout, ModelMasks


def expected_parameters(kept: ModelMasks, layout: Layout) -> torch.Tensor:
    """The number of parameters left, a scalar; kept: probabilities, or 0 and 1."""
    inner = (
        kept.query_key.sum(dim=(1, 2)) * layout.query_key_cost
        + kept.value_output.sum(dim=(1, 2)) * layout.value_output_cost
    )
    attention = kept.attention * (inner + layout.sublayer_cost)
    inner = kept.intermediate.sum(dim=1) * layout.intermediate_cost
    feed_forward = kept.feed_forward * (inner + layout.sublayer_cost)
    return (attention + feed_forward).sum()


def expected_sparsity(kept: ModelMasks, layout: Layout) -> torch.Tensor:
    """The share of the parameters that is removed, a scalar in [0, 1]."""
    return 1 - expected_parameters(kept, layout) / layout.parameters

"""Unstructured magnitude pruning: the weights nearest to zero become zero.

Sources: Pimentel et al. (2023), section 2.2 (global, rates 0.10 to 0.30); Oujabour et al. (2025),
section IV-C (local, rates 0.40 and 0.60). Global takes the lowest |w| over all Linear and Conv1d
weights together, so layers are hit very unevenly: see the ledger. Local takes the same rate of
each Linear layer. Equal to torch.nn.utils.prune's L1 pruning, but without its masks and flat copy,
with ties broken by position, and on the folded weight of weight-normed convolutions, where torch's
raises. The count is round(rate * weights); weights that were zero before count too.

The result is an ordinary checkpoint. It is smaller only zipped, quantised or stored as a bitmask,
and not faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from asrcompress.compress.decision import Context, Decisions, Weights

ORDER = 10
TRIGGER = "prune"


class Params(BaseModel):
    """How much to prune, and over what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prune: float = Field(
        gt=0, lt=1, description="share of the weights set to zero, those nearest to zero first"
    )
    scope: Literal["global", "local"] = Field(
        default="global",
        description="prune over all Linear and Conv1d weights together, or within each Linear",
    )


def label(params: Params) -> str:
    """For example prune30-global."""
    return f"prune{100 * params.prune:.6g}-{params.scope}"


def refusal(params: Params, weights: Weights, context: Context) -> str | None:
    """None: every model with a Linear layer can be pruned."""
    del params, weights, context
    return None


def decide(params: Params, weights: Weights, context: Context) -> Decisions:
    """Which weights of each layer become zero.

    Raises:
        InputError: the selection leaves nothing to prune.
    """
    from asrcompress.compress.decision import Decision, Decisions
    from asrcompress.compress.smallest import smallest_over

    del context
    if params.scope == "local":
        groups = [{name: layer} for name, layer in weights.of("Linear").items()]
    else:
        groups = [weights.of("Linear", "Conv1d")]
    decided = {}
    for layers in groups:
        total = sum(layer.weights for layer in layers.values())
        chosen = smallest_over(list(layers), weights.read, round(params.prune * total))
        for name, smallest in chosen.items():
            why = f"pruned {params.scope}, |w| <= {smallest.magnitude:.3g}"
            decided[name] = Decision(why, prune=(smallest,))
    return Decisions(decided)

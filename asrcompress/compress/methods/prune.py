"""Unstructured magnitude pruning: the weights nearest to zero become zero.

Sources: Pimentel et al. (2023), section 2.2 (global, rates 0.10 to 0.30); Oujabour et al. (2025),
section IV-C (local, rates 0.40 and 0.60). Global takes the lowest |w| over all Linear and Conv1d
weights together, so layers are hit very unevenly: see the ledger. Local takes the same rate of
each Linear layer. Equal to torch.nn.utils.prune's L1 pruning, but without its masks and flat copy,
with ties broken by position, and on the folded weight of weight-normed convolutions, where torch's
raises. The count is round(rate * weights); weights that were zero before count too.

The result is an ordinary checkpoint. It is smaller only zipped or quantised, and not faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.layers import Selection

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


def refusal(module: torch.nn.Module) -> str | None:
    """Why the module cannot be pruned, None where it can."""
    from optimum.quanto import QModuleMixin

    if any(isinstance(layer, QModuleMixin) for layer in module.modules()):
        return "its weights are quantised already; prune first"
    return None


def compress(module: torch.nn.Module, params: Params, selection: Selection) -> dict[str, str]:
    """Prune in place; why, by name of each weight tensor pruned.

    Raises:
        InputError: the selection leaves nothing to prune.
    """
    import torch

    if params.scope == "local":
        layers = selection.layers(module, (torch.nn.Linear,))
        groups = [{name: layer} for name, layer in layers.items()]
    else:
        groups = [selection.layers(module, (torch.nn.Linear, torch.nn.Conv1d))]
    why: dict[str, str] = {}
    for group in groups:
        why |= _prune_together(group, params)
    return why


def _prune_together(layers: dict[str, torch.nn.Module], params: Params) -> dict[str, str]:
    from asrcompress.compress.smallest import smallest
    from asrcompress.compress.weight_norm import folded_weight, set_zeros, weight_name

    weights = [folded_weight(layer) for layer in layers.values()]
    total = sum(weight.numel() for weight in weights)
    chosen = smallest(weights, round(params.prune * total))
    limit = chosen.magnitude
    why = {}
    for (name, layer), weight in zip(layers.items(), weights, strict=True):
        set_zeros(layer, chosen.mask(weight))
        why[f"{name}.{weight_name(layer)}"] = f"pruned {params.scope}, |w| <= {limit:.3g}"
    return why

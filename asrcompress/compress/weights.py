"""The layers' weights as the steps so far leave them, read when asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asrcompress.compress.decision import Decision, Kind, Layer
from asrcompress.compress.encode import pruned
from asrcompress.compress.layers import layers_of, why_not, why_not_by_default
from asrcompress.compress.weight_norm import DIRECTION, MAGNITUDE, folded, is_weight_normed
from asrcompress.core.checkpoint.source import Source
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.manifest import Selection

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LayerWeights:
    """See `decision.Weights`; every layer of the model is in `all_layers`."""

    source: Source
    selection: Selection
    all_layers: Mapping[str, Layer]
    decided: Mapping[str, Decision] = field(default_factory=dict)

    @classmethod
    def of_source(cls, source: Source, selection: Selection) -> LayerWeights:
        """Those of an uncompressed model.

        Raises:
            InputError: the output layer is to be kept, but cannot be told.
        """
        layers = layers_of(source.module)
        if selection.keep_head and not any(layer.is_head for layer in layers.values()):
            raise InputError(
                "no output layer to keep", next_step="name it with exclude in place of keep_head"
            )
        return cls(source, selection, layers)

    def after(self, decisions: Mapping[str, Decision]) -> LayerWeights:
        """What is left for the next step, once these decisions are applied too."""
        joined = dict(self.decided)
        for name, decision in decisions.items():
            joined[name] = joined[name].then(decision) if name in joined else decision
        return replace(self, decided=joined)

    @property
    def layers(self) -> dict[str, Layer]:
        """See `decision.Weights`."""
        return {
            name: layer
            for name, layer in self.all_layers.items()
            if why_not(layer, self.selection) is None
        }

    def of(self, *kinds: Kind) -> dict[str, Layer]:
        """See `decision.Weights`."""
        found = {name: layer for name, layer in self.layers.items() if layer.kind in kinds}
        return self._some(found, kinds)

    def selected(self) -> dict[str, Layer]:
        """See `decision.Weights`."""
        found = {
            name: layer
            for name, layer in self.all_layers.items()
            if why_not_by_default(layer, self.selection) is None
        }
        return self._some(found, ("Linear",))

    def read(self, name: str) -> torch.Tensor:
        """See `decision.Weights`."""
        weight = self.read_original(name)
        prunes = self.decided[name].prune if name in self.decided else ()
        return pruned(weight.clone() if prunes else weight, prunes)

    def read_original(self, name: str) -> torch.Tensor:
        """A layer's weight before any step: float32, weight norm folded; not to be written to.

        Raises:
            ModelError: a value is not a number, or infinite.
        """
        layer = self.source.module.get_submodule(name)
        if is_weight_normed(layer):
            magnitude, direction = (
                self.source.read(f"{name}.{part}").float() for part in (MAGNITUDE, DIRECTION)
            )
            weight = folded(layer, magnitude, direction)
        else:
            weight = self.source.read(f"{name}.weight").float()
        refuse_not_finite(f"{name}.weight", weight)
        return weight

    def _some(self, found: dict[str, Layer], kinds: tuple[Kind, ...]) -> dict[str, Layer]:
        if not found:
            patterns = self.selection
            kept = ", keep_head" if patterns.keep_head else ""
            raise InputError(
                "no layer to compress is left",
                got=f"include {list(patterns.include)}, exclude {list(patterns.exclude)}{kept}",
                expected=f"patterns that leave at least one {' or '.join(kinds)}",
            )
        return found


def refuse_not_finite(key: str, tensor: torch.Tensor, *, may_be_infinite: bool = False) -> None:
    """Make sure that all values of a tensor are numbers, and finite unless they need not be.

    Raises:
        ModelError: one is not.
    """
    ends = (float(tensor.max()), float(tensor.min())) if tensor.numel() else ()
    if any(map(math.isnan, ends)) or not (may_be_infinite or all(map(math.isfinite, ends))):
        raise ModelError(
            "a weight is not a finite number",
            where=key,
            next_step="train or download the model again",
        )

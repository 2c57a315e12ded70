"""How large the weight file will be, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from asrcompress.compress.decision import Decision
from asrcompress.compress.encode import QUANTISED_BITS, fits_float16, has_zeros, pruned
from asrcompress.compress.entries import Entry, entries_of
from asrcompress.compress.weight_file import Forms, file_bytes
from asrcompress.core.checkpoint.quantised import ACTIVATION_SCALES, dtype_name, quantised_forms

if TYPE_CHECKING:
    from asrcompress.compress.weights import LayerWeights


class SizePredictor:
    """The bytes of the weight file under decisions, exactly, as long as nothing is packed."""

    def __init__(self, weights: LayerWeights) -> None:
        """`weights` are those that the decisions are about."""
        self._weights = weights
        self._entries = entries_of(weights.source.module)
        self._dtypes = {
            entry.key: dtype_name(weights.source.read(entry.key).dtype) for entry in self._entries
        }
        self._layers = {
            name: layer
            for layer in weights.all_layers.values()
            for name in (layer.name, *layer.tied)
        }
        self._has_zeros = cache(  # not every pruned layer has lost enough
            lambda name, prunes: has_zeros(pruned(weights.read_original(name), prunes))
        )
        self._fits_float16 = cache(lambda name: fits_float16(weights.read(name)))

    def file_bytes(self, decisions: Mapping[str, Decision]) -> int:
        """Bytes of the file, header included."""
        decided = self._weights.after(decisions).decided
        forms: dict[str, tuple[tuple[int, ...], str]] = {}
        for entry in self._entries:
            forms |= self._forms(entry, decided)
        return file_bytes(forms)

    def _forms(self, entry: Entry, decided: Mapping[str, Decision]) -> Forms:
        layer = self._layers.get(entry.layer) if entry.role != "other" else None
        decision = decided.get(layer.name) if layer is not None else None
        if entry.alias_of is not None:
            return {}
        if layer is None or decision is None or decision.bits == 32:
            is_new = decision is not None and decision.prune and entry.role != "weight"
            dtype = "float32" if is_new else self._dtypes[entry.key]  # weight norm, computed anew
            return {entry.key: (entry.shape, dtype)}
        if decision.bits == 16:
            dtype = "float16" if self._fits_float16(layer.name) else "float32"
            return {entry.key: (entry.shape, dtype)}
        if entry.role == "magnitude":
            return {}
        assert decision.bits in QUANTISED_BITS
        is_pruned = self._has_zeros(layer.name, decision.prune)
        found = {
            f"{layer.name}.weight.{part}": (shape, _dtype(dtype, is_pruned=is_pruned))
            for part, (shape, dtype) in quantised_forms(layer.shape, decision.bits).items()
        }
        for name in (layer.name, *layer.tied):
            found |= {f"{name}.{scale}": ((), "float32") for scale in ACTIVATION_SCALES}
        return found


def _dtype(either: str, *, is_pruned: bool) -> str:
    """Of the two dtypes that a shift may have, the whole-number one keeps zeros."""
    first, *others = either.split("|")
    return others[0] if others and is_pruned else first

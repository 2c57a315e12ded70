"""A model's precision in a word, from what its manifest records of its weights."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from asrcompress.core.precision import FLOAT32, Dtype

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint

_NAMED_SHARE = 0.1  # of the weights; norms, biases and convolutions left in floats are fewer
_INTEGER = re.compile(r"u?q?int(\d+)")


def precision_of(checkpoint: Checkpoint, dtype: Dtype = FLOAT32) -> str:
    """For example 8-bit, 8-bit and float32, or float32; what most weights are in comes first.

    Of a graph for a runtime, by its layers; else by weights. dtype: what floats are computed in.
    """
    counts: Counter[str] = Counter()
    for form, count in _forms(checkpoint):
        bits = _INTEGER.match(form)
        counts[f"{bits[1]}-bit" if bits else dtype] += count
    total = counts.total()
    named = [word for word, count in counts.most_common() if count >= _NAMED_SHARE * total]
    return " and ".join(named) if named and total else dtype


def bits_of(checkpoint: Checkpoint) -> tuple[int, ...]:
    """The bits of weights that are stored as integers, fewest first; none for floats alone."""
    found = (_INTEGER.match(form) for form, count in _forms(checkpoint) if count)
    return tuple(sorted({int(bits[1]) for bits in found if bits}))


def _forms(checkpoint: Checkpoint) -> list[tuple[str, int]]:
    """Forms of weights with how many there are in each; none for a plain checkpoint."""
    manifest = checkpoint.manifest
    if manifest is None:
        return []
    if manifest.export is not None:
        return list(manifest.export.layers.items())
    if not manifest.is_quantised:
        return []
    return [(row.qtype, row.weights) for row in manifest.ledger.rows if row.tied_to is None]

"""What is found out about one layer's weight, for the ledger and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asrcompress.compress.magnitudes import Magnitudes, magnitudes_of
from asrcompress.core.ledger import HISTOGRAM_BINS, LayerAnalysis, Memberships

if TYPE_CHECKING:
    import torch

_CHUNK_WEIGHTS = 1 << 20  # below 2^24, up to which histc's float32 counts are whole numbers


def analyse(
    weight: torch.Tensor,
    memberships: Memberships | None = None,
    magnitudes: Magnitudes | None = None,
) -> LayerAnalysis:
    """Histogram and spread of a float32 weight; magnitudes, where known, are not found again."""
    known = magnitudes or magnitudes_of(weight)
    return LayerAnalysis(
        histogram=_histogram(weight, known.highest),
        max_abs=known.highest,
        median_abs=known.median,
        std_abs=known.std,
        memberships=memberships,
    )


def analyse_with_classes(weight: torch.Tensor) -> LayerAnalysis:
    """An analysis with the three fuzzy classes of set 1, which decide nothing about the layer."""
    from asrcompress.compress.fuzzy import FUZZY_SETS, three_classes

    magnitudes = magnitudes_of(weight)
    return analyse(weight, three_classes(weight, magnitudes, FUZZY_SETS[1]), magnitudes)


def _histogram(weight: torch.Tensor, max_abs: float) -> tuple[int, ...]:
    """Counts in HISTOGRAM_BINS equal bins from -max_abs to max_abs; all zeros: the middle one."""
    import torch

    counts = torch.zeros(HISTOGRAM_BINS, dtype=torch.int64)
    for chunk in torch.split(weight.reshape(-1), _CHUNK_WEIGHTS):
        scaled = chunk / max_abs if max_abs else chunk
        counts += scaled.histc(HISTOGRAM_BINS, min=-1, max=1).long()
    return tuple(counts.tolist())

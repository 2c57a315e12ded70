"""How a model's layers divide into classes."""

from __future__ import annotations

import pytest

from asrcompress.core.class_shares import ClassShares, class_shares
from asrcompress.core.ledger import FuzzyClass, LayerAnalysis, LedgerRow, Memberships


def _row(qtype: str, layer_class: FuzzyClass | None = None, low: float = 0.25) -> LedgerRow:
    analysis = LayerAnalysis(histogram=(0,) * 33, max_abs=1, median_abs=0.5, std_abs=0.25)
    if layer_class is not None:
        high = 1 - low
        found = Memberships(
            low=low, medium=0, high=high, alpha=0.5, beta=1, layer_class=layer_class
        )
        analysis = analysis.model_copy(update={"memberships": found})
    return LedgerRow(
        name="layer.weight",
        kind="Linear",
        shape_before=(2, 2),
        shape_after=(2, 2),
        qtype=qtype,
        sparsity=0.0,
        bytes_before=16,
        bytes_after=4,
        is_compressed=True,
        why="",
        analysis=analysis,
    )


def test_three_classes_by_hand() -> None:
    """Two of four layers low, pruned to 40 and 60 %: on average 50 %."""
    rows = [
        _row("qint8", "low", 0.4),
        _row("float32"),
        _row("qint4", "medium"),
        _row("qint8", "low", 0.6),
        _row("qint8", "high"),
    ]
    found = class_shares(rows)
    assert found == ClassShares(4, low=0.5, medium=0.25, high=0.25, pruning_rate=pytest.approx(0.5))


def test_two_classes_prune_nothing() -> None:
    """A third of the layers at 2 bits because they are low: no pruning rate."""
    rows = [_row("qint2", "low", 0.6), _row("qint4", "high"), _row("qint4", "high")]
    assert class_shares(iter(rows)) == ClassShares(
        3, low=pytest.approx(1 / 3), medium=0, high=pytest.approx(2 / 3), pruning_rate=None
    )


def test_layers_without_classes() -> None:
    """Nothing to say, rather than zeros."""
    assert class_shares([_row("qint8")]) is None
    assert class_shares([]) is None

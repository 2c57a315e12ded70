"""The ledger's totals: what was there, and what is left of it."""

from __future__ import annotations

import pytest

from asrcompress.core.ledger import Ledger, LedgerRow


def _row(before: tuple[int, ...], after: tuple[int, ...], sparsity: float = 0.0) -> LedgerRow:
    count = 1
    for size in after:
        count *= size
    return LedgerRow(
        name="layer.weight",
        kind="Linear",
        shape_before=before,
        shape_after=after,
        qtype="float32",
        sparsity=sparsity,
        bytes_before=4 * before[0] * before[1],
        bytes_after=4 * count,
        is_compressed=before != after,
        why="",
    )


def test_weights_are_those_that_are_left() -> None:
    """8 x 4 of 12 x 4, none of 6 x 4, and 5 x 2 as it was: 42 of 82; zeros are of the 42."""
    ledger = Ledger(
        rows=(
            _row((12, 4), (8, 4), sparsity=0.25),
            _row((6, 4), (0, 4)),
            _row((5, 2), (5, 2), sparsity=0.1),
        )
    )
    assert ledger.weights_before == 48 + 24 + 10
    assert ledger.weights == 32 + 0 + 10
    assert ledger.sparsity == pytest.approx((0.25 * 32 + 0.1 * 10) / 42)
    assert [row.is_removed for row in ledger.rows] == [False, True, False]
    assert ledger.rate == pytest.approx(82 / 42)


def test_nothing_left_is_no_division_by_zero() -> None:
    """All removed: no rate and no sparsity; a tensor that was empty before was not removed."""
    ledger = Ledger(rows=(_row((6, 4), (0, 0)),))
    assert ledger.weights == 0
    assert ledger.sparsity is None
    assert ledger.rate is None
    assert not _row((0, 4), (0, 4)).is_removed


def test_a_shared_tensor_counts_once() -> None:
    """Before as well as after."""
    own = _row((6, 4), (3, 4))
    ledger = Ledger(rows=(own, own.model_copy(update={"tied_to": own.name})))
    assert (ledger.weights_before, ledger.weights) == (24, 12)

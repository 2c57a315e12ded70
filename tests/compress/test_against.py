"""A learned model's ledger, told against the original's tensors."""

from __future__ import annotations

from typing import Any

from asrcompress.compress.against import against_original
from asrcompress.compress.entries import Entry
from asrcompress.compress.training.trained import Trained
from asrcompress.core.ledger import Ledger, LedgerRow


def _entry(key: str, shape: tuple[int, ...], alias_of: str | None = None) -> Entry:
    size = 4
    for width in shape:
        size *= width
    return Entry(key, key.rpartition(".")[0], "Linear", "weight", shape, size, alias_of)


def _row(name: str, shape: tuple[int, ...], **changes: Any) -> LedgerRow:
    size = 4
    for width in shape:
        size *= width
    values: dict[str, Any] = {
        "name": name,
        "kind": "Linear",
        "shape_before": shape,
        "shape_after": shape,
        "qtype": "float32",
        "sparsity": 0.0,
        "bytes_before": size,
        "bytes_after": size,
        "is_compressed": False,
        "why": "",
    }
    return LedgerRow(**{**values, **changes})


def _trained(origin: dict[str, str]) -> Trained:
    record: Any = None
    module: Any = None
    return Trained(module, record, origin=origin)


_BEFORE = (
    _entry("layers.0.weight", (4, 8)),
    _entry("layers.1.weight", (4, 8)),
    _entry("layers.2.weight", (4, 8)),
    _entry("norm.weight", (4,)),
    _entry("head.weight", (2, 4)),
    _entry("tied.weight", (2, 4), alias_of="head.weight"),
    _entry("gone.weight", (2, 2)),
    _entry("gone.alias", (2, 2), alias_of="gone.weight"),
)


def test_by_hand() -> None:
    """A row for each of the original's tensors: learned, cut, quantised, removed, or as it was."""
    learned = Ledger(
        rows=(
            _row("layers.0.weight", (4, 6)),
            _row(
                "layers.1.weight",
                (4, 8),
                qtype="qint8",
                bytes_after=48,
                is_compressed=True,
                why="8",
            ),
            _row("norm.weight", (4,), why="not a Linear"),
            _row("head.weight", (2, 4)),
            _row("tied.weight", (2, 4), bytes_before=0, bytes_after=0, tied_to="head.weight"),
            _row("new.weight", (3,)),
        )
    )
    trained = _trained({"layers.1.weight": "layers.2.weight"})
    found = against_original(learned, trained, _BEFORE, {"head.weight"})
    told = {
        row.name: (row.shape_before, row.shape_after, row.bytes_before, row.bytes_after, row.qtype)
        for row in found.rows
    }
    assert told == {
        "layers.0.weight": ((4, 8), (4, 6), 128, 96, "float32"),
        "layers.1.weight": ((4, 8), (0, 0), 128, 0, "removed"),
        "layers.2.weight": ((4, 8), (4, 8), 128, 48, "qint8"),
        "norm.weight": ((4,), (4,), 16, 16, "float32"),
        "head.weight": ((2, 4), (2, 4), 32, 32, "float32"),
        "tied.weight": ((2, 4), (2, 4), 0, 0, "float32"),
        "gone.weight": ((2, 2), (0, 0), 16, 0, "removed"),
        "gone.alias": ((2, 2), (0, 0), 0, 0, "removed"),
        "new.weight": ((3,), (3,), 12, 12, "float32"),
    }
    assert [row.name for row in found.rows] == [*(e.key for e in _BEFORE), "new.weight"]
    assert {row.name: row.why for row in found.rows} == {
        "layers.0.weight": "cut and learned",
        "layers.1.weight": "removed",
        "layers.2.weight": "learned; 8",
        "norm.weight": "learned",
        "head.weight": "as it was",
        "tied.weight": "learned",
        "gone.weight": "removed",
        "gone.alias": "removed",
        "new.weight": "",
    }
    compressed = {row.name for row in found.rows if row.is_compressed}
    assert compressed == {
        "layers.0.weight",
        "layers.1.weight",
        "layers.2.weight",
        "gone.weight",
        "gone.alias",
    }


def test_ties_have_the_originals_names() -> None:
    """A row that is tied to a tensor names it as the original does."""
    learned = Ledger(
        rows=(
            _row("layers.1.weight", (4, 8)),
            _row("tied.weight", (4, 8), bytes_before=0, bytes_after=0, tied_to="layers.1.weight"),
        )
    )
    before = (_entry("layers.2.weight", (4, 8)), _entry("tied.weight", (4, 8), "layers.2.weight"))
    found = against_original(learned, _trained({"layers.1.weight": "layers.2.weight"}), before, ())
    assert [(row.name, row.tied_to) for row in found.rows] == [
        ("layers.2.weight", None),
        ("tied.weight", "layers.2.weight"),
    ]
    assert [row.bytes_before for row in found.rows] == [128, 0]

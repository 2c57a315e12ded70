"""A ledger of a model that was learned, told against the original's tensors."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from asrcompress.compress.entries import Entry
from asrcompress.compress.training.trained import Trained
from asrcompress.core.ledger import Ledger, LedgerRow


def against_original(
    ledger: Ledger, trained: Trained, before: Sequence[Entry], unchanged: Collection[str]
) -> Ledger:
    """One row for each tensor of the original: what it was cut to, or that it is gone.

    unchanged: keys of the learned model whose values are the original's. A tensor of the learned
    model that the original has nothing of keeps its name, last.
    """
    originals = {entry.key: entry for entry in before}
    names = {row.name: trained.origin.get(row.name, row.name) for row in ledger.rows}
    rows = {names[row.name]: row for row in ledger.rows}
    same = {names.get(key, key) for key in unchanged}
    told = [
        _told(rows[key], entry, names, is_same=key in same) if key in rows else _removed(entry)
        for key, entry in originals.items()
    ]
    new = [row for name, row in rows.items() if name not in originals]
    return Ledger(rows=(*told, *new))


def _told(row: LedgerRow, entry: Entry, names: dict[str, str], *, is_same: bool) -> LedgerRow:
    is_cut = entry.shape != row.shape_before
    what = "cut and learned" if is_cut else "as it was" if is_same else "learned"
    after = row.why if row.is_compressed else ""  # why a later step left it alone says little here
    return row.model_copy(
        update={
            "name": entry.key,
            "shape_before": entry.shape,
            "bytes_before": 0 if row.tied_to else entry.memory_bytes,
            "is_compressed": row.is_compressed or is_cut,
            "tied_to": names.get(row.tied_to, row.tied_to) if row.tied_to else None,
            "why": "; ".join(filter(None, (what, after))),
        }
    )


def _removed(entry: Entry) -> LedgerRow:
    return LedgerRow(
        name=entry.key,
        kind=entry.kind,
        shape_before=entry.shape,
        shape_after=tuple(0 for _ in entry.shape),
        qtype="removed",
        sparsity=0.0,
        bytes_before=0 if entry.alias_of else entry.memory_bytes,
        bytes_after=0,
        is_compressed=True,
        why="removed",
        tied_to=entry.alias_of,
    )

"""What compression broke, in words: alignments with marks, and the worst of everything."""

from __future__ import annotations

from asrcompress.core.error_table import (
    AlignedWord,
    CellErrors,
    Confusion,
    ErrorTable,
    Flip,
    Operation,
)

INSERTED, DELETED = "(inserted)", "(deleted)"
_MARKS: dict[Operation, str] = {
    "equal": "{reference}",
    "substitute": "[{reference}{arrow}{hypothesis}]",
    "delete": "-{reference}-",
    "insert": "+{hypothesis}+",
}


def marked(word: AlignedWord, *, arrow: str = "->") -> str:
    """A place of an alignment: right, [said->heard], -missed-, +added+."""
    pair = {"reference": word.reference or "", "hypothesis": word.hypothesis or ""}
    return _MARKS[word.operation].format(**pair, arrow=arrow)


def excerpt(flip: Flip, *, context: int, most: int) -> list[AlignedWord | None]:
    """The alignment's errors with the words beside them, None where words are left out.

    context: right words kept on each side of an error. most: words in all.
    """
    wrong = [place for place, word in enumerate(flip.alignment) if word.operation != "equal"]
    near = {place for error in wrong for place in range(error - context, error + context + 1)}
    kept = sorted(near & set(range(len(flip.alignment))))[:most]
    words: list[AlignedWord | None] = []
    following = 0
    for place in kept:
        words += [None] if place > following else []
        words.append(flip.alignment[place])
        following = place + 1
    return words if following == len(flip.alignment) else [*words, None]


def pair_of(confusion: Confusion) -> tuple[str, str]:
    """A confusion's two words; the side that has none says why."""
    return (confusion.reference or INSERTED, confusion.hypothesis or DELETED)


def broken_cells(errors: ErrorTable) -> tuple[CellErrors, ...]:
    """The cells in which anything changed, in the table's order."""
    return tuple(
        cell
        for cell in errors.cells
        if cell.flips_total or cell.recoveries_total or cell.confusions
    )


def worst_flips(errors: ErrorTable, most: int) -> list[tuple[CellErrors, Flip]]:
    """The flips with the most errors over all cells, the worst first."""
    pairs = ((cell, flip) for cell in errors.cells for flip in cell.flips)
    return sorted(pairs, key=lambda pair: -pair[1].errors)[:most]


def worst_confusions(errors: ErrorTable, most: int) -> list[tuple[CellErrors, Confusion]]:
    """The confusions that compression added most often over all cells, the worst first."""
    pairs = ((cell, confusion) for cell in errors.cells for confusion in cell.confusions)
    return sorted(pairs, key=lambda pair: -pair[1].added)[:most]


def without_text(errors: ErrorTable) -> ErrorTable:
    """The counts alone: no transcript, no word and no utterance's name."""
    cells = (cell.model_copy(update={"flips": (), "confusions": ()}) for cell in errors.cells)
    return errors.model_copy(update={"cells": tuple(cells)})

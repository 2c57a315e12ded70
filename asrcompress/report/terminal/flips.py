"""The utterances that compression broke, word by word, and the words it takes for others."""

from __future__ import annotations

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from asrcompress.core.error_table import CellErrors, Flip, Operation
from asrcompress.report.console import Matrix, text
from asrcompress.report.flips import broken_cells, marked, pair_of
from asrcompress.report.view import View
from asrcompress.report.wording import count_of

_STYLES: dict[Operation, str] = {
    "equal": "",
    "substitute": "yellow",
    "delete": "red",
    "insert": "cyan",
}
_INDENT = 4


def flip_renderables(view: View, most: int) -> list[RenderableType]:
    """So many flips and confusions of each cell, worst first; none: nothing.

    Nothing either where nothing was compared, which the report says first.
    """
    if not (most and view.is_compared):
        return []
    cells = broken_cells(view.errors)
    if not cells:
        return [text(_reason(view))]
    key = text("Compressed models' errors: [said->heard], -missed-, +added+")
    return [key, *(part for cell in cells for part in _cell(cell, most))]


def _reason(view: View) -> str:
    if view.errors.cells:
        return "Compression changed no utterance from right to wrong or back."
    return "No errors are recorded beside these results: there is no errors.json."


def _cell(cell: CellErrors, most: int) -> list[RenderableType]:
    head = text(
        f"{cell.artefact} under {cell.condition}: "
        f"{count_of(cell.flips_total, 'utterance')} right with {cell.baseline} and wrong now, "
        f"{cell.recoveries_total} the other way",
        "bold",
    )
    parts: list[RenderableType] = [Text("\n").join([head, *_shown(cell, most)])]
    parts += [Padding(_flip(flip), (0, 0, 0, _INDENT), expand=False) for flip in cell.flips[:most]]
    return [*parts, *_confusions(cell, most)]


def _shown(cell: CellErrors, most: int) -> list[Text]:
    shown = min(most, len(cell.flips))
    return [text(f"the worst {shown}:")] if 0 < shown < cell.flips_total else []


def _flip(flip: Flip) -> Text:
    name = text(f"{flip.id} ({count_of(flip.errors, 'error')})", "dim")
    if not flip.alignment:
        return name
    words = [text(marked(word), _STYLES[word.operation]) for word in flip.alignment]
    return Text("\n").join([name, Text(" ").join(words)])


def _confusions(cell: CellErrors, most: int) -> list[Matrix]:
    rows = cell.confusions[:most]
    if not rows:
        return []
    said, heard = zip(*map(pair_of, rows), strict=True)
    columns = [
        ("times", [text(str(row.count)) for row in rows]),
        (cell.baseline, [text(str(row.baseline_count)) for row in rows]),
        ("added", [text(f"+{row.added}") for row in rows]),
    ]
    leads = [("said", said), ("heard", heard)]
    return [Matrix("words confused more often", leads, columns, names=len(leads))]

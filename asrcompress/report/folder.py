"""The files of a finished audit or evaluation, in one folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from asrcompress.core.error_table import ERRORS_NAME
from asrcompress.core.files import to_json, write_pieces, write_text
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GATES_NAME
from asrcompress.core.ledger_table import LEDGERS_NAME
from asrcompress.core.results import CELLS_NAME, COST_NAME, RESULTS_NAME, UTTERANCES_NAME
from asrcompress.core.speed import SPEED_NAME
from asrcompress.report import render
from asrcompress.report.utterances import Evaluations, KeptLines, utterance_lines

FIGURES_NAME = "figures.csv"
MARKDOWN_NAME = "report.md"
HTML_NAME = "report.html"
JUNIT_NAME = "junit.xml"
FILE_NAMES = (
    UTTERANCES_NAME,
    CELLS_NAME,
    FIGURES_NAME,
    ERRORS_NAME,
    COST_NAME,
    SPEED_NAME,
    GATES_NAME,
    LEDGERS_NAME,
    MARKDOWN_NAME,
    HTML_NAME,
    JUNIT_NAME,
    RESULTS_NAME,
)


def write_folder(folder: Path, found: Findings, evaluations: Evaluations | KeptLines) -> None:
    """Write all files, each whole or not at all; results.json last, as the sign of the end.

    What there is none of, as speed or verdicts for junit.xml, has no file, and one of an earlier
    run is removed. All but cost.json, speed.json, what is of gates and the pages are the same
    bytes for the same results. All texts are made before the first file is written, so a failure
    leaves the folder as it was; that file is utterances.jsonl, the only one that may be larger
    than the memory.

    Raises:
        OutputError: the folder cannot be written.
    """
    texts = {
        CELLS_NAME: render(found, "csv"),
        FIGURES_NAME: render(found, "figures"),
        ERRORS_NAME: _json(found.errors),
        COST_NAME: _json(found.costs),
        SPEED_NAME: _json(found.speed),
        GATES_NAME: _json(found.gates),
        LEDGERS_NAME: _json(found.ledgers),
        MARKDOWN_NAME: render(found, "markdown"),
        HTML_NAME: render(found, "html"),
        JUNIT_NAME: render(found, "junit") if _has_verdicts(found) else None,
        RESULTS_NAME: _json(found.results),
    }
    write_pieces(folder / UTTERANCES_NAME, utterance_lines(found.results, evaluations))
    for name, text in texts.items():
        if text is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_text(folder / name, text)


def _has_verdicts(found: Findings) -> bool:
    return found.gates is not None or any(cell.comparison for cell in found.results.cells)


def _json(model: BaseModel | None) -> str | None:
    return None if model is None else to_json(model.model_dump(mode="json"))

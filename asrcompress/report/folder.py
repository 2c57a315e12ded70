"""The files of a finished audit or evaluation, in one folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from asrcompress.core.error_table import ERRORS_NAME
from asrcompress.core.errors import OutputError
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
_STAGING_NAME = ".results.partial"
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
    bytes for the same results. All files are written before the first one gets its name, so a
    failure leaves the folder as it was. utterances.jsonl may be larger than the memory.

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
    with _staging(folder) as staging:
        write_pieces(staging / UTTERANCES_NAME, utterance_lines(found.results, evaluations))
        for name, text in texts.items():
            if text is not None:
                write_text(staging / name, text)
        _swap_in(staging, folder)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder for new files, so that a full disk leaves the old ones, all of one run."""
    place = folder / _STAGING_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)  # what a killed run left
        place.mkdir()
        yield place
    except OSError as error:
        raise OutputError("cannot write", where=folder, got=error.strerror) from None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _swap_in(staging: Path, folder: Path) -> None:
    """Put the new files in the place of the old; without results.json while it lasts."""
    (folder / RESULTS_NAME).unlink(missing_ok=True)
    for name in FILE_NAMES:
        if (staging / name).exists():
            os.replace(staging / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


def _has_verdicts(found: Findings) -> bool:
    return found.gates is not None or any(cell.comparison for cell in found.results.cells)


def _json(model: BaseModel | None) -> str | None:
    return None if model is None else to_json(model.model_dump(mode="json"))

"""The files of a finished audit or evaluation, in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.error_table import ERRORS_NAME, ErrorTable
from asrcompress.core.files import to_json, write_text
from asrcompress.core.results import (
    CELLS_NAME,
    COST_NAME,
    RESULTS_NAME,
    UTTERANCES_NAME,
    CostTable,
    Results,
)
from asrcompress.core.speed import SpeedTable
from asrcompress.report import render
from asrcompress.report.utterances import Evaluations, utterance_lines

FIGURES_NAME = "figures.csv"
MARKDOWN_NAME = "report.md"
HTML_NAME = "report.html"
FILE_NAMES = (
    UTTERANCES_NAME,
    CELLS_NAME,
    FIGURES_NAME,
    ERRORS_NAME,
    COST_NAME,
    MARKDOWN_NAME,
    HTML_NAME,
    RESULTS_NAME,
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found; speed None where it was not measured."""

    results: Results
    costs: CostTable
    errors: ErrorTable
    speed: SpeedTable | None = None


def write_folder(folder: Path, found: Findings, evaluations: Evaluations) -> None:
    """Write all eight files, each whole or not at all; results.json last, as the sign of the end.

    All but cost.json and the two pages are the same bytes for the same results. All texts are
    made before the first file is written, so a failure leaves the folder as it was.

    Raises:
        OutputError: the folder cannot be written.
    """
    results, costs = found.results, found.costs
    texts = {
        UTTERANCES_NAME: "".join(utterance_lines(results, evaluations)),
        CELLS_NAME: render(results, costs, "csv"),
        FIGURES_NAME: render(results, costs, "figures"),
        ERRORS_NAME: to_json(found.errors.model_dump(mode="json")),
        COST_NAME: to_json(costs.model_dump(mode="json")),
        MARKDOWN_NAME: _page(found, "markdown"),
        HTML_NAME: _page(found, "html"),
        RESULTS_NAME: to_json(results.model_dump(mode="json")),
    }
    for name, text in texts.items():
        write_text(folder / name, text)


def _page(found: Findings, format_name: str) -> str:
    return render(found.results, found.costs, format_name, found.errors, speed=found.speed)

"""Results as files in a new folder, the same from evaluate and from rescore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asrcompress.core.evaluation import Evaluation
    from asrcompress.core.gates import GateTable
    from asrcompress.evaluate import Outcome


def write_outcome(
    output: Path, outcome: Outcome, *, overwrite: bool, gates: GateTable | None = None
) -> None:
    """All files or none; with the checks of gates, where there are any.

    Raises:
        OutputError: the folder cannot be written, or exists and is not ours to replace.
    """
    from asrcompress.core.output import staged_folder
    from asrcompress.report import write

    evaluations = evaluations_of(outcome)
    with staged_folder(output, overwrite=overwrite) as folder:
        write(folder, replace(outcome.findings, gates=gates), evaluations)


def evaluations_of(outcome: Outcome) -> dict[tuple[str, str], Evaluation]:
    """The evaluations by artefact and condition."""
    cells = [(cell.artefact, cell.condition) for cell in outcome.results.cells]
    return dict(zip(cells, outcome.evaluations, strict=True))

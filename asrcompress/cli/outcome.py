"""Results as files in a new folder, the same from evaluate and from rescore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asrcompress.evaluate import Outcome


def write_outcome(output: Path, outcome: Outcome, *, overwrite: bool) -> None:
    """All files or none.

    Raises:
        OutputError: the folder cannot be written, or exists and is not ours to replace.
    """
    from asrcompress.core.output import staged_folder
    from asrcompress.report import write

    cells = [(cell.artefact, cell.condition) for cell in outcome.results.cells]
    evaluations = dict(zip(cells, outcome.evaluations, strict=True))
    with staged_folder(output, overwrite=overwrite) as folder:
        write(folder, outcome.findings, evaluations)

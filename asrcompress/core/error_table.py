"""errors.json: what compression broke, utterance by utterance and word by word."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.files import read_json
from asrcompress.core.places import Places
from asrcompress.core.validation import validated

ERRORS_NAME = "errors.json"

Operation = Literal["equal", "substitute", "delete", "insert"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AlignedWord(_Model):
    """One place of an alignment; the side that has no word there is None."""

    operation: Operation
    reference: str | None
    hypothesis: str | None


class Flip(_Model):
    """An utterance that the baseline got wholly right and the compressed model did not.

    `alignment` is of the compressed model's hypothesis with the reference, both normalised.
    """

    id: str
    text: str = Field(description="the raw reference")
    pred_text: str = Field(description="the compressed model's raw hypothesis")
    errors: int
    alignment: tuple[AlignedWord, ...]


class Confusion(_Model):
    """A pair of words and how often each model took the one for the other.

    reference None: inserted; hypothesis None: deleted.
    """

    reference: str | None
    hypothesis: str | None
    count: int = Field(description="of the compressed model")
    baseline_count: int

    @property
    def added(self) -> int:
        """How many more the compressed model made."""
        return self.count - self.baseline_count


class CellErrors(_Model):
    """One compressed artefact under one condition, against its baseline.

    The lists hold the worst ones, worst first; the totals count all.
    """

    artefact: str
    condition: str
    baseline: str
    flips_total: int
    recoveries_total: int = Field(description="wrong with the baseline, right when compressed")
    flips: tuple[Flip, ...] = ()
    confusions: tuple[Confusion, ...] = Field(
        default=(), description="those that the compressed model makes more often"
    )


class ErrorTable(_Model):
    """The whole of errors.json; deterministic."""

    schema_version: Literal[1] = 1
    cells: tuple[CellErrors, ...] = ()

    def cell(self, artefact: str, condition: str) -> CellErrors | None:
        """The errors of an artefact under a condition; None where there are none."""
        return _CELLS.of(self.cells).get((artefact, condition))


_CELLS: Places[CellErrors] = Places()


def read_errors(path: Path) -> ErrorTable:
    """The error table beside results (their folder or results.json); empty where there is none.

    Raises:
        InputError: it is not of its form.
    """
    file = path / ERRORS_NAME if path.is_dir() else path.with_name(ERRORS_NAME)
    if not file.is_file():
        return ErrorTable()
    return validated(ErrorTable, read_json(file), where=file, next_step="run the audit again")

"""results.json: everything a report is made of. Deterministic; timings live in cost.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Decoding, ErrorCounts
from asrcompress.core.files import read_json
from asrcompress.core.pivot import PivotTable
from asrcompress.core.places import Places
from asrcompress.core.validation import validated

RESULTS_NAME = "results.json"
COST_NAME = "cost.json"
UTTERANCES_NAME = "utterances.jsonl"
CELLS_NAME = "cells.csv"
SCHEMA_VERSION = 2


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassShareResult(_Model):
    """How many layers are in each class of importance, as fractions of them.

    pruning_rate: mean over the layers that were pruned for their class; None where none was.
    """

    low: float
    medium: float
    high: float
    pruning_rate: float | None


class ArtefactResult(_Model):
    """One model of the matrix: what it is and how large."""

    name: str
    model: str
    compression: str = Field(description="fp32, int8, prune30-global, ...")
    methods: tuple[dict[str, Any], ...] = Field(
        default=(), description="the methods with their parameters, as the manifest has them"
    )
    baseline: str | None = Field(
        default=None, description="the artefact it is compared with; None for a baseline itself"
    )
    sha256: str
    sizes: Sizes
    sparsity: float | None = None
    parameters: int | None = Field(
        default=None, description="weights of all tensors, those pruned to zero among them"
    )
    class_shares: ClassShareResult | None = Field(
        default=None, description="where layers were sorted into classes, from the ledger"
    )
    divergence: dict[str, float] | None = Field(
        default=None,
        description="of the posteriors from the original's on the calibration audio, in nats a "
        "frame or token, by condition; where the method measured it",
    )
    decoding: Decoding


class ConditionResult(_Model):
    """One condition of the matrix: its steps, and what was achieved."""

    name: str
    corpus: str
    corpus_sha256: str
    utterances: int
    audio_s: float | None
    steps: tuple[dict[str, Any], ...] = ()
    achieved_snr_db: Interval | None = Field(
        default=None, description="lowest and highest over the utterances; level is 1"
    )
    is_simulated: bool = Field(
        default=False, description="built-in noise or rooms: not comparable with DNS4 or OpenSLR"
    )


class GroupResult(_Model):
    """The counts of one subgroup of a cell, for example speaker = 17."""

    field: str
    value: str
    utterances: int
    words: ErrorCounts
    chars: ErrorCounts


class CellResult(_Model):
    """One artefact under one condition."""

    artefact: str
    condition: str
    utterances: int
    words: ErrorCounts
    chars: ErrorCounts
    wer_interval: Interval | None = None
    comparison: Comparison | None = None
    groups: tuple[GroupResult, ...] = ()


class MarginResult(_Model):
    """One artefact over several conditions together: a margin of the matrix.

    by noise_type: all SNRs of one type of noise; by snr_db: all types at one SNR; by room: one
    size of room without noise, or with noise pooled over its SNRs. The utterances of a recording
    under all of them are resampled together. Margins sum up cells that are tested already, so
    their Holm correction is over the `tests` margins of the results; a margin that is one whole
    cell has that cell's comparison.
    """

    artefact: str
    by: Literal["noise_type", "snr_db", "room"]
    value: str = Field(description="for example babble, 10 dB, small, small + noise 0..20 dB")
    conditions: tuple[str, ...]
    utterances: int = Field(description="of all the conditions, so that a recording counts often")
    words: ErrorCounts
    chars: ErrorCounts
    wer_interval: Interval | None = None
    comparison: Comparison | None = None


class PublishedFigure(_Model):
    """A figure from a paper, for a place in the matrix; without one of the two, for a margin.

    `noise_type`, `room` and `snr_db` place figures that a paper pools over the others; `group` is
    a subgroup's value, for a figure of a part of the corpus under that condition.
    """

    source: str = Field(description="where it is printed, for example Table 1")
    wer: float = Field(description="as a fraction")
    artefact: str
    condition: str | None = None
    group: str | None = None
    noise_type: str | None = None
    room: str | None = None
    snr_db: float | None = None


class Published(_Model):
    """What a paper reports for the same matrix, and where its set-up differs from this one."""

    paper: str
    figures: tuple[PublishedFigure, ...] = Field(min_length=1)
    differences: tuple[str, ...] = ()


class Results(_Model):
    """The whole of results.json."""

    schema_version: Literal[2] = 2
    title: str
    normaliser: str
    seed: int
    artefacts: tuple[ArtefactResult, ...] = Field(min_length=1)
    conditions: tuple[ConditionResult, ...]
    cells: tuple[CellResult, ...]
    margins: tuple[MarginResult, ...] = ()
    notes: tuple[str, ...] = ()
    published: Published | None = None
    tables: tuple[PivotTable, ...] = Field(
        default=(), description="tables in a paper's layout that reports add, from these results"
    )
    versions: dict[str, str]

    @property
    def baselines(self) -> tuple[str, ...]:
        """The artefacts that others are compared with: one for every model."""
        names = (row.baseline for row in self.artefacts if row.baseline is not None)
        return tuple(dict.fromkeys(names))

    @property
    def baseline(self) -> str | None:
        """The one baseline; None where there is none, or every model has its own."""
        return self.baselines[0] if len(self.baselines) == 1 else None

    def cell(self, artefact: str, condition: str) -> CellResult | None:
        """The cell of an artefact under a condition; None where there is none."""
        return _CELLS.of(self.cells).get((artefact, condition))


_CELLS: Places[CellResult] = Places()


class CostTable(_Model):
    """The whole of cost.json: timings of this machine by artefact name; they vary run to run."""

    schema_version: Literal[1] = 1
    costs: dict[str, Cost] = Field(default_factory=dict)


def read_results(path: Path) -> tuple[Results, CostTable]:
    """The results at a file or in its folder, with the costs beside them (empty if none).

    Raises:
        InputError: no results there, of another version, or not of their form.
    """
    file = path / RESULTS_NAME if path.is_dir() else path
    costs = file.with_name(COST_NAME)
    next_step = "give the folder or results.json that evaluate or audit wrote"
    found = read_json(file)
    _refuse_other_version(found, file)
    results = validated(Results, found, where=file, next_step=next_step)
    if not costs.is_file():
        return results, CostTable()
    return results, validated(CostTable, read_json(costs), where=costs, next_step=next_step)


def _refuse_other_version(found: object, file: Path) -> None:
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise InputError(
            "results of another version of asrcompress",
            where=file,
            got=f"schema_version {version}",
            expected=str(SCHEMA_VERSION),
            next_step="run evaluate or audit again",
        )

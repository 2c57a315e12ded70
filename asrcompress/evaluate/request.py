"""What `evaluate` is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import InputError
from asrcompress.core.precision import FLOAT32, dtype_of
from asrcompress.evaluate.batches import BatchPlan
from asrcompress.evaluate.intervals import MARGIN, REPLICATES
from asrcompress.evaluate.normalise import DEFAULT, normaliser_for
from asrcompress.evaluate.recording import check_chunk
from asrcompress.evaluate.speed_plan import SpeedOptions


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """One model, or two, on one corpus.

    model, baseline: a folder, bundled:model or a hub id. margin: absolute WER.
    max_batch_s: seconds of a batch with its padding. by: columns to break results down by, the
    short ones if empty. language: of a model that has several, such as Whisper. chunk_s: longer
    recordings are decoded in overlapping chunks; None leaves it to the model's runtime. speed:
    measure latency and throughput of all models in one run, from which the costs are then taken.

    Raises:
        InputError: a value out of its range, or an unknown normaliser.
    """

    model: str
    corpus: str | Path | Corpus
    baseline: str | None = None
    format_name: str | None = None
    normaliser: str = DEFAULT
    batch_size: int = 8
    max_batch_s: float = 60.0
    device: str = "cpu"
    threads: int | None = None
    seed: int = 0
    margin: float = MARGIN
    replicates: int = REPLICATES
    measure_cost: bool = True
    max_bad_files: int = 0
    by: tuple[str, ...] = ()
    trust_remote_code: bool = False
    language: str | None = None
    chunk_s: float | None = None
    dtype: str = FLOAT32
    compile: bool = False
    speed: SpeedOptions | None = None

    def __post_init__(self) -> None:
        normaliser_for(self.normaliser)
        _ = self.plan
        check_chunk(self.chunk_s)
        dtype_of(self.dtype)
        _check("margin", self.margin, at_least=0)
        _check("replicates", self.replicates, at_least=1)
        _check("max_bad_files", self.max_bad_files, at_least=0)
        if self.threads is not None:
            _check("threads", self.threads, at_least=1)

    @property
    def plan(self) -> BatchPlan:
        return BatchPlan(self.batch_size, self.max_batch_s)


def _check(name: str, value: float, *, at_least: int) -> None:
    if not value >= at_least:
        raise InputError(f"bad {name}", got=repr(value), expected=f"at least {at_least}")

"""A small hand-made matrix: 5 artefacts x 10 conditions, all numbers chosen by hand."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.evaluation import Decoding, ErrorCounts
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    CostTable,
    GroupResult,
    Results,
)
from tests.report import broken, wild

WORDS = 2400
CHARS = 12000
MARGIN = 0.005
# Errors of fp32 in 2400 words; each other artefact adds its own share under each condition.
BASE_ERRORS = {
    "clean": 96,
    "noise-20dB": 120,
    "noise-15dB": 168,
    "noise-10dB": 300,
    "noise-5dB": 660,
    "noise-0dB": 1320,
    "room-small": 144,
    "room-medium": 216,
    "room-small+noise-10dB": 420,
    "room-medium+noise-10dB": 600,
}
EXTRA_ERRORS = {"fp32": 0.0, "int8": 0.01, "int4": 0.12, "int2": 0.9, "prune30": 0.04}
SIZES = {
    "fp32": (377_600_000, 377_900_000, 349_000_000, 0.0),
    "int8": (104_800_000, 105_000_000, 93_100_000, 0.0),
    "int4": (61_200_000, 61_400_000, 52_900_000, 0.0),
    "int2": (37_600_000, 37_800_000, 30_000_000, 0.0),
    "prune30": (377_600_000, 377_900_000, 271_000_000, 0.28),
}
RTFX = {"fp32": 20.0, "int8": 19.0, "int4": 15.0, "int2": 14.0, "prune30": 20.0}


def counts(errors: int, n: int) -> ErrorCounts:
    """Errors as 60 % substitutions, 30 % deletions, the rest insertions."""
    s, d = errors * 6 // 10, errors * 3 // 10
    return ErrorCounts(s=s, d=d, i=errors - s - d, n=n)


def _artefact(name: str) -> ArtefactResult:
    memory, disk, zipped, sparsity = SIZES[name]
    return ArtefactResult(
        name=name,
        model=f"example/wav2vec2-base-960h-{name}",
        compression=name,
        baseline=None if name == "fp32" else "fp32",
        sha256=f"{len(name):064x}",
        sizes=Sizes(memory_bytes=memory, disk_bytes=disk, zipped_bytes=zipped),
        sparsity=sparsity,
        decoding=Decoding(
            recogniser="torch_ctc", device="cpu", threads=2, batch_plan="length-sorted, 8"
        ),
    )


def _condition(name: str) -> ConditionResult:
    steps = []
    for part in name.split("+"):
        kind, _, rest = part.partition("-")
        if kind == "room":
            steps.append({"effect": "reverb", "room": rest})
        elif kind == "noise":
            steps.append({"effect": "noise", "type": "babble", "snr_db": int(rest[:-2])})
    snr = [step["snr_db"] for step in steps if "snr_db" in step]
    return ConditionResult(
        name=name,
        corpus="test-other",
        corpus_sha256=f"{len(name):064x}",
        utterances=120,
        audio_s=843.25,
        steps=tuple(steps),
        achieved_snr_db=Interval(low=snr[0] - 0.004, high=snr[0] + 0.005, level=1) if snr else None,
        is_simulated="room" in name,
    )


def _cell(artefact: str, condition: str) -> CellResult:
    base = BASE_ERRORS[condition]
    added = round(base * EXTRA_ERRORS[artefact])
    words = counts(base + added, WORDS)
    wer, delta, half = (base + added) / WORDS, added / WORDS, 0.002 + 0.1 * added / WORDS
    error = half / NormalDist().inv_cdf(0.975)
    within = NormalDist().cdf((delta - MARGIN) / error)  # p <= 0.025 where the bound is within
    comparison = Comparison(
        baseline="fp32",
        delta_wer=delta,
        interval=Interval(low=delta - half, high=delta + half),
        standard_error=error,
        probability_of_improvement=0.5 if not added else 0.05,
        margin=MARGIN,
        p_non_inferior=within,
        p_inferior=1 - within,
        adjusted_p_non_inferior=within,
        adjusted_p_inferior=1 - within,
        tests=40,
        smallest_detectable=2.9 * error,
        block="speaker",
        blocks=33,
        replicates=10_000,
    )
    groups = tuple(
        GroupResult(
            field="gender",
            value=value,
            utterances=60,
            words=counts((base + added) // 2, WORDS // 2),
            chars=counts((base + added) // 2, CHARS // 2),
        )
        for value in ("f", "m")
    )
    return CellResult(
        artefact=artefact,
        condition=condition,
        utterances=120,
        words=words,
        chars=counts(base + added, CHARS),
        wer_interval=Interval(low=wer * 0.9, high=wer * 1.1),
        comparison=None if artefact == "fp32" else comparison,
        groups=groups,
    )


@pytest.fixture
def results() -> Results:
    """The matrix of 50 cells with fp32 as the baseline."""
    return Results(
        title="wav2vec2-base-960h on test-other",
        normaliser="basic-1",
        seed=17,
        artefacts=tuple(map(_artefact, SIZES)),
        conditions=tuple(map(_condition, BASE_ERRORS)),
        cells=tuple(_cell(artefact, name) for artefact in SIZES for name in BASE_ERRORS),
        notes=("Intervals resample speakers.",),
        versions={"python": "3.12.3", "torch": "2.9.0"},
    )


@pytest.fixture
def wild_results() -> Results:
    """Two models pruned and quantised, noises, rooms and both, a paper's figures beside them."""
    return wild.results()


@pytest.fixture
def wild_errors() -> ErrorTable:
    """What was broken in two cells of the wild results."""
    return broken.errors()


@pytest.fixture
def costs() -> CostTable:
    """Timings for all five artefacts: 100 s of audio at the RTFx above."""
    return CostTable(
        costs={
            name: Cost(
                device="cpu",
                threads=2,
                batch_size=8,
                audio_s=100.0,
                processing_s=100.0 / rtfx,
                load_s=1.5,
                memory_after_load_bytes=700_000_000,
                peak_memory_bytes=1_250_000_000,
            )
            for name, rtfx in RTFX.items()
        }
    )

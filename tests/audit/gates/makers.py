"""Small results made by hand, with everything that gates look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asrcompress.audit.gates import Gates, LoadedGates
from asrcompress.audit.gates.baseline import Baseline
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import ConditionResult, CostTable
from asrcompress.core.speed import Latency, Speed, SpeedTable, Throughput
from asrcompress.evaluate import ArtefactNote, Matrix, Statistics, summarise
from tests.evaluate.makers import evaluation, utterance

REPLICATES = 300
Cell = tuple[str, str]
# Of 20 utterances of 10 words: errors in each, so that the WER is their sum / 200.
ORIGINAL = [2, 0, 1, 1] * 5  # 20 errors, 10 %
ALIKE = [2, 0, 1, 1] * 5
WORSE = [4, 2, 3, 3] * 5  # 60 errors, 30 %
SIZES = {"fp32": 4_000_000, "int8": 1_000_000, "int4": 500_000}


def rows_of(errors: Sequence[int], *, n: int = 10) -> Evaluation:
    """An utterance for each number of errors; speakers a..d in turn, south and north likewise."""
    return evaluation(
        [
            utterance(
                f"u{place:02}",
                errors=count,
                n=n,
                speaker="abcd"[place % 4],
                accent="south" if place % 2 == 0 else "north",
                site="all",
            )
            for place, count in enumerate(errors)
        ]
    )


@dataclass
class Run:
    """Results with their evaluations, which count how often each is asked for."""

    found: Findings
    evaluations: Asked


@dataclass
class Asked(Mapping[Cell, Evaluation]):
    """Evaluations that remember what was asked for."""

    held: dict[Cell, Evaluation]
    asked: list[Cell] = field(default_factory=list)

    def __getitem__(self, cell: Cell) -> Evaluation:
        self.asked.append(cell)
        return self.held[cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


def run_of(errors: Mapping[Cell, Sequence[int]] | None = None, *, margin: float = 0.005) -> Run:
    """Results of these errors by artefact and condition; fp32 is the baseline, clean has no steps.

    Without errors: int8 like the original, int4 much worse under noise, in clean like it.
    """
    errors = errors or {
        ("fp32", "clean"): ORIGINAL,
        ("fp32", "noise"): ORIGINAL,
        ("int8", "clean"): ALIKE,
        ("int8", "noise"): ALIKE,
        ("int4", "clean"): ALIKE,
        ("int4", "noise"): WORSE,
    }
    held = {}
    for (artefact, condition), counts in errors.items():
        size = SIZES[artefact]
        sizes = Sizes(memory_bytes=2 * size, disk_bytes=size, zipped_bytes=size // 2)
        held[artefact, condition] = rows_of(counts).model_copy(update={"sizes": sizes})
    names = dict.fromkeys(artefact for artefact, _ in errors)
    conditions = dict.fromkeys(condition for _, condition in errors)
    matrix = Matrix(
        title="By hand",
        artefacts={name: ArtefactNote(compression=name) for name in names},
        conditions=tuple(_condition(name) for name in conditions),
        evaluations=held,
        baseline="fp32",
    )
    statistics = Statistics(margin=margin, replicates=REPLICATES, by=("accent", "speaker"))
    return Run(Findings(summarise(matrix, statistics)), Asked(held))


def _condition(name: str) -> ConditionResult:
    steps: tuple[dict[str, Any], ...] = () if name == "clean" else ({"effect": "noise"},)
    return ConditionResult(
        name=name, corpus="c", corpus_sha256=name, utterances=20, audio_s=20.0, steps=steps
    )


def cost(rtfx: float, peak_bytes: int) -> Cost:
    """Of 100 s of audio."""
    return Cost(
        device="cpu",
        threads=1,
        batch_size=1,
        audio_s=100.0,
        processing_s=100.0 / rtfx,
        load_s=1.0,
        memory_after_load_bytes=1,
        peak_memory_bytes=peak_bytes,
    )


def costs(**of: Cost) -> CostTable:
    """cost.json."""
    return CostTable(costs=of)


def speed(rtfx: Mapping[int, float], p50_ms: float, peak_bytes: int = 10) -> Speed:
    """RTFx by batch size; 3 s and 10 s take p50_ms and twice that, at p95 three times as long."""
    return Speed(
        runtime="torch",
        device="cpu",
        threads=1,
        precision="float32",
        load_s=1.0,
        memory_after_load_bytes=1,
        peak_memory_bytes=peak_bytes,
        sizes=Sizes(),
        latencies=tuple(
            Latency(audio_s=audio_s, runs=5, p50_ms=times * p50_ms, p95_ms=3 * times * p50_ms)
            for audio_s, times in ((3.0, 1), (10.0, 2))
        ),
        throughputs=tuple(
            Throughput(batch_size=batch, audio_s=100.0, rtfx=one) for batch, one in rtfx.items()
        ),
    )


def speeds(**of: Speed) -> SpeedTable:
    """speed.json."""
    return SpeedTable(machine="here", rounds=5, baseline="fp32", speeds=of)


def gates(*rules: Mapping[str, Any], committed: Baseline | None = None, **more: Any) -> LoadedGates:
    """Gates of these rules."""
    return LoadedGates("by hand", Gates.model_validate({"rules": list(rules), **more}), committed)

"""A made-up matrix in the form of Pimentel et al.: 2 models x 5 forms, noises, rooms, both.

Errors follow simple products, so that sums can be worked out by hand; every cell has 1000 words.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist
from typing import Any

from asrcompress.core.comparison import Comparison, Interaction, Interval, Mapsswe
from asrcompress.core.cost import Sizes
from asrcompress.core.evaluation import Decoding, ErrorCounts
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    GroupResult,
    MarginResult,
    Published,
    PublishedFigure,
    Results,
)

WORDS = 1000
LEVELS = (20, 10, 0)
TYPES = ("babble", "vehicle")
ROOMS = ("small", "medium")
MODELS = {"wav2vec2": 40, "robust": 32}  # errors in the clean
FORMS: dict[str, tuple[dict[str, Any], ...]] = {
    "fp32": (),
    "int8": ({"method": "quantize", "bits": 8},),
    "prune10": ({"method": "prune", "prune": 0.1, "scope": "global"},),
    "prune20": ({"method": "prune", "prune": 0.2, "scope": "global"},),
    "prune30": ({"method": "prune", "prune": 0.3, "scope": "global"},),
}
EXTRA = {"fp32": 0.0, "int8": 0.02, "prune10": 0.05, "prune20": 0.2, "prune30": 0.6}
LOUD = {None: 1, 20: 1.5, 10: 3, 0: 6}  # how much harder each SNR is
LARGE = {None: 1, "small": 1.25, "medium": 1.75}
HARD = {None: 1.0, "any": 1.0, "babble": 1.2, "vehicle": 0.8}
TESTS = 2 * 4 * 20
MARGIN = 0.01


def names() -> dict[str, tuple[dict[str, Any], ...]]:
    """The conditions by name, with their steps."""
    noise = {
        f"noise-{kind + '-' if kind else ''}{level}dB": (_noise(level, kind),)
        for kind in (None, *TYPES)
        for level in LEVELS
    }
    rooms = {f"room-{room}": ({"effect": "reverb", "room": room},) for room in ROOMS}
    both = {
        f"{room}+noise-{level}dB": (*steps, _noise(level, None))
        for room, steps in rooms.items()
        for level in LEVELS
    }
    codec = {"telephone": ({"effect": "opus", "bitrate_kbps": 12},)}
    clipped = {"clipped": ({"effect": "clip", "share": 0.05},)}
    return {"clean": (), **noise, **rooms, **both, **codec, **clipped}


def _noise(level: int, kind: str | None) -> dict[str, Any]:
    return {"effect": "noise", **({"type": kind} if kind else {}), "snr_db": float(level)}


def errors_in(artefact: str, steps: Iterable[dict[str, Any]]) -> int:
    """The errors of a cell: clean errors x room x noise x what compression adds."""
    model, form = artefact.split("/")
    level = kind = room = None
    for step in steps:
        level = step.get("snr_db", level)
        kind = step.get("type", kind)
        room = step.get("room", room)
    base = MODELS[model] * LOUD[level] * LARGE[room] * HARD[kind]
    return round(base * (1 + EXTRA[form] * (1 + LOUD[level] / 10)))


def counts(errors: int, n: int = WORDS) -> ErrorCounts:
    """Errors as 60 % substitutions, 30 % deletions, the rest insertions."""
    s, d = errors * 6 // 10, errors * 3 // 10
    return ErrorCounts(s=s, d=d, i=errors - s - d, n=n)


def compared(base: int, errors: int, n: int, *, tests: int, interaction: bool) -> Comparison:
    """Errors against the baseline's, with a standard error that grows with both."""
    delta, error = (errors - base) / n, 0.002 + 0.03 * (errors - base + 5) / n
    within = NormalDist().cdf((delta - MARGIN) / error)
    interval = Interval(low=delta - 1.96 * error, high=delta + 1.96 * error)
    return Comparison(
        baseline="fp32",
        delta_wer=delta,
        interval=interval,
        standard_error=error,
        probability_of_improvement=NormalDist().cdf(-delta / error),
        margin=MARGIN,
        p_non_inferior=within,
        p_inferior=1 - within,
        adjusted_p_non_inferior=min(1.0, 2 * within),
        adjusted_p_inferior=min(1.0, 2 * (1 - within)),
        tests=tests,
        smallest_detectable=2.8 * error,
        mapsswe=Mapsswe(
            segments=80, mean_difference=delta, p_value=NormalDist().cdf(-delta / error)
        ),
        interaction=Interaction(
            reference="clean",
            delta_wer=delta - 0.002,
            interval=Interval(low=interval.low - 0.004, high=interval.high),
        )
        if interaction
        else None,
        block="speaker",
        blocks=48,
        replicates=10_000,
    )


def _artefact(name: str) -> ArtefactResult:
    model, form = name.split("/")
    small = form == "int8"
    return ArtefactResult(
        name=name,
        model=f"example/{model}-large-960h",
        compression=form,
        methods=FORMS[form],
        baseline=None if form == "fp32" else f"{model}/fp32",
        sha256=f"{len(name):064x}",
        sizes=Sizes(
            memory_bytes=315_000_000 if small else 1_262_000_000,
            disk_bytes=354_500_000 if small else 1_262_000_000,
        ),
        sparsity=float(form[5:]) / 100 if form.startswith("prune") else 0.0,
        decoding=Decoding(
            recogniser="torch_ctc",
            device="cpu",
            threads=2,
            batch_plan="length-sorted, 8",
            chunk_s=30.0,
            chunked=2,
        ),
    )


def _cell(artefact: str, condition: str, steps: tuple[dict[str, Any], ...]) -> CellResult:
    model, form = artefact.split("/")
    errors, base = errors_in(artefact, steps), errors_in(f"{model}/fp32", steps)
    comparison = compared(base, errors, WORDS, tests=TESTS, interaction=condition != "clean")
    groups = tuple(
        GroupResult(
            field="accent",
            value=value,
            utterances=24,
            words=counts(errors // 2, WORDS // 2),
            chars=counts(errors // 2, 5 * WORDS // 2),
        )
        for value in ("north", "south")
    )
    return CellResult(
        artefact=artefact,
        condition=condition,
        utterances=48,
        words=counts(errors),
        chars=counts(errors, 5 * WORDS),
        wer_interval=Interval(low=0.9 * errors / WORDS, high=1.1 * errors / WORDS),
        comparison=None if form == "fp32" else comparison,
        groups=groups,
    )


def _margins(artefact: str) -> list[MarginResult]:
    found: dict[tuple[str, str], list[str]] = {}
    for name, steps in names().items():
        noise = next((step for step in steps if "snr_db" in step), None)
        room = next((step["room"] for step in steps if "room" in step), None)
        if noise and "type" in noise and not room:
            found.setdefault(("noise_type", noise["type"]), []).append(name)
            found.setdefault(("snr_db", f"{noise['snr_db']:g} dB"), []).append(name)
        if room:
            value = f"{room} + noise 0..20 dB" if noise else room
            found.setdefault(("room", value), []).append(name)
    return [_margin(artefact, by, value, rows) for (by, value), rows in found.items()]


def _margin(artefact: str, by: Any, value: str, conditions: list[str]) -> MarginResult:
    model, form = artefact.split("/")
    steps, n = names(), WORDS * len(conditions)
    errors = sum(errors_in(artefact, steps[name]) for name in conditions)
    base = sum(errors_in(f"{model}/fp32", steps[name]) for name in conditions)
    return MarginResult(
        artefact=artefact,
        by=by,
        value=value,
        conditions=tuple(conditions),
        utterances=48 * len(conditions),
        words=counts(errors, n),
        chars=counts(errors, 5 * n),
        wer_interval=Interval(low=0.95 * errors / n, high=1.05 * errors / n),
        comparison=None
        if form == "fp32"
        else compared(base, errors, n, tests=1, interaction=False),
    )


PUBLISHED = Published(
    paper="Pimentel et al. 2023",
    figures=(
        PublishedFigure(source="Section 3", wer=0.032, artefact="robust/fp32", condition="clean"),
        PublishedFigure(
            source="Section 3", wer=0.052, artefact="robust/int8", condition="room-medium"
        ),
        PublishedFigure(source="Table 1", wer=0.088, artefact="robust/fp32", noise_type="vehicle"),
        PublishedFigure(source="Table 1", wer=0.054, artefact="robust/fp32", noise_type="wind"),
        PublishedFigure(source="Figure 2a", wer=0.2, artefact="robust/prune30", snr_db=0),
        PublishedFigure(
            source="Section 3", wer=0.255, artefact="robust/prune30", room="medium", snr_db=0
        ),
        PublishedFigure(
            source="Section 3", wer=0.622, artefact="wav2vec2/prune30", room="not said", snr_db=0
        ),
    ),
    differences=(
        "The paper does not say which part of LibriSpeech it tests on.",
        "Noise in rooms is scored against the early speech here; the paper does not say.",
    ),
)


def results() -> Results:
    """The whole matrix, 10 artefacts under 20 conditions."""
    artefacts = [f"{model}/{form}" for model in MODELS for form in FORMS]
    return Results(
        title="Quantisation and pruning in the wild",
        normaliser="basic-1",
        seed=17,
        artefacts=tuple(map(_artefact, artefacts)),
        conditions=tuple(
            ConditionResult(
                name=name,
                corpus="test-clean",
                corpus_sha256=f"{len(name):064x}",
                utterances=48,
                audio_s=843.25,
                steps=steps,
            )
            for name, steps in names().items()
        ),
        cells=tuple(
            _cell(artefact, name, steps)
            for artefact in artefacts
            for name, steps in names().items()
        ),
        margins=tuple(margin for artefact in artefacts for margin in _margins(artefact)),
        notes=("Intervals resample 48 speakers.",),
        published=PUBLISHED,
        versions={"python": "3.12.3", "torch": "2.9.0"},
    )

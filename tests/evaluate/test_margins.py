"""Margins: which conditions are pooled, and that nothing is counted twice or lost."""

from __future__ import annotations

from typing import Any

import pytest

from asrcompress.core.evaluation import ErrorCounts, Evaluation
from asrcompress.core.results import ConditionResult, MarginResult, Results
from asrcompress.evaluate import ArtefactNote, Matrix, Statistics, summarise
from tests.evaluate.makers import evaluation, utterance

QUICK = Statistics(replicates=200)


def _noise(snr_db: float, kind: str | None = None, **more: Any) -> dict[str, Any]:
    return {"effect": "noise", "snr_db": snr_db, **({"type": kind} if kind else {}), **more}


def _reverb(room: str) -> dict[str, Any]:
    return {"effect": "reverb", "room": room}


def _condition(name: str, steps: tuple[dict[str, Any], ...]) -> ConditionResult:
    return ConditionResult(
        name=name, corpus="c", corpus_sha256="0" * 64, utterances=8, audio_s=8.0, steps=steps
    )


def _heard(errors: int, types: tuple[str, ...] = ()) -> Evaluation:
    """Eight utterances of ten words by four speakers; with types they meet them in turn."""
    met = [{"noise_type": types[place % len(types)]} if types else {} for place in range(8)]
    return evaluation(
        [utterance(f"{n}", errors=errors, n=10, speaker=f"s{n // 2}", **met[n]) for n in range(8)]
    )


def _results(steps: dict[str, tuple[dict[str, Any], ...]], types: tuple[str, ...] = ()) -> Results:
    """fp32 with 1, 2, 3, ... errors an utterance, condition by condition; int8 with one more."""
    evaluations = {
        (name, condition): _heard(place + (name == "int8"), types if found else ())
        for name in ("fp32", "int8")
        for place, (condition, found) in enumerate(steps.items(), start=1)
    }
    conditions = tuple(_condition(name, found) for name, found in steps.items())
    notes = {"fp32": ArtefactNote(), "int8": ArtefactNote("int8")}
    return summarise(Matrix("t", notes, conditions, evaluations, baseline="fp32"), QUICK)


def _by(results: Results, by: str, artefact: str = "fp32") -> dict[str, MarginResult]:
    return {one.value: one for one in results.margins if (one.by, one.artefact) == (by, artefact)}


TYPED = {
    "clean": (),
    "noise-babble-0dB": (_noise(0, "babble"),),
    "noise-babble-10dB": (_noise(10, "babble"),),
    "noise-music-0dB": (_noise(0, "music"),),
    "noise-music-10dB": (_noise(10, "music"),),
}


def test_noise_types_over_snrs() -> None:
    """Babble is conditions 2 and 3 of the matrix: 8 * (2 + 3) errors in 160 words."""
    found = _by(_results(TYPED), "noise_type")
    assert list(found) == ["babble", "music"]
    babble = found["babble"]
    assert babble.conditions == ("noise-babble-0dB", "noise-babble-10dB")
    assert babble.utterances == 16
    assert babble.words == ErrorCounts(s=40, n=160)
    assert babble.comparison is None


def test_snrs_over_types() -> None:
    found = _by(_results(TYPED), "snr_db")
    assert list(found) == ["0 dB", "10 dB"]
    assert found["10 dB"].conditions == ("noise-babble-10dB", "noise-music-10dB")
    assert found["10 dB"].words == ErrorCounts(s=8 * (3 + 5), n=160)


def test_comparison_of_a_margin() -> None:
    """One error more in ten words under every condition."""
    comparison = _by(_results(TYPED), "noise_type", "int8")["music"].comparison
    assert comparison is not None
    assert comparison.delta_wer == pytest.approx(0.1)
    assert (comparison.block, comparison.blocks) == ("speaker", 4)
    assert comparison.baseline == "fp32"


def test_margins_are_adjusted_among_themselves() -> None:
    """Two types and two SNRs are four tests; the least p-value is multiplied by four (Holm)."""
    margins = [one for one in _results(TYPED).margins if one.artefact == "int8"]
    found = [one.comparison for one in margins if one.comparison is not None]
    assert [one.tests for one in found] == [4] * 4
    least = min(found, key=lambda one: one.p_inferior)
    assert least.adjusted_p_inferior == pytest.approx(4 * least.p_inferior)


def test_a_margin_of_one_cell_has_its_verdict() -> None:
    """A number that is printed in two tables is judged once: over all cells, not as a sum."""
    steps = {
        "clean": (),
        "room-small": (_reverb("small"),),
        "room-small+noise-20dB": (_reverb("small"), _noise(20)),
        "room-small+noise-0dB": (_reverb("small"), _noise(0)),
    }
    results = _results(steps)
    found = _by(results, "room", "int8")
    cell = results.cell("int8", "room-small")
    assert cell is not None
    assert cell.comparison is not None
    assert cell.comparison.tests == 4
    assert found["small"].comparison == cell.comparison
    pooled = found["small + noise 0..20 dB"].comparison
    assert pooled is not None
    assert pooled.tests == 1


def test_types_that_the_utterances_met() -> None:
    """Conditions of any type are broken down by what each utterance met: half of them each."""
    steps = {"clean": (), "noise-0dB": (_noise(0),), "noise-10dB": (_noise(10),)}
    results = _results(steps, types=("music", "babble"))
    found = _by(results, "noise_type", "int8")
    assert list(found) == ["babble", "music"]
    assert found["babble"].utterances == 8
    assert found["babble"].words == ErrorCounts(s=4 * (3 + 4), n=80)
    assert found["babble"].comparison is not None
    assert _by(results, "snr_db") == {}  # each is a condition already


def test_rooms_alone_and_with_noise() -> None:
    steps = {
        "room-small": (_reverb("small"),),
        "room-large": (_reverb("large"),),
        "room-small+noise-20dB": (_reverb("small"), _noise(20)),
        "room-small+noise-0dB": (_reverb("small"), _noise(0)),
        "room-large+noise-5dB": (_reverb("large"), _noise(5)),
    }
    found = _by(_results(steps), "room")
    assert list(found) == [
        "small",
        "large",
        "small + noise 0..20 dB",
        "large + noise 5 dB",
    ]
    assert found["small + noise 0..20 dB"].words == ErrorCounts(s=8 * (3 + 4), n=160)


def test_other_effects_are_not_pooled() -> None:
    """Noise through a telephone is no noise-only condition."""
    codec = {"effect": "codec", "name": "amr"}
    steps = {
        "noise-babble-0dB": (_noise(0, "babble"),),
        "noise-babble-0dB+codec": (_noise(0, "babble"), codec),
        "codec": (codec,),
        "noise twice": (_noise(0, "babble"), _noise(0, "music")),
    }
    results = _results(steps)
    assert {one.conditions for one in results.margins} == {("noise-babble-0dB",)}


def test_a_missing_baseline_is_not_compared() -> None:
    """Where the baseline lacks a condition, the margin has its errors and no comparison."""
    conditions = tuple(_condition(name, steps) for name, steps in TYPED.items())
    evaluations = {("int8", name): _heard(2) for name in TYPED}
    evaluations["fp32", "noise-babble-0dB"] = _heard(1)
    notes = {"fp32": ArtefactNote(), "int8": ArtefactNote("int8")}
    matrix = Matrix("t", notes, conditions, evaluations, baseline="fp32")
    results = summarise(matrix, QUICK)
    assert _by(results, "noise_type", "int8")["babble"].comparison is None
    assert _by(results, "noise_type")["babble"].conditions == ("noise-babble-0dB",)
    assert "music" not in _by(results, "noise_type")

"""Sizes, memory, speed and regressions against limits worked out by hand; and no limit is odd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcompress.audit.gates import check
from asrcompress.audit.gates.baseline import Baseline, baseline_of, hash_of, read_baseline
from asrcompress.core.errors import InputError
from asrcompress.core.files import write_json
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateCheck, GateOutcome
from tests.audit.gates.makers import (
    ALIKE,
    ORIGINAL,
    WORSE,
    Run,
    cost,
    costs,
    gates,
    run_of,
    speed,
    speeds,
)

PASSED, FAILED, MISSING = GateOutcome.PASSED, GateOutcome.FAILED, GateOutcome.MISSING
RUN = run_of()


def of_int8(found: Findings, rule: dict[str, Any], committed: Baseline | None = None) -> Any:
    """The checks of a rule on int8."""
    loaded = gates({"artefacts": ["int8"], **rule}, committed=committed)
    return check(found, RUN.evaluations, loaded).checks


def outcome_of(found: Findings, rule: dict[str, Any], committed: Baseline | None = None) -> Any:
    """The outcome of its one check."""
    (one,) = of_int8(found, rule, committed)
    return one.outcome


@pytest.mark.parametrize(
    ("limits", "outcome", "value"),
    [
        ({"max_bytes": 1_000_000}, PASSED, 1_000_000),
        ({"max_bytes": 999_999}, FAILED, 1_000_000),
        ({"max_mb": 1.0}, PASSED, 1_000_000),
        ({"max_mb": 0.99}, FAILED, 1_000_000),
        ({"form": "memory", "max_mb": 2.0}, PASSED, 2_000_000),
        ({"form": "zipped", "max_mb": 0.5}, PASSED, 500_000),
        ({"min_rate": 4.0}, PASSED, 4.0),
        ({"min_rate": 4.01}, FAILED, 4.0),
    ],
)
def test_size(limits: dict[str, Any], outcome: GateOutcome, value: float) -> None:
    """int8 has 1,000,000 bytes on disk, twice that in memory, half zipped; fp32 four times."""
    (one,) = of_int8(RUN.found, {"metric": "size", **limits})
    assert (one.outcome, one.value, one.condition) == (outcome, value, None)


def test_two_limits_are_two_checks() -> None:
    """So that each says by itself what is wrong."""
    found = of_int8(RUN.found, {"metric": "size", "max_mb": 0.5, "min_rate": 2.0})
    assert [one.outcome for one in found] == [FAILED, PASSED]


@pytest.fixture
def timed() -> Findings:
    """fp32 at RTFx 10 with 100 MB, int8 at 8 with 90 MB."""
    table = costs(fp32=cost(10.0, 100_000_000), int8=cost(8.0, 90_000_000))
    return replace(RUN.found, costs=table)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"metric": "rtfx_ratio", "min": 0.79}, PASSED),
        ({"metric": "rtfx_ratio", "min": 0.81}, FAILED),
        ({"metric": "rtfx_ratio", "min": 0.1, "batch_size": 4}, MISSING),
        ({"metric": "memory", "max_mb": 90.0}, PASSED),
        ({"metric": "memory", "max_mb": 89.9}, FAILED),
        ({"metric": "memory", "max_ratio": 0.9}, PASSED),
        ({"metric": "memory", "max_ratio": 0.89}, FAILED),
        ({"metric": "latency_ratio", "max": 9.0}, MISSING),
    ],
)
def test_cost(timed: Findings, rule: dict[str, Any], outcome: GateOutcome) -> None:
    """From cost.json where no speed was measured in turns."""
    assert outcome_of(timed, rule) == outcome


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    [
        ({"metric": "rtfx_ratio", "min": 2.0}, [PASSED]),
        ({"metric": "rtfx_ratio", "min": 2.1}, [FAILED]),
        ({"metric": "rtfx_ratio", "min": 3.0, "batch_size": 1}, [PASSED]),
        ({"metric": "rtfx_ratio", "min": 1.0, "batch_size": 2}, [MISSING]),
        ({"metric": "memory", "max_ratio": 0.5}, [PASSED]),
        ({"metric": "latency_ratio", "max": 0.4}, [PASSED, PASSED]),
        ({"metric": "latency_ratio", "max": 0.39}, [FAILED, FAILED]),
        ({"metric": "latency_ratio", "max": 0.4, "percentile": "p95", "audio_s": 10}, [PASSED]),
        ({"metric": "latency_ratio", "max": 0.4, "audio_s": 30}, [MISSING]),
    ],
)
def test_speed_in_turns_goes_before_costs(
    timed: Findings, rule: dict[str, Any], outcomes: list[GateOutcome]
) -> None:
    """speed.json: at batch 8 RTFx 20 to 10, at batch 1 30 to 10; 40 ms to 100 ms; 5 to 10 bytes."""
    table = speeds(
        fp32=speed({8: 10.0, 1: 10.0}, 100.0, 10), int8=speed({8: 20.0, 1: 30.0}, 40.0, 5)
    )
    found = of_int8(replace(timed, speed=table), rule)
    assert [one.outcome for one in found] == outcomes


def test_regression_of_word_errors() -> None:
    """One error more in 200 words is half a point; without a tolerance it is too much."""
    before = baseline_of(RUN.found)
    later = run_of(
        {
            ("fp32", "clean"): ORIGINAL,
            ("int8", "clean"): [3, *ALIKE[1:]],
        }
    )

    def outcome(**tolerance: float) -> GateOutcome:
        rule = {"metric": "regression", "of": "wer", **tolerance}
        (one,) = check(later.found, later.evaluations, gates(rule, committed=before)).checks
        return one.outcome

    assert outcome() == FAILED
    assert outcome(absolute=0.0049) == FAILED
    assert outcome(absolute=0.0051) == PASSED
    assert outcome(relative=0.051) == PASSED  # of 10 %
    assert outcome(relative=0.049) == FAILED


def test_regression_utterance_by_utterance_is_a_test() -> None:
    """With every utterance's counts a rise is told with its uncertainty, as a loss is."""
    before = baseline_of(RUN.found, RUN.evaluations)
    later = run_of({("fp32", "clean"): ORIGINAL, ("int8", "clean"): WORSE})

    def held(run: Run, absolute: float) -> GateCheck:
        rule = {"metric": "regression", "of": "wer", "absolute": absolute}
        loaded = gates({**rule, "conditions": ["clean"]}, committed=before)
        return check(run.found, run.evaluations, loaded).checks[0]

    assert held(RUN, 0.1).outcome == PASSED
    assert held(RUN, 0.001).outcome == GateOutcome.INCONCLUSIVE
    worse = held(later, 0.05)
    assert worse.outcome == FAILED
    assert worse.value == pytest.approx(0.2)
    assert worse.interval is not None


def test_regression_of_costs(timed: Findings) -> None:
    """Sizes are compared to the byte, ratios and memory by what they were."""
    committed = baseline_of(timed)
    slower = replace(timed, costs=costs(fp32=cost(10.0, 10), int8=cost(6.0, 99_000_000)))
    regression = {"metric": "regression"}
    assert outcome_of(timed, {**regression, "of": "size"}, committed) == PASSED
    assert outcome_of(timed, {**regression, "of": "rtfx_ratio"}, committed) == PASSED
    assert outcome_of(slower, {**regression, "of": "rtfx_ratio"}, committed) == FAILED
    quarter = {**regression, "of": "rtfx_ratio", "relative": 0.26}  # 0.8 - 0.208
    assert outcome_of(slower, quarter, committed) == PASSED
    assert outcome_of(slower, {**regression, "of": "memory"}, committed) == FAILED
    tenth = {**regression, "of": "memory", "relative": 0.1}  # 90 + 9 MB
    assert outcome_of(slower, tenth, committed) == PASSED
    assert outcome_of(RUN.found, {**regression, "of": "memory"}, committed) == MISSING


def test_a_baseline_holds_no_texts_and_comes_back(tmp_path: Path) -> None:
    """Counts by the hash of an id; what is written is read back the same."""
    found = baseline_of(RUN.found, RUN.evaluations)
    file = tmp_path / "baseline.json"
    write_json(file, found.model_dump(mode="json", exclude_none=True))
    assert read_baseline(file) == found
    text = file.read_text()
    assert hash_of("u00") in text
    for private in ("u00", ".flac", '"text"', "pred_text"):
        assert private not in text
    assert "utterances" not in baseline_of(RUN.found).model_dump_json(exclude_none=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"normaliser": "none-1"}, "another normaliser"),
        ({"conditions": {"clean": "other", "noise": "noise"}}, "other audio under clean"),
        ({"conditions": {"room": "room"}}, "no condition in common"),
    ],
)
def test_a_baseline_of_something_else_is_refused(change: dict[str, Any], message: str) -> None:
    """Another corpus or normaliser would make every difference meaningless."""
    committed = baseline_of(RUN.found).model_copy(update=change)
    loaded = gates({"metric": "regression", "of": "size"}, committed=committed)
    with pytest.raises(InputError, match=message):
        check(RUN.found, RUN.evaluations, loaded)


LIMITS = {
    "wer": ("max", {}, False),
    "cer": ("max", {}, False),
    "dwer": ("absolute", {}, False),
    "interaction": ("max", {}, False),
    "size": ("max_mb", {}, False),
    "memory": ("max_mb", {}, False),
    "latency_ratio": ("max", {}, False),
    "rtfx_ratio": ("min", {}, True),
    "regression": ("absolute", {"of": "wer"}, False),
}
BETTER = {FAILED: 0, MISSING: 0, GateOutcome.INCONCLUSIVE: 1, PASSED: 2}
MEASURED = replace(
    RUN.found,
    costs=costs(**{name: cost(5.0 + place, 10**6) for place, name in enumerate(("fp32", "int4"))}),
    speed=speeds(fp32=speed({1: 2.0}, 3.0), int8=speed({1: 3.0}, 2.0), int4=speed({1: 1.0}, 4.0)),
)


@settings(max_examples=25, deadline=None)
@given(
    metric=st.sampled_from(sorted(LIMITS)),
    limits=st.tuples(st.floats(1e-3, 3.0), st.floats(1e-3, 3.0)),
)
def test_a_tighter_limit_never_helps(metric: str, limits: tuple[float, float]) -> None:
    """Whatever the metric, no check gets better when its limit is tightened."""
    key, more, is_least = LIMITS[metric]
    tight, loose = sorted(limits, reverse=is_least)
    found = [
        check(
            MEASURED,
            RUN.evaluations,
            gates({"metric": metric, key: limit, **more}, committed=baseline_of(MEASURED)),
        ).checks
        for limit in (tight, loose)
    ]
    for one, other in zip(*found, strict=True):
        assert BETTER[one.outcome] <= BETTER[other.outcome], (one, other)


def test_every_metric_is_in_that_test() -> None:
    """A new metric's file is found, and named here."""
    from asrcompress.audit.gates import metrics
    from asrcompress.core.registry import plugin_names

    assert set(plugin_names(metrics)) == set(LIMITS)

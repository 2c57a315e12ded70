"""Rules give the outcomes that hand-made counts call for, wherever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from asrcompress.audit.gates import Expected, check
from asrcompress.audit.gates.check import expected_of
from asrcompress.audit.gates.judgement import Judgement
from asrcompress.audit.gates.walk import Walk
from asrcompress.core.comparison import Interval, Verdict
from asrcompress.core.errors import ExitCode, NothingToEvaluateError
from asrcompress.core.gates import GateCheck, GateOutcome
from tests.audit.gates.makers import ALIKE, ORIGINAL, WORSE, Run, gates, run_of

PASSED, FAILED = GateOutcome.PASSED, GateOutcome.FAILED
INCONCLUSIVE, MISSING = GateOutcome.INCONCLUSIVE, GateOutcome.MISSING


@pytest.fixture(scope="module")
def run() -> Run:
    """int8 like the original, int4 much worse under noise."""
    return run_of()


def held(run: Run, *rules: dict[str, object]) -> tuple[GateCheck, ...]:
    """The checks of these rules."""
    return check(run.found, run.evaluations, gates(*rules)).checks


def outcomes(checks: Sequence[GateCheck]) -> list[GateOutcome]:
    return [one.outcome for one in checks]


@pytest.mark.parametrize(("most", "outcome"), [(0.1, PASSED), (0.0999, FAILED)])
def test_wer_estimate_is_held_to_the_limit_itself(
    run: Run, most: float, outcome: GateOutcome
) -> None:
    """20 errors in 200 words are 10 %: within 0.1, beyond 0.0999."""
    rule = {"metric": "wer", "max": most, "hold": "estimate", "artefacts": ["int8"]}
    (clean, noise) = held(run, rule)
    assert (clean.value, clean.limit, clean.outcome) == (0.1, most, outcome)
    assert (clean.condition, noise.condition) == ("clean", "noise")


@pytest.mark.parametrize(
    ("most", "outcome"),
    [(0.12, PASSED), (0.1199, INCONCLUSIVE), (0.08, INCONCLUSIVE), (0.07, FAILED)],
)
def test_wer_interval_passes_as_a_whole(run: Run, most: float, outcome: GateOutcome) -> None:
    """An interval of 8 to 12 % passes where it ends within, fails where it begins beyond."""
    interval = Interval(low=0.08, high=0.12)
    cells = tuple(
        cell.model_copy(update={"wer_interval": interval}) for cell in run.found.results.cells
    )
    results = run.found.results.model_copy(update={"cells": cells})
    rule = {"metric": "wer", "max": most, "artefacts": ["int8"], "conditions": ["clean"]}
    (one,) = check(replace(run.found, results=results), run.evaluations, gates(rule)).checks
    assert (one.outcome, one.interval) == (outcome, interval)


def test_default_is_every_artefact_with_a_baseline(run: Run) -> None:
    """fp32 is what others are compared with; a pattern finds it for rules that can hold it."""
    found = held(run, {"metric": "wer", "max": 1.0})
    assert [(one.artefact, one.condition) for one in found] == [
        ("int8", "clean"),
        ("int8", "noise"),
        ("int4", "clean"),
        ("int4", "noise"),
    ]
    named = held(run, {"metric": "wer", "max": 1.0, "artefacts": ["fp*"], "conditions": ["cl*"]})
    assert [(one.artefact, one.condition) for one in named] == [("fp32", "clean")]


@pytest.mark.parametrize(
    ("absolute", "relative", "margin"),
    [(0.005, 0.2, 0.02), (0.03, 0.2, 0.03), (0.005, None, 0.005), (None, 0.2, 0.02)],
)
def test_margin_is_the_larger_of_absolute_and_relative(
    run: Run, absolute: float | None, relative: float | None, margin: float
) -> None:
    """The original has 10 %: 0.2 of it are 2 points."""
    given = {"absolute": absolute, "relative": relative}
    found = held(run, {"metric": "dwer", **{k: v for k, v in given.items() if v is not None}})
    assert [one.limit for one in found] == pytest.approx([margin] * 4)


def test_the_same_margin_gives_the_verdicts_of_the_results() -> None:
    """Same resamples, same correction: passed, failed and inconclusive as in results.json."""
    between = [count + (place % 5 == 0) for place, count in enumerate(ORIGINAL)]
    run = run_of(
        {
            ("fp32", "clean"): ORIGINAL,
            ("fp32", "noise"): ORIGINAL,
            ("int8", "clean"): ALIKE,
            ("int8", "noise"): between,
            ("int4", "clean"): WORSE,
            ("int4", "noise"): WORSE,
        },
        margin=0.06,
    )
    found = held(run, {"metric": "dwer", "absolute": 0.06})
    as_verdicts = {
        Verdict.NON_INFERIOR: PASSED,
        Verdict.INFERIOR: FAILED,
        Verdict.INCONCLUSIVE: INCONCLUSIVE,
    }
    seen = set()
    for one in found:
        cell = run.found.results.cell(one.artefact, str(one.condition))
        assert cell is not None
        assert cell.comparison is not None
        assert one.outcome == as_verdicts[cell.comparison.verdict]
        assert (one.value, one.interval) == (cell.comparison.delta_wer, cell.comparison.interval)
        seen.add(one.outcome)
    assert seen == {PASSED, FAILED, INCONCLUSIVE}


def test_p_values_are_those_of_the_results() -> None:
    """At the results' margin a rule's own test is the comparison that is in them."""
    run = run_of(margin=0.03)
    walk = Walk(
        run.found, gates({"metric": "dwer", "absolute": 0.03}).gates.rules, expected_of(run.found)
    )
    tests = 0
    for one in walk.cells(run.evaluations):
        assert isinstance(one.judgement, Judgement)
        cell = run.found.results.cell(one.artefact, str(one.condition))
        assert cell is not None
        assert cell.comparison is not None
        assert one.judgement.test is not None
        assert one.judgement.test.p_non_inferior == cell.comparison.p_non_inferior
        assert one.judgement.test.p_inferior == cell.comparison.p_inferior
        tests += 1
    assert tests == 4


def test_more_tests_need_more_evidence(run: Run) -> None:
    """Holm: no change in 100 words has p 0.011 at 5 points (score test), eight times 0.088."""
    alone = {"metric": "dwer", "absolute": 0.05, "artefacts": ["int8"], "conditions": ["clean"]}
    (one,) = held(run, {**alone, "by": "accent", "values": ["south"]})
    assert one.outcome == PASSED
    assert "tests" not in one.words
    rules = [{**alone, "name": f"n{n}", "by": "accent", "values": ["south"]} for n in range(8)]
    together = held(run, *rules)
    assert set(outcomes(together)) == {INCONCLUSIVE}
    assert all("over 8 tests" in one.words for one in together)


def test_subgroups_have_their_own_counts(run: Run) -> None:
    """Under noise int4 makes 35 of its 60 errors on the 100 words of the south, 25 in the north."""
    rule = {"metric": "wer", "max": 0.3, "by": "accent", "hold": "estimate", "artefacts": ["int4"]}
    found = held(run, {**rule, "conditions": ["noise"]})
    assert [(one.field, one.group, one.value, one.outcome) for one in found] == [
        ("accent", "north", 0.25, PASSED),
        ("accent", "south", 0.35, FAILED),
    ]
    assert found[0].place == "int4 under noise, accent = north"


def test_a_subgroup_of_everyone_is_the_whole_cell(run: Run) -> None:
    """site is the same for all: its figures and intervals are those of the results."""
    rules = [
        {"metric": "wer", "max": 0.2},
        {"metric": "dwer", "absolute": 0.1},
        {"metric": "interaction", "max": 0.1},
        {"metric": "cer", "max": 0.2},
    ]
    for rule in rules:
        whole = held(run, {**rule, "artefacts": ["int4"], "conditions": ["noise"]})
        parts = held(run, {**rule, "artefacts": ["int4"], "conditions": ["noise"], "by": "site"})
        assert [one.group for one in parts] == ["all"]
        for one, other in zip(whole, parts, strict=True):
            assert (one.value, one.interval) == (other.value, other.interval)
            assert one.outcome == other.outcome


def test_few_words_cannot_tell(run: Run) -> None:
    """Below min_words a subgroup is inconclusive, and says how many words it has."""
    rule = {"metric": "wer", "max": 1.0, "by": "speaker", "values": ["a"], "min_words": 51}
    (one, *_) = held(run, {**rule, "artefacts": ["int8"]})
    assert (one.outcome, one.words) == (INCONCLUSIVE, "50 reference words, fewer than 51")
    (one, *_) = held(run, {**rule, "artefacts": ["int8"], "min_words": 50, "hold": "estimate"})
    assert one.outcome == PASSED


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "wer", "max": 1.0, "artefacts": ["int2"]},
        {"metric": "wer", "max": 1.0, "artefacts": ["int2*"]},
        {"metric": "dwer", "absolute": 1.0, "artefacts": ["fp*"]},
        {"metric": "dwer", "absolute": 1.0, "artefacts": ["fp32"]},
        {"metric": "wer", "max": 1.0, "conditions": ["room"]},
        {"metric": "wer", "max": 1.0, "by": "dialect"},
        {"metric": "wer", "max": 1.0, "by": "accent", "values": ["west"]},
        {"metric": "interaction", "max": 1.0, "conditions": ["clean"]},
        {"metric": "rtfx_ratio", "min": 0.1},
        {"metric": "memory", "max_mb": 1e6},
        {"metric": "latency_ratio", "max": 100.0},
    ],
)
def test_what_is_not_there_is_missing(run: Run, rule: dict[str, object]) -> None:
    """A name, a subgroup or a figure that the results lack is no pass, and ends in 3."""
    table = check(run.found, run.evaluations, gates(rule))
    assert set(outcomes(table.checks)) == {MISSING}
    assert not any("None" in one.place for one in table.checks)
    assert table.exit_code == ExitCode.INTERNAL


def test_a_missing_cell_is_missing() -> None:
    """Of what was to be there, or has no baseline there, nothing can be said."""
    run = run_of(
        {
            ("fp32", "clean"): ORIGINAL,
            ("int8", "clean"): ALIKE,
            ("int8", "noise"): ALIKE,
        }
    )
    expected = Expected({"fp32": None, "int8": "fp32", "int4": "fp32"}, ("clean", "noise"))
    rules = gates({"metric": "dwer", "absolute": 0.1}, {"metric": "size", "max_mb": 100.0})
    table = check(run.found, run.evaluations, rules, expected)
    assert [(one.metric, one.artefact, one.condition, one.outcome) for one in table.checks] == [
        ("dwer", "int8", "clean", PASSED),
        ("dwer", "int8", "noise", MISSING),
        ("dwer", "int4", "clean", MISSING),
        ("dwer", "int4", "noise", MISSING),
        ("size", "int8", None, PASSED),
        ("size", "int4", None, MISSING),
    ]


def test_interaction_is_the_loss_beyond_cleans(run: Run) -> None:
    """int4 loses 20 points under noise and none in clean."""
    (one,) = held(run, {"metric": "interaction", "max": 0.1, "artefacts": ["int4"]})
    assert (one.condition, one.outcome) == ("noise", FAILED)
    assert one.value == pytest.approx(0.2)


def test_each_evaluation_is_asked_for_once(run: Run) -> None:
    """So that a large matrix is read once; and not at all where the results say everything."""
    run.evaluations.asked.clear()
    held(run, {"metric": "dwer", "absolute": 0.1}, {"metric": "wer", "max": 1.0, "by": "accent"})
    assert sorted(run.evaluations.asked) == sorted(run.evaluations.held)
    run.evaluations.asked.clear()
    held(run, {"metric": "wer", "max": 1.0}, {"metric": "size", "max_mb": 9.0})
    assert run.evaluations.asked == []


def test_exit_codes_follow_the_worst_outcome(run: Run) -> None:
    """0 passed, 1 failed, 4 inconclusive unless that passes, 3 missing."""
    passed = {"metric": "wer", "max": 1.0}
    failed = {"metric": "wer", "max": 0.01, "hold": "estimate"}
    unclear = {"metric": "wer", "max": 0.1, "artefacts": ["int8"]}
    missing = {"metric": "memory", "max_mb": 1.0}

    def code(*rules: dict[str, object], inconclusive: str = "stop") -> ExitCode:
        held_to = gates(*rules, inconclusive=inconclusive)
        return check(run.found, run.evaluations, held_to).exit_code

    assert code(passed) == ExitCode.PASS
    assert code(passed, unclear) == ExitCode.INCONCLUSIVE
    assert code(passed, unclear, inconclusive="pass") == ExitCode.PASS
    assert code(passed, unclear, failed) == ExitCode.GATE_FAILED
    assert code(passed, unclear, failed, missing) == ExitCode.INTERNAL


def test_results_without_a_cell_are_nothing_to_check(run: Run) -> None:
    """Rules about nothing at all do not pass."""
    empty = run.found.results.model_copy(update={"cells": (), "artefacts": (), "conditions": ()})
    with pytest.raises(NothingToEvaluateError, match="no cell"):
        check(replace(run.found, results=empty), {}, gates({"metric": "wer", "max": 1.0}))

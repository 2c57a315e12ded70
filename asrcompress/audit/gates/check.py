"""Rules held against what a run found: every check, and the correction for many tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asrcompress.audit.gates.baseline import Baseline, check_same_recordings
from asrcompress.audit.gates.evidence import Evaluations
from asrcompress.audit.gates.gates import Gates
from asrcompress.audit.gates.judgement import Judgement
from asrcompress.audit.gates.places import Expected
from asrcompress.audit.gates.rule import Rule
from asrcompress.audit.gates.walk import Checked, Walk
from asrcompress.core.errors import NothingToEvaluateError
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateCheck, GateTable


@dataclass(frozen=True, slots=True)
class LoadedGates:
    """Gates with the place they are from, and the baseline file that they name."""

    source: str
    gates: Gates
    committed: Baseline | None = None


def check(
    found: Findings,
    evaluations: Evaluations,
    loaded: LoadedGates,
    expected: Expected | None = None,
) -> GateTable:
    """Every rule held against every place it is about.

    evaluations: of the results' cells. Each is asked for once, and only where a rule needs more
    than the results; none is kept but those under the clean condition, for rules of subgroups
    beside it. expected: the matrix as it was planned; None takes what the results have.

    Raises:
        NothingToEvaluateError: the results have not a single cell.
        InputError: the baseline file is of other recordings.
    """
    if not found.results.cells:
        raise NothingToEvaluateError("no cell to hold gates against", where=found.results.title)
    if loaded.committed is not None:
        check_same_recordings(loaded.committed, found, loaded.source)
    rules = loaded.gates.rules
    walk = Walk(found, rules, expected or expected_of(found), loaded.committed)
    checked = [*walk.unmatched(), *walk.artefacts(), *walk.cells(evaluations)]
    return GateTable(
        source=loaded.source,
        inconclusive_passes=loaded.gates.inconclusive == "pass",
        checks=tuple(
            _table_row(*one, rules[one[0].rule]) for one in _settled(walk.in_order(checked), rules)
        ),
    )


def expected_of(found: Findings) -> Expected:
    """The matrix of the results themselves."""
    results = found.results
    return Expected(
        {row.name: row.baseline for row in results.artefacts},
        tuple(row.name for row in results.conditions),
    )


def _settled(checked: Sequence[Checked], rules: Sequence[Rule]) -> list[tuple[Checked, Judgement]]:
    """With the outcomes of all tests, after Holm's correction over those of one metric."""
    from asrcompress.evaluate.holm import holm

    judged = [one.judgement for one in checked if isinstance(one.judgement, Judgement)]
    metrics = [rules[one.rule].metric for one in checked]
    for metric in dict.fromkeys(metrics):
        tests = [
            (place, test)
            for place, one in enumerate(judged)
            if metrics[place] == metric and (test := one.test) is not None
        ]
        within = holm([test.p_non_inferior for _, test in tests])
        beyond = holm([test.p_inferior for _, test in tests])
        for rank, (place, _) in enumerate(tests):
            judged[place] = judged[place].settled(within[rank], beyond[rank], len(tests))
    return list(zip(checked, judged, strict=True))


def _table_row(one: Checked, judgement: Judgement, rule: Rule) -> GateCheck:
    return GateCheck(
        gate=rule.title,
        metric=rule.metric,
        artefact=one.artefact,
        condition=one.condition,
        field=one.field,
        group=one.group,
        outcome=judgement.outcome,
        value=judgement.value,
        interval=judgement.interval,
        limit=judgement.limit,
        words=judgement.words,
    )

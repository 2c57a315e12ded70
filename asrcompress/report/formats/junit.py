"""JUnit XML for the test pages of GitHub, GitLab and Jenkins: a suite for each artefact.

With gates a case for each check: failed and inconclusive ones are failures (of type "failed" and
"inconclusive"), those without a figure errors; where the rules let inconclusive ones pass, they
are skipped. Without gates a case for each compared cell: inferior ones are failures, inconclusive
ones skipped, and what was not run or compared an error. Nothing took any time: `time` is there
because readers count with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from asrcompress.core.comparison import Verdict
from asrcompress.core.errors import one_line
from asrcompress.core.gates import GateCheck, GateOutcome, GateTable
from asrcompress.core.results import CellResult
from asrcompress.report.view import ArtefactRow, ConditionRow, View
from asrcompress.report.wording import MEANINGS, points, points_interval

_Ending = Literal["passed", "failure", "error", "skipped"]
_COUNTED: dict[_Ending, str] = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OF_CHECKS: dict[GateOutcome, _Ending] = {
    GateOutcome.PASSED: "passed",
    GateOutcome.FAILED: "failure",
    GateOutcome.INCONCLUSIVE: "failure",
    GateOutcome.MISSING: "error",
}
_OF_VERDICTS: dict[Verdict, _Ending] = {
    Verdict.NON_INFERIOR: "passed",
    Verdict.INFERIOR: "failure",
    Verdict.INCONCLUSIVE: "skipped",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """One test; kind: the type of a failure or an error."""

    suite: str
    name: str
    ending: _Ending
    kind: str
    words: str


def render(view: View) -> str:
    """The document; it has no case where nothing was checked or compared."""
    cases = _checks(view.gates) if view.gates else _verdicts(view)
    suites: dict[str, list[_Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    every = [case for members in suites.values() for case in members]
    root = Xml.Element("testsuites", _attributes(view.results.title, every))
    for name, members in suites.items():
        suite = Xml.SubElement(root, "testsuite", _attributes(name, members))
        for case, unique in zip(members, _unique(members), strict=True):
            _add(suite, case, unique)
    Xml.indent(root)
    return _DECLARATION + Xml.tostring(root, encoding="unicode") + "\n"


def _attributes(name: str, cases: list[_Case]) -> dict[str, str]:
    counts = Counter(case.ending for case in cases)
    totals = {word: str(counts[ending]) for ending, word in _COUNTED.items()}
    return {"name": _legal(name), "tests": str(len(cases)), **totals, "time": "0"}


def _unique(cases: list[_Case]) -> Iterator[str]:
    """The cases' names, the second of its name with a number: readers tell cases by names."""
    seen: Counter[str] = Counter()
    for case in cases:
        name = _legal(case.name)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _add(suite: Xml.Element, case: _Case, name: str) -> None:
    place = {"classname": _legal(case.suite), "name": name, "time": "0"}
    element = Xml.SubElement(suite, "testcase", place)
    words = _legal(case.words)
    if case.ending == "passed":
        Xml.SubElement(element, "system-out").text = words
    elif case.ending == "skipped":
        Xml.SubElement(element, "skipped", {"message": words})
    else:
        what = {"message": words, "type": case.kind}
        Xml.SubElement(element, case.ending, what).text = words


def _legal(text: str) -> str:
    """One line of characters that XML 1.0 allows: what cannot be printed is replaced."""
    return one_line(text)


def _checks(table: GateTable) -> Iterator[_Case]:
    for check in table.checks:
        ending = _OF_CHECKS[check.outcome]
        if check.outcome is GateOutcome.INCONCLUSIVE and table.inconclusive_passes:
            ending = "skipped"
        yield _Case(check.artefact, _check_name(check), ending, check.outcome.value, check.words)


def _check_name(check: GateCheck) -> str:
    under = "" if check.condition is None else f" under {check.condition}"
    among = "" if check.field is None else f", {check.field} = {check.group}"
    return f"{check.gate}{under}{among}"


def _verdicts(view: View) -> Iterator[_Case]:
    for index, artefact in enumerate(view.artefacts):
        if artefact.result.baseline is not None:
            for condition in view.conditions:
                yield _verdict(artefact, condition, condition.cells[index])


def _verdict(artefact: ArtefactRow, condition: ConditionRow, cell: CellResult | None) -> _Case:
    name = f"dWER to {artefact.result.baseline} under {condition.name}"
    if cell is None:
        return _Case(artefact.name, name, "error", "missing", "not run")
    found = cell.comparison
    if found is None:
        return _Case(artefact.name, name, "error", "missing", "not compared")
    words = (
        f"dWER {points(found.delta_wer)} points {points_interval(found.interval)}, margin "
        f"{points(found.margin)}: {MEANINGS[found.verdict]}"
    )
    return _Case(artefact.name, name, _OF_VERDICTS[found.verdict], found.verdict.value, words)

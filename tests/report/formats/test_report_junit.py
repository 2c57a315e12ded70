"""JUnit XML: the shape that readers agree on, right counts, nothing illegal."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateTable
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render
from tests.report import gates

# What Jenkins' junit-10.xsd and the readers of GitHub and GitLab need of each element.
NEEDED = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Results, table: GateTable | None) -> Xml.Element:
    """The document of these findings, read back and checked."""
    text = render(Findings(results, CostTable(), gates=table), "junit")
    assert not ILLEGAL.search(text)
    root = Xml.fromstring(text.encode("utf-8"))
    check_shape(root)
    return root


def check_shape(element: Xml.Element) -> None:
    """Known elements in their places with all their attributes, and counts that add up."""
    assert set(element.attrib) == NEEDED[element.tag]
    for child in element:
        assert child.tag in CHILDREN[element.tag]
        check_shape(child)
    if element.tag in ("testsuites", "testsuite"):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(element.attrib[name]) == sum(case.find(tag) is not None for case in cases)
        names = [(case.get("classname"), case.get("name")) for case in cases]
        assert len({*names}) == len(names)
    if element.tag == "testcase":
        assert len(element) == 1


def test_each_outcome_is_what_its_reader_calls_it(results: Results) -> None:
    """2 failed and 1 inconclusive are failures, 1 missing an error, 3 passed; a suite a model."""
    root = junit(results, gates.table())
    assert [suite.get("name") for suite in root] == ["int8", "int4", "prune30"]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == list("7310")
    failures = [(row.get("type"), row.get("message")) for row in root.iter("failure")]
    words = "dWER -0.42 points [-1.00 to +0.16], at most 0.5 points"
    assert failures == [("inconclusive", words), ("failed", words), ("failed", words)]
    error = next(root.iter("error"))
    assert (error.get("type"), error.text) == ("missing", "speed was not measured")
    names = [case.get("name") for case in root.iter("testcase") if case.get("classname") == "int4"]
    assert names == [
        "dWER within 0.5 points under clean",
        "dWER within 0.5 points under noise-5dB",
        "dWER within 0.5 points under noise-5dB, accent = south",
        "size",
    ]


def test_what_may_be_inconclusive_is_skipped(results: Results) -> None:
    """The job's page is green exactly where the exit code is 0."""
    table = gates.without("failed", "missing", inconclusive_passes=True)
    root = junit(results, table)
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == list("4001")
    assert table.exit_code == 0


def test_without_gates_the_verdicts_are_the_cases(results: Results) -> None:
    """A case for each of 40 compared cells; one that was not run is an error."""
    verdicts = [row.comparison.verdict.value for row in results.cells if row.comparison]
    root = junit(results, None)
    assert root.get("tests") == "40"
    assert root.get("failures") == str(verdicts.count("inferior"))
    assert root.get("skipped") == str(verdicts.count("inconclusive"))
    assert root.get("errors") == "0"
    holes = results.model_copy(update={"cells": results.cells[:-1]})
    (error,) = junit(holes, None).iter("error")
    assert error.get("message") == "not run"


def test_nothing_compared_is_no_case(results: Results) -> None:
    """One model alone: a document that readers take, without a case."""
    alone = results.model_copy(
        update={"artefacts": results.artefacts[:1], "cells": results.cells[:10]}
    )
    assert junit(alone, None).get("tests") == "0"


@pytest.mark.parametrize(
    "name",
    ["\x00\x1b[2J\x9b", "\ud800", "\ufffe\uffff", "]]>&<failure/>\"'", "\u202eabc", " \n\t "],
)
def test_hostile_names_stay_text(results: Results, name: str) -> None:
    """No control character, lone surrogate or markup of a name gets through."""
    table = gates.table(
        checks=tuple(gates.check("failed", gate=name, artefact=name, words=name) for _ in "ab")
    )
    root = junit(results, table)
    assert root.get("failures") == "2"
    assert "\u202e" not in Xml.tostring(root, encoding="unicode")


def test_it_is_the_same_every_time(results: Results) -> None:
    """No timestamp, no host: two documents are the same bytes."""
    found = Findings(results, CostTable(), gates=gates.table())
    assert render(found, "junit") == render(found, "junit")
    assert "timestamp" not in render(found, "junit")


@pytest.mark.skipif(not Path("/usr/bin/xmllint").exists(), reason="xmllint is not installed")
def test_another_parser_takes_it(results: Results, tmp_path: Path) -> None:
    """libxml2 reads it without a word."""
    import subprocess

    file = tmp_path / "junit.xml"
    found = Findings(results, CostTable(), gates=gates.table())
    file.write_text(render(found, "junit"), encoding="utf-8")
    done = subprocess.run(
        ["/usr/bin/xmllint", "--noout", str(file)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")

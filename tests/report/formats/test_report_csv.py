"""CSV: nothing that a spreadsheet would run, numbers as numbers, and a way back to every text."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable
from asrcompress.report import render
from asrcompress.report.tidy import csv_text, harmless, original
from tests.report import gates, speeds

TRIGGERS = "=+-@\uff1d\uff0b\uff0d\uff20"
NAMES = st.text(
    st.sampled_from([*TRIGGERS, *"\t\r\n", "'", '"', ";", ",", " ", "a", "5"]), max_size=12
)


@given(NAMES)
def test_every_text_comes_back_and_starts_no_formula(text: str) -> None:
    """After csv and back, and wherever a spreadsheet may begin a cell."""
    file = io.StringIO(csv_text(["name", "n"], [[text, 1]]), newline="")
    _, (cell, number) = csv.reader(file)
    assert (original(cell), number) == (text, "1")
    assert cell[:1] not in ("\t", "\r", "\n")
    for start in re.split(r"[;\t\r\n]", cell):
        assert not re.match(rf'[\s"]*[{re.escape(TRIGGERS)}]', start)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-5dB", "'-5dB"),
        ('"=1"', '\'"=1"'),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("\tx", "'\tx"),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ("it's", "it's"),
        ("'=1", "''=1"),
        ("noise-5dB", "noise-5dB"),
    ],
)
def test_texts_are_marked_as_documented(text: str, cell: str) -> None:
    """An apostrophe before what would be evaluated, and before an apostrophe."""
    assert harmless(text) == cell
    assert original(cell) == text


def _renamed(results: Results, name: str) -> Results:
    text = results.model_dump_json().replace('"int8"', json.dumps(name))
    text = text.replace('"clean"', json.dumps(name)).replace('"f"', json.dumps(name))
    return Results.model_validate_json(text)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@a", "'a", "\ta", "\uff1da"])
def test_names_of_any_kind_in_every_csv(results: Results, name: str) -> None:
    """cells.csv, figures.csv, gates.csv and speed: marked in the file, whole after `original`."""
    speed = SpeedTable(machine="a", rounds=1, speeds={name: speeds.speed("int8")})
    table = gates.table(checks=(gates.check("failed", artefact=name, condition=name, words=name),))
    found = Findings(_renamed(results, name), CostTable(), speed=speed, gates=table)
    for form in ("csv", "figures", "gates", "speed"):
        rows = list(csv.reader(io.StringIO(render(found, form), newline="")))
        cells = [cell for row in rows for cell in row]
        assert name not in cells
        assert name in map(original, cells)


def test_negative_numbers_are_no_formulas(results: Results) -> None:
    """-0.0042 stays a number in a table of checks."""
    found = Findings(results, CostTable(), gates=gates.table())
    row = next(csv.DictReader(io.StringIO(render(found, "gates"))))
    assert (row["value"], row["low"], row["high"], row["limit"]) == (
        "-0.0042",
        "-0.01",
        "0.0016",
        "0.005",
    )


def test_gates_are_a_row_each_in_their_order(results: Results) -> None:
    """Outcomes as in gates.json; empty where there is no such thing; heads alone without."""
    found = Findings(results, CostTable(), gates=gates.table())
    rows = list(csv.DictReader(io.StringIO(render(found, "gates"))))
    assert [row["outcome"] for row in rows] == [
        check.outcome.value for check in gates.table().checks
    ]
    assert (rows[4]["field"], rows[4]["group"]) == ("accent", "south")
    assert rows[5]["condition"] == rows[5]["value"] == rows[5]["low"] == ""
    assert render(Findings(results), "gates").count("\n") == 1

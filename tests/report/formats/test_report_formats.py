"""What every format promises, and what each one promises alone."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import format_names, render
from asrcompress.report.console import plain
from asrcompress.report.formats import table
from asrcompress.report.formats.json import PrintedResults
from asrcompress.report.view import build_view

HOSTILE = "=a|b\n<script>alert(1)</script>[red]@me[/red]\x1b[2J"


def _hostile(results: Results) -> Results:
    """The results with the second artefact's and the first condition's names hostile."""
    text = results.model_dump_json()
    name = json.dumps(HOSTILE)
    return Results.model_validate_json(text.replace('"int8"', name).replace('"clean"', name))


def _without_words(results: Results) -> Results:
    """The results with fp32 under clean scored on no words at all."""
    first = results.cells[0].model_copy(
        update={"words": ErrorCounts(i=2), "chars": ErrorCounts(i=5), "wer_interval": None}
    )
    return results.model_copy(update={"cells": (first, *results.cells[1:-1])})


def _with_cost(costs: CostTable, name: str, **changes: object) -> CostTable:
    """The costs with one artefact's changed."""
    changed = costs.costs[name].model_copy(update=changes)
    return costs.model_copy(update={"costs": {**costs.costs, name: changed}})


@pytest.mark.parametrize("name", format_names())
def test_every_format_is_stable_and_bears_holes(
    name: str, results: Results, costs: CostTable
) -> None:
    """The same text twice, and a matrix with a hole and an undefined rate still renders."""
    assert render(Findings(results, costs), name) == render(Findings(results, costs), name)
    odd = render(Findings(_without_words(results), CostTable()), name)
    assert not re.search(r"\bnan\b", odd, re.IGNORECASE)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_page_opens_with_the_verdict(name: str, results: Results, costs: CostTable) -> None:
    """The summary and int8's counts are there, and 300 of 2400 prints as 12.5."""
    text = render(Findings(results, costs), name)
    assert "No artefact is non-inferior to fp32 in all 10 conditions." in text
    assert "int8: non-inferior in 8 of 10 conditions, inconclusive in 2" in text
    assert "12.5" in text


def test_unknown_format_is_named_with_the_known_ones(results: Results, costs: CostTable) -> None:
    """A wrong name suggests the right one."""
    with pytest.raises(InputError, match="did you mean 'markdown'"):
        render(Findings(results, costs), "markdwn")


def test_table_fits_80_columns_with_all_parts(results: Results, costs: CostTable) -> None:
    """Five artefacts, ten conditions, subgroups and intervals: no line is longer than 80."""
    view = build_view(Findings(results, costs))
    text = plain(table.renderables(view, table.Parts(groups=True, intervals=True)))
    assert max(map(len, text.splitlines())) <= 80
    assert "WER % by gender" in text
    assert "int8: WER in %, dWER to the baseline in points" in text
    assert re.search(
        r"^room-medium\+noise-10dB .* \+0\.25 +\[\+0\.02, \+0\.48\]", text, re.MULTILINE
    )
    assert "…" not in text


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_page_says_what_speed_was_measured_on(
    name: str, results: Results, costs: CostTable
) -> None:
    """Once where all artefacts are alike; nothing without a measurement."""
    assert render(Findings(results, costs), name).count("cpu, 2 threads, batch 8") == 1
    assert "batch 8" not in render(Findings(results, CostTable()), name)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_what_speed_was_measured_on_is_a_column_where_it_differs(
    name: str, results: Results, costs: CostTable
) -> None:
    """int2 had to run one by one: its batch stands in its row, the rest is said once."""
    text = render(Findings(results, _with_cost(costs, "int2", batch_size=1)), name)
    assert "cpu, 2 threads" in text
    assert "batch 8" not in text
    row = {"table": r"^int2 .* 1250\.0 +1$", "markdown": r"^\| int2 .* 1250\.0 \| 1 \|$"}
    html = r">int2</th>.*\n.*1250\.0</td><td class=\"num\">1</td></tr>"
    assert re.search(row.get(name, html), text, re.MULTILINE)


def test_table_fits_80_columns_where_nothing_is_alike(results: Results, costs: CostTable) -> None:
    """Device, threads and batch size each with a column, cut nowhere."""
    changed = _with_cost(costs, "prune30", device="cuda:0", threads=16, batch_size=256)
    text = render(Findings(results, changed), "table")
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"^prune30 .* 1250\.0 +cuda:0 +16 +256$", text, re.MULTILINE)


def test_table_marks_verdicts_without_colour(results: Results, costs: CostTable) -> None:
    """= ! ? stand beside the numbers, are explained, and no escape code is there."""
    text = render(Findings(results, costs), "table")
    assert re.search(r"^noise-10dB +12\.5 +12\.6 = +14\.0 ! +23\.8 ! +13\.0 \?", text, re.MULTILINE)
    assert "= non-inferior: shown to be worse by no more than the margin" in text
    assert "\x1b" not in text


def test_table_counts_are_substitutions_deletions_insertions(
    results: Results, costs: CostTable
) -> None:
    """96 errors as 57/28/11 of 2400."""
    text = render(Findings(results, costs), "table")
    assert re.search(r"^clean +2400 +57/28/11 +58/29/10", text, re.MULTILINE)


def test_many_artefacts_go_to_further_tables(results: Results, costs: CostTable) -> None:
    """Fifteen artefacts are all shown, still within 80 columns."""
    artefacts = tuple(
        row.model_copy(update={"name": f"{row.name}-copy{index}"} if index else {})
        for index in range(3)
        for row in results.artefacts
    )
    text = render(Findings(results.model_copy(update={"artefacts": artefacts}), costs), "table")
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("WER %\n") > 1
    assert "prune30-copy" in text


def test_table_shows_hostile_names_as_text(results: Results, costs: CostTable) -> None:
    """Markup is not read and control characters are gone."""
    text = render(Findings(_hostile(results), costs), "table")
    assert "\x1b" not in text
    assert "[red]" in text


def test_markdown_escapes_names(results: Results, costs: CostTable) -> None:
    """A name cannot break the table, bring in HTML or call a person."""
    text = render(Findings(_hostile(results), costs), "markdown")
    assert "<script" not in text
    assert "@me" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    matrix = rows[:12]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in matrix} == {7}


def test_markdown_is_short_and_folds_provenance(results: Results, costs: CostTable) -> None:
    """Well within GitHub's 65,536 characters; the first line is the verdict."""
    text = render(Findings(results, costs), "markdown")
    assert len(text) < 8000
    assert text.startswith("**No artefact is non-inferior")
    assert "<details><summary>Provenance</summary>\n\n- fp32: " in text
    assert "| noise-10dB | 12.5 | 12.6 ✓ | 14.0 ✗ | 23.8 ✗ | 13.0 ? |" in text


def test_csv_is_tidy_and_holds_fractions(results: Results, costs: CostTable) -> None:
    """A row per cell; int8 under clean: 97 of 2400, dWER 1 / 2400."""
    rows = list(csv.DictReader(io.StringIO(render(Findings(results, costs), "csv"))))
    assert len(rows) == 50
    row = rows[10]
    assert (row["artefact"], row["condition"], row["n"]) == ("int8", "clean", "2400")
    assert float(row["wer"]) == pytest.approx(97 / 2400, abs=1e-6)
    assert float(row["delta_wer"]) == pytest.approx(1 / 2400, abs=1e-6)
    assert row["verdict"] == "non-inferior"
    assert rows[0]["delta_wer"] == rows[0]["verdict"] == ""
    assert row["disk_bytes"] == "105000000"


def test_csv_does_not_depend_on_timings(results: Results, costs: CostTable) -> None:
    """The same bytes whether or not speed was measured."""
    assert render(Findings(results, costs), "csv") == render(Findings(results, CostTable()), "csv")


def test_csv_runs_no_formula(results: Results, costs: CostTable) -> None:
    """A name that begins with = gets an apostrophe; a negative number keeps its sign."""
    better = results.cells[10].comparison
    assert better is not None
    cell = results.cells[10].model_copy(
        update={"comparison": better.model_copy(update={"delta_wer": -0.01})}
    )
    changed = results.model_copy(update={"cells": (*results.cells[:10], cell)})
    rows = list(csv.DictReader(io.StringIO(render(Findings(_hostile(changed), costs), "csv"))))
    assert rows[10]["artefact"].startswith("'=a|b")
    assert rows[10]["delta_wer"] == "-0.01"


def test_json_adds_rates_to_the_results(results: Results, costs: CostTable) -> None:
    """wer and cer as fractions, null without words, the verdict, and RTFx in costs."""
    value = json.loads(render(Findings(_without_words(results), costs), "json"))
    assert value["cells"][0]["wer"] is None
    assert value["cells"][3]["wer"] == 0.125
    assert value["cells"][3]["cer"] == 0.025
    assert value["cells"][3]["groups"][0]["wer"] == 0.125
    assert value["cells"][10]["verdict"] == "non-inferior"
    assert value["costs"]["int8"]["rtfx"] == pytest.approx(19.0)
    assert "costs" not in json.loads(render(Findings(results, CostTable()), "json"))


def test_printed_json_is_as_its_schema_says(results: Results, costs: CostTable) -> None:
    """Every key is in the schema, which allows no others; without costs and errors, too."""
    value = json.loads(render(Findings(results, costs), "json"))
    schema = PrintedResults.model_json_schema(mode="serialization")
    forms = schema["$defs"]
    assert schema["additionalProperties"] is False
    assert set(value) | {"errors", "speed", "gates"} == set(schema["properties"])
    assert not {"errors", "costs", "speed", "fronts", "gates"} & set(schema["required"])
    for form, printed in (
        ("PrintedCell", value["cells"][0]),
        ("PrintedGroup", value["cells"][0]["groups"][0]),
        ("PrintedCost", value["costs"]["int8"]),
        ("PrintedFront", value["fronts"][0]),
        ("PrintedPoint", value["fronts"][0]["points"][0]),
    ):
        assert set(printed) == set(forms[form]["properties"])
        assert forms[form]["additionalProperties"] is False

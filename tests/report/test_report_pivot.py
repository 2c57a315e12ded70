"""Tables in a paper's layout: the same numbers as everywhere else, where the paper has them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import ClassShareResult, CostTable, PublishedFigure, Results
from asrcompress.report import render
from asrcompress.report.pivot import Pivot
from asrcompress.report.published import published_rows
from asrcompress.report.view import build_view


def _with(results: Results, *tables: PivotTable, **artefact: Any) -> Results:
    """The results with these tables, every artefact changed."""
    changed = tuple(row.model_copy(update=artefact) for row in results.artefacts)
    return results.model_copy(update={"tables": tables, "artefacts": changed})


def _pivot(results: Results, **table: Any) -> Pivot:
    asked = PivotTable.model_validate({"title": "T", **table})
    (found,) = build_view(Findings(_with(results, asked), CostTable())).pivots
    return found


def test_models_and_conditions_down_compressions_across(wild_results: Results) -> None:
    """Table II's form. 40 errors of 1000 in the clean; x 1.75 in a medium room; int8 2.2 % more."""
    pivot = _pivot(wild_results, columns=["fp32", "int8"], data=["clean", "room-medium"])
    assert pivot.title == "T (WER %)"
    assert pivot.leads == ("model", "data")
    assert pivot.heads == (("fp32",), ("int8",))
    assert pivot.rows == (
        (("wav2vec2", "clean"), ("4.0", "4.1")),
        (("wav2vec2", "room-medium"), ("7.0", "7.2")),
        (("robust", "clean"), ("3.2", "3.3")),
        (("robust", "room-medium"), ("5.6", "5.7")),
    )
    assert [names for names, _ in pivot.spaced_rows][:2] == [
        ("wav2vec2", "clean"),
        ("", "room-medium"),
    ]


def test_sizes_of_each_compression_side_by_side(results: Results) -> None:
    """Table III's form: each compression spans its values; one row a model."""
    pivot = _pivot(results, columns=["int8", "int2"], values=["disk_mb", "zipped_mb"], rows="model")
    assert pivot.levels == [
        [("int8", 2), ("int2", 2)],
        [("disk MB", 1), ("zipped MB", 1), ("disk MB", 1), ("zipped MB", 1)],
    ]
    assert pivot.rows[0][1] == ("105.0", "93.1", "37.8", "30.0")


def test_classes_of_one_compression(results: Results) -> None:
    """Table V's form: WER, size and shares across; n/a where no layer was pruned."""
    shares = ClassShareResult(low=0.25, medium=0.5, high=0.25, pruning_rate=None)
    values = ["wer", "zipped_mb", "low", "medium", "high", "pruning_rate"]
    table = PivotTable.model_validate(
        {"title": "T", "columns": ["int4"], "values": values, "rows": "model", "data": ["clean"]}
    )
    changed = _with(results, table, class_shares=shares, model="models/Hubert/")
    (pivot,) = build_view(Findings(changed, CostTable())).pivots
    assert pivot.title == "T (int4)"
    assert [head[-1] for head in pivot.heads] == ["WER %", "zipped MB", "%L", "%M", "%H", "%Pr"]
    # 96 errors and 12 % of them more, of 2400
    assert pivot.rows == ((("Hubert",), ("4.5", "52.9", "25.0", "50.0", "25.0", "n/a")),)


def test_compressions_down_and_rates_for_each_condition(wild_results: Results) -> None:
    """A row for each artefact: WER under each condition that is wanted, then what has no data."""
    pivot = _pivot(
        wild_results,
        columns=["fp32", "prune30"],
        values=["wer", "rate_disk", "divergence"],
        rows="model_compression",
        data=["clean", "noise-0dB"],
    )
    heads = ["WER % clean", "WER % noise-0dB", "rate (disk)", "KL nats clean", "KL nats noise-0dB"]
    assert [head[-1] for head in pivot.heads] == heads
    names, cells = pivot.rows[3]
    assert names == ("robust", "prune30")
    # 32 x (1 + 0.6 x 1.1) = 53; 32 x 6 x (1 + 0.6 x 1.6) = 376
    assert cells[:2] == ("5.3", "37.6")
    assert cells[3:] == ("n/a", "n/a")


def test_values_down_and_models_across(wild_results: Results) -> None:
    """Table I's form: characteristics down, models across."""
    table = PivotTable.model_validate(
        {"title": "T", "columns": ["fp32"], "values": ["parameters", "wer"], "rows": "value"}
        | {"data": ["clean"]}
    )
    changed = _with(wild_results, table, parameters=315_471_520)
    (pivot,) = build_view(Findings(changed, CostTable())).pivots
    assert pivot.heads == (("wav2vec2",), ("robust",))
    assert pivot.rows == (
        (("parameters M",), ("315.5", "315.5")),
        (("WER %",), ("4.0", "3.2")),
    )


def test_subgroups_stand_for_conditions(results: Results) -> None:
    """A part of the corpus is a row: half of the 96 errors, of half of the words."""
    pivot = _pivot(results, columns=["fp32"], by="gender", data=["f"])
    assert pivot.rows[0][1] == ("4.0",)
    assert pivot.leads == ("data",)
    assert pivot.rows[0][0] == ("f, clean",)
    assert len({names for names, _ in pivot.rows}) == len(results.conditions)


def test_data_stand_in_the_tables_order(results: Results) -> None:
    """Not in the results': the paper's test-clean comes before its dev-clean."""
    names = [row.name for row in results.conditions]
    pivot = _pivot(results, columns=["fp32"], data=names[::-1])
    assert [labels for labels, _ in pivot.rows] == [(name,) for name in names[::-1]]
    pivot = _pivot(results, columns=["fp32"], by="gender", data=["m", "f"])
    parts = [labels[0].partition(", ") for labels, _ in pivot.rows]
    assert [(value, name) for value, _, name in parts] == [(v, n) for v in "mf" for n in names]


def test_divergence_is_of_the_same_condition(wild_results: Results) -> None:
    """What was measured on noisy calibration audio stands in the row of that noise."""
    table = PivotTable(title="T", columns=("int8",), values=("divergence",))
    changed = _with(wild_results, table, divergence={"clean": 0.0123, "noise-0dB": 0.5})
    (pivot,) = build_view(Findings(changed, CostTable())).pivots
    found = {names: cells[0] for names, cells in pivot.rows}
    assert found["robust", "clean"] == "0.012"
    assert found["robust", "noise-0dB"] == "0.5"
    assert found["robust", "noise-10dB"] == "n/a"


def test_a_hole_is_a_dash(results: Results) -> None:
    """A cell that was not run, and a compression of another model."""
    cells = tuple(cell for cell in results.cells if cell.artefact != "int8")
    pivot = _pivot(results.model_copy(update={"cells": cells}), columns=["int8", "int3"])
    assert pivot.rows[0][1] == ("-", "-")


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_page_has_the_tables(name: str, wild_results: Results) -> None:
    """Title, heads and a row; a hostile title neither breaks a table nor runs."""
    title = "Table II|<script>x</script>"
    table = PivotTable(title=title, columns=("fp32", "int8"), values=("wer", "disk_mb"))
    text = render(Findings(_with(wild_results, table), CostTable()), name)
    row = {
        "table": r"^wav2vec2 +clean +4\.0 .*4\.1",
        "markdown": r"^\| wav2vec2 \| clean \| 4\.0 \| .*\| 4\.1 \|",
        "html": r">wav2vec2</th><th scope=\"row\">clean</th><td class=\"num\">4\.0</td>",
    }
    assert re.search(row[name], text, re.MULTILINE)
    assert "<script>x" not in text or name == "table"
    if name == "html":
        assert '<th scope="colgroup" class="num" colspan="2">int8</th>' in text
    assert "Table II" not in render(Findings(wild_results, CostTable()), name)


def test_a_wide_table_fits_80_columns(results: Results) -> None:
    """Five compressions with two values each go to as many tables as are needed."""
    columns = tuple(row.compression for row in results.artefacts)
    table = PivotTable(title="Wide", columns=columns, values=("wer", "zipped_mb"))
    text = render(Findings(_with(results, table), CostTable()), "table")
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("Wide") > 1
    assert "…" not in text


def test_a_published_figure_of_a_part_of_the_corpus(results: Results) -> None:
    """It stands beside that subgroup's rate: 48 of 1200."""
    figure = PublishedFigure(
        source="Table II", wer=0.05, artefact="fp32", condition="clean", group="m"
    )
    published = {"paper": "P", "figures": (figure,)}
    asked = Results.model_validate({**results.model_dump(), "published": published})
    (row,) = published_rows(asked)
    assert (row.place, row.measured, row.interval) == ("clean, m", 0.04, None)

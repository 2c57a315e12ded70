"""WER against size and speed: which conditions and measures, the front's names, the geometry."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import combinations

import pytest

from asrcompress.core.cost import Sizes
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable
from asrcompress.report import render
from asrcompress.report.pareto_charts import AREA, Axis, axis_of, pareto_charts
from asrcompress.report.pareto_data import Front, fronts_of
from asrcompress.report.view import build_view
from tests.report.pages import Page
from tests.report.speeds import deployed, speeds

HOSTILE = "=a|b\n<script>alert(1)</script>[red]@me[/red]\x1b[2J" + 60 * "very-long-"


def _fronts(
    results: Results, costs: CostTable | None = None, speed: SpeedTable | None = None
) -> dict[tuple[str, str], Front]:
    """By measure and condition."""
    found = fronts_of(build_view(Findings(results, costs or CostTable(), speed=speed)))
    return {(front.measure.name, front.condition): front for front in found}


def _sized(results: Results, **disk_mb: float | None) -> Results:
    """The results with other bytes on disk."""
    sizes = {name: Sizes(disk_bytes=mb and round(mb * 1e6)) for name, mb in disk_mb.items()}
    artefacts = tuple(
        row.model_copy(update={"sizes": sizes[row.name]}) if row.name in sizes else row
        for row in results.artefacts
    )
    return results.model_copy(update={"artefacts": artefacts})


def test_panels_are_the_clean_and_the_hardest(results: Results, costs: CostTable) -> None:
    """fp32 has most errors at 0 dB; both measures in both conditions."""
    assert list(_fronts(results, costs)) == [
        ("size", "clean"),
        ("speed", "clean"),
        ("size", "noise-0dB"),
        ("speed", "noise-0dB"),
    ]


def test_front_is_named_from_the_lowest_wer(results: Results) -> None:
    """prune30 is as large as fp32 and worse; int8 is smaller and worse, and so on."""
    front = _fronts(deployed(results))["size", "clean"]
    assert front.names == ("fp32", "int8", "int8-openvino", "int4-onnx")
    assert front.line == (
        "Pareto front (WER under clean, size): fp32, int8, int8-openvino, int4-onnx"
    )
    # In noise int8-openvino has fewer errors than int8, and is smaller.
    assert _fronts(deployed(results))["size", "noise-5dB"].names == (
        *("fp32", "int8-openvino", "int4-onnx"),
    )


def test_speed_is_of_the_run_where_there_was_one(results: Results, costs: CostTable) -> None:
    """To fp32 at batch 8: int8 is slower and worse, int4-onnx slower and worse than openvino."""
    front = _fronts(deployed(results), costs, speeds())["speed", "clean"]
    assert (front.measure.unit, front.measure.title) == ("x", "speed to fp32")
    assert [point.value for point in front.points] == pytest.approx([1.0, 0.9, 2.4, 1.1])
    assert front.names == ("fp32", "int8-openvino")
    assert front.left_out == ("prune30",)
    assert "not in it, as not measured: prune30" in front.line


def test_speed_is_of_the_costs_without_a_run(results: Results, costs: CostTable) -> None:
    """fp32 at 20, int8 at 19: 0.95x; prune30 ties with fp32 in speed and has more errors."""
    front = _fronts(results, costs)["speed", "clean"]
    assert [point.value for point in front.points] == pytest.approx([1, 0.95, 0.75, 0.7, 1])
    assert front.names == ("fp32",)


def test_models_with_originals_of_their_own_are_held_against_rtfx(
    wild_results: Results, costs: CostTable
) -> None:
    """A ratio to one model's original says nothing of the other's."""
    cost = costs.costs["fp32"]
    both = CostTable(costs=dict.fromkeys(("wav2vec2/fp32", "robust/int8"), cost))
    measure = _fronts(wild_results, both)["speed", "clean"].measure
    assert (measure.unit, measure.words(20.0)) == ("RTFx", "RTFx 20.0")


def test_what_has_no_size_is_named_and_not_drawn(results: Results) -> None:
    """Stored hypotheses have none; one artefact alone is no choice."""
    front = _fronts(_sized(deployed(results), int8=None))["size", "clean"]
    assert "int8" not in {point.artefact for point in front.points}
    assert front.left_out == ("int8",)
    none = _sized(deployed(results), **dict.fromkeys(("fp32", "int8", "prune30"), None))
    none = _sized(none, **{"int8-openvino": None})
    assert _fronts(none) == {}
    assert "Pareto" not in render(Findings(none, CostTable()), "html")


def test_ties_are_all_on_the_front(results: Results) -> None:
    """Two artefacts with the same WER and size: neither beats the other."""
    found = deployed(results)
    cells = tuple(
        cell.model_copy(update={"words": results.cells[0].words})
        for cell in found.cells
        if cell.condition == "clean"
    )
    same = _sized(found.model_copy(update={"cells": cells}), **{"int4-onnx": 98.3})
    assert _fronts(same)["size", "clean"].names == ("int8-openvino", "int4-onnx")


def test_points_are_to_scale(results: Results) -> None:
    """61.4 to 377.9 MB are more than 5 to 1: on a logarithmic axis equal factors are equal far."""
    found = _sized(deployed(results), fp32=400, int8=200, **{"int8-openvino": 100})
    found = _sized(found, prune30=400, **{"int4-onnx": 50})
    (chart, _) = pareto_charts(list(_fronts(found).values()))
    x = {mark.point.artefact: mark.x for mark in chart.marks}
    step = x["fp32"] - x["int8"]
    assert x["int8"] - x["int8-openvino"] == pytest.approx(step)
    assert x["int8-openvino"] - x["int4-onnx"] == pytest.approx(step)
    assert AREA.left < x["int4-onnx"]
    assert x["fp32"] < AREA.right
    assert [label for _, label in chart.x_ticks] == ["50", "100", "200"]


def test_faster_is_to_the_right_and_the_steps_go_on_to_slower(results: Results) -> None:
    """From above down to the fastest point, then left and down to the best, and on to the left."""
    fronts = _fronts(deployed(results), None, speeds())
    (chart,) = pareto_charts([fronts["speed", "clean"]])
    marks = {mark.point.artefact: mark for mark in chart.marks}
    fast, best = marks["int8-openvino"], marks["fp32"]
    assert fast.x > best.x
    assert chart.steps == (
        f"M{fast.x:.1f} {AREA.top:.1f} L{fast.x:.1f} {fast.y:.1f} L{best.x:.1f} {fast.y:.1f} "
        f"L{best.x:.1f} {best.y:.1f} L{AREA.left:.1f} {best.y:.1f}"
    )


def test_intervals_are_drawn_to_scale(results: Results) -> None:
    """fp32 under clean: 4 % from 3.6 to 4.4 on a linear axis: the same to both sides."""
    (chart, *_) = pareto_charts(list(_fronts(deployed(results)).values()))
    mark = chart.marks[0]
    low, high = mark.reach
    assert low - mark.y == pytest.approx(mark.y - high)
    tick = {label: y for y, label in chart.y_ticks}
    assert mark.y == pytest.approx(tick["4"])
    assert low - mark.y == pytest.approx(0.8 * (tick["3.5"] - tick["4"]))


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        ([10.0, 60.0], Axis(10 / 1.12, 60 * 1.12, True, (10.0, 20.0, 50.0))),
        ([1.0, 2.0], Axis(0.8, 2.2, False, (0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2))),
        ([0.0, 4.0], Axis(0.0, 5.0, False, (0.0, 1.0, 2.0, 3.0, 4.0, 5.0))),
    ],
)
def test_axes_hold_their_values(values: list[float], axis: Axis) -> None:
    """Logarithmic from 5 to 1 on; round steps; no point on an end, but at 0."""
    found = axis_of(values)
    assert (found.low, found.high) == (pytest.approx(axis.low), pytest.approx(axis.high))
    assert found.is_logarithmic == axis.is_logarithmic
    assert found.ticks == pytest.approx(axis.ticks)


def test_one_value_has_an_axis() -> None:
    """All artefacts of one size: nothing is divided by nothing."""
    assert 0 <= axis_of([105.0, 105.0]).share(105.0) <= 1
    assert 0 <= axis_of([0.0]).share(0.0) <= 1


def test_no_two_names_overlap_in_any_picture(wild_results: Results) -> None:
    """Ten artefacts, eight of one size: every name is there, and none lies over another."""
    for chart in pareto_charts(list(_fronts(wild_results).values())):
        labels = [mark.label for mark in chart.marks if mark.label]
        assert len(labels) == 10
        assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))


def test_pictures_have_words_and_a_table(results: Results) -> None:
    """A title and a description for who does not see it, and every number below."""
    text = render(Findings(deployed(results), CostTable(), speed=speeds()), "html")
    page = Page(text)
    named = [a["aria-labelledby"] for tag, a in page.attributes if tag == "svg" and "role" in a]
    ids = {attributes.get("id") for _, attributes in page.attributes}
    pareto = [str(names).split() for names in named if "pareto" in str(names)]
    assert len(pareto) == 4
    assert all(name in ids for names in pareto for name in names)
    assert (
        "On the front, from the lowest WER: fp32 (4.0 %, 1.00x), int8-openvino (4.1 %, 2.40x). "
        "Beaten by one of them in both: int8, int4-onnx." in text
    )
    (table, *_) = [rows for rows in page.tables if rows[0][-1] == "on the front"]
    assert table[3] == ["int8-openvino", "98.3 MB", "4.1", "[3.7, 4.5]", "yes"]
    assert table[5] == ["prune30", "377.9 MB", "4.2", "[3.8, 4.6]", "no"]


def test_hostile_names_stay_text_in_pictures(results: Results) -> None:
    """A name that is markup is cut and escaped, in the label, the title and the table."""
    text = deployed(results).model_dump_json().replace('"int8"', json.dumps(HOSTILE))
    page = render(Findings(Results.model_validate_json(text), CostTable()), "html")
    assert "<script>alert" not in page
    assert Page(page).counts["script"] == 1
    labels = re.findall(r'<text class="name[^>]*>([^<]*)</text>', page)
    assert any("\u2026" in label for label in labels)


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_texts_name_the_fronts(name: str, results: Results) -> None:
    """One line for each."""
    text = render(Findings(deployed(results), CostTable(), speed=speeds()), name)
    lines = [line.removeprefix("- ") for line in " ".join(text.split()).split("Pareto front ")]
    assert len(lines) == 1 + 4
    assert lines[1].startswith("(WER under clean, size): fp32, int8, int8-openvino, int4-onnx")


def test_figures_hold_the_front_of_size_in_every_condition(results: Results) -> None:
    """Bytes, counts, and whether it is on the front; nothing that a second run would change."""
    text = render(Findings(deployed(results), CostTable(), speed=speeds()), "figures")
    assert text == render(Findings(deployed(results), CostTable()), "figures")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["figure"] == "pareto"]
    assert len(rows) == 5 * 2
    (row,) = [r for r in rows if (r["artefact"], r["series"]) == ("int8", "noise-5dB")]
    assert (row["x_name"], row["x"], row["s"], row["is_on_front"]) == (
        *("disk_bytes", "105000000", "667", "0"),
    )


def test_json_has_the_fronts(results: Results) -> None:
    """Values, rates as fractions, and who is on the front."""
    value = json.loads(render(Findings(deployed(results), CostTable(), speed=speeds()), "json"))
    front = value["fronts"][1]
    assert (front["measure"], front["unit"], front["condition"]) == ("speed", "x", "clean")
    assert front["points"][2] == {
        "artefact": "int8-openvino",
        "value": 2.4,
        "wer": pytest.approx(98 / 2400),
        "is_on_front": True,
    }
    assert front["left_out"] == ["prune30"]

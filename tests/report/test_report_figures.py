"""The charts' geometry: which conditions make a line, and where its points are."""

from __future__ import annotations

import pytest

from asrcompress.core.results import CostTable, Results
from asrcompress.report.figures import BOTTOM, HEIGHT, TOP, snr_charts
from asrcompress.report.view import build_view


def test_one_chart_for_the_noise_series(results: Results, costs: CostTable) -> None:
    """Five SNRs of one noise are a chart; one SNR in a room is not."""
    (chart,) = snr_charts(build_view(results, costs))
    assert chart.title == "noise (type babble)"
    assert [label for _, label in chart.x_ticks] == ["no noise", "20", "15", "10", "5", "0"]
    assert [line.artefact for line in chart.lines] == ["fp32", "int8", "int4", "int2", "prune30"]


def test_points_are_to_scale_and_clean_stands_alone(results: Results, costs: CostTable) -> None:
    """12.5 % on an axis to 120 % is at 12.5 / 120 of its height; the path starts at 20 dB."""
    (chart,) = snr_charts(build_view(results, costs))
    assert chart.y_ticks[-1][1] == "120"
    point = chart.lines[0].points[3]
    assert (point.label, point.wer) == ("10", 0.125)
    assert (HEIGHT - BOTTOM - point.y) / (HEIGHT - BOTTOM - TOP) == pytest.approx(12.5 / 120)
    assert chart.lines[0].path.count("L") == 4
    assert chart.lines[0].path.startswith(f"M{chart.lines[0].points[1].x:.1f} ")


def test_no_chart_without_two_levels(results: Results, costs: CostTable) -> None:
    """One SNR alone is no line."""
    few = tuple(row for row in results.conditions if row.name in ("clean", "noise-10dB"))
    view = build_view(results.model_copy(update={"conditions": few}), costs)
    assert snr_charts(view) == ()


def test_repeated_levels_do_not_hide_each_other(results: Results, costs: CostTable) -> None:
    """The same SNRs twice, say for two corpora, are two charts."""
    noisy = [row for row in results.conditions if row.name in ("noise-10dB", "noise-5dB")]
    twice = [*noisy, *(row.model_copy(update={"name": f"b-{row.name}"}) for row in noisy)]
    view = build_view(results.model_copy(update={"conditions": tuple(twice)}), costs)
    assert len(snr_charts(view)) == 2

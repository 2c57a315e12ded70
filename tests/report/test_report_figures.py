"""The figures: which conditions and artefacts make a line, their numbers, and the geometry."""

from __future__ import annotations

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report.figure_data import Figure, figures_of
from asrcompress.report.figures import BOTTOM, HEIGHT, TOP, Chart, chart_groups
from asrcompress.report.view import build_view


def _figures(results: Results) -> tuple[Figure, ...]:
    return figures_of(build_view(Findings(results, CostTable())))


def _figure(results: Results, number: str, model: str, title: str = "") -> Figure:
    """The one figure of that number and model whose title begins so."""
    found = [row for row in _figures(results) if (row.number, row.model) == (number, model)]
    (figure,) = [row for row in found if row.title.startswith(title)]
    return figure


def _snr_charts(results: Results) -> list[Chart]:
    groups = chart_groups(row for row in _figures(results) if row.number == "1a")
    return [chart for group in groups for chart in (*group.first, *group.others)]


def test_one_chart_for_the_noise_series(results: Results) -> None:
    """Five SNRs of one noise are a chart; one SNR in a room is not."""
    (chart,) = _snr_charts(results)
    assert chart.title == "noise (type babble)"
    assert [label for _, label in chart.x_ticks] == ["no noise", "20", "15", "10", "5", "0"]
    assert [line.name for line in chart.lines] == ["fp32", "int8", "int4", "int2", "prune30"]


def test_points_are_to_scale_and_clean_stands_alone(results: Results) -> None:
    """12.5 % on an axis to 120 % is at 12.5 / 120 of its height; the path starts at 20 dB."""
    (chart,) = _snr_charts(results)
    assert chart.y_ticks[-1][1] == "120"
    point = chart.lines[0].points[3]
    assert (point.words, point.wer) == ("10 dB", 0.125)
    assert (HEIGHT - BOTTOM - point.y) / (HEIGHT - BOTTOM - TOP) == pytest.approx(12.5 / 120)
    assert chart.lines[0].path.count("L") == 4
    assert chart.lines[0].path.startswith(f"M{chart.lines[0].points[1].x:.1f} ")


def test_no_chart_without_two_levels(results: Results) -> None:
    """One SNR alone is no line."""
    few = tuple(row for row in results.conditions if row.name in ("clean", "noise-10dB"))
    assert _snr_charts(results.model_copy(update={"conditions": few})) == []


def test_repeated_levels_do_not_hide_each_other(results: Results) -> None:
    """The same SNRs twice, say for two corpora, are two charts."""
    noisy = [row for row in results.conditions if row.name in ("noise-10dB", "noise-5dB")]
    renamed = [row.model_copy(update={"name": f"b-{row.name}"}) for row in noisy]
    cells = [cell.model_copy(update={"condition": f"b-{cell.condition}"}) for cell in results.cells]
    twice = {"conditions": (*noisy, *renamed), "cells": (*results.cells, *cells)}
    assert len(_snr_charts(results.model_copy(update=twice))) == 2


def test_each_model_has_its_pictures(wild_results: Results) -> None:
    """Two models: two pictures of every figure, with the forms' short names as lines."""
    figures = _figures(wild_results)
    assert {row.number for row in figures} == {"1a", "1b", "2a", "2b", "3"}
    assert {row.model for row in figures} == {"wav2vec2", "robust"}
    figure = _figure(wild_results, "1b", "robust")
    assert [line.name for line in figure.lines] == ["fp32", "int8", "prune10", "prune20", "prune30"]
    assert [tick.value for tick in figure.ticks] == ["none", "small", "medium"]
    # 32 errors in 1000 words in the clean, 1.25 and 1.75 times as many in the rooms
    assert [point.wer for point in figure.lines[0].points] == [0.032, 0.04, 0.056]


def test_figure_2a_has_the_original_at_rate_0(wild_results: Results) -> None:
    """fp32 and the three pruned ones, a line for each SNR; int8 is another matter."""
    figure = _figure(wild_results, "2a", "robust", "noise (any type); global pruning")
    assert [(tick.value, tick.at) for tick in figure.ticks] == [
        ("0", 0.0),
        ("0.1", 0.1),
        ("0.2", 0.2),
        ("0.3", 0.3),
    ]
    assert [line.name for line in figure.lines] == ["no noise", "20 dB", "10 dB", "0 dB"]
    points = figure.lines[3].points
    assert [point.artefact for point in points] == [
        "robust/fp32",
        "robust/prune10",
        "robust/prune20",
        "robust/prune30",
    ]
    # 32 x 6 = 192 errors at 0 dB; pruning adds 0.05, 0.2 and 0.6 times 1.6 of them
    assert [point.words.errors for point in points] == [192, 207, 253, 376]


def test_figure_2b_has_a_line_for_each_room(wild_results: Results) -> None:
    """No room, small and medium against the same rates."""
    figure = _figure(wild_results, "2b", "wav2vec2")
    assert [line.name for line in figure.lines] == ["no room", "small room", "medium room"]
    # 40 x 1.75 = 70 errors in the medium room, 1.66 times as many with 30 % pruned
    assert figure.lines[2].points[0].words.errors == 70
    assert figure.lines[2].points[3].words.errors == 116


def test_figure_3_pools_the_noise_of_a_room(wild_results: Results) -> None:
    """Counts of 20, 10 and 0 dB add; the interval is the margin's over the same conditions."""
    figure = _figure(wild_results, "3", "robust")
    assert figure.title == "reverb + noise (any type) at 20, 10, 0 dB together; global pruning"
    assert [tick.value for tick in figure.ticks] == ["none", "small", "medium"]
    assert [line.name for line in figure.lines][:2] == ["not pruned", "10 % pruned"]
    without, small, medium = figure.lines[0].points
    # 32 x (1.5 + 3 + 6) = 336 errors of 3000 words; 1.25 and 1.75 times as many in the rooms
    assert [point.words.errors for point in (without, small, medium)] == [336, 420, 588]
    assert small.words.n == 3000
    assert small.interval is not None
    assert small.interval.high == pytest.approx(1.05 * 420 / 3000)


def test_a_margin_of_some_utterances_lends_no_interval(wild_results: Results) -> None:
    """Noise types met under `any` are margins over all its conditions, with fewer words."""
    (margin,) = [
        row
        for row in wild_results.margins
        if (row.artefact, row.value) == ("robust/fp32", "small + noise 0..20 dB")
    ]
    part = margin.model_copy(update={"words": margin.words.model_copy(update={"n": 1500})})
    line = _figure(wild_results.model_copy(update={"margins": (part,)}), "3", "robust").lines[0]
    assert [point.interval for point in line.points] == [None, None, None]


def test_what_was_not_run_is_left_out(wild_results: Results) -> None:
    """Without one cell its points are missing in every figure, and no sum is made of the rest."""
    gone = ("robust/prune20", "room-small+noise-10dB")
    cells = tuple(row for row in wild_results.cells if (row.artefact, row.condition) != gone)
    results = wild_results.model_copy(update={"cells": cells})
    line = _figure(results, "3", "robust").lines[2]
    assert [point.tick.value for point in line.points] == ["none", "medium"]
    in_room = _figure(results, "2a", "robust", "reverb (room small)").lines[2]
    assert [point.tick.value for point in in_room.points] == ["0", "0.1", "0.3"]


def test_unknown_methods_are_at_no_rate(wild_results: Results) -> None:
    """A compressed artefact that names no method is not taken for an unpruned one."""
    artefacts = tuple(row.model_copy(update={"methods": ()}) for row in wild_results.artefacts)
    figures = _figures(wild_results.model_copy(update={"artefacts": artefacts}))
    assert {row.number for row in figures} == {"1a", "1b"}


def test_scopes_and_other_methods_are_series_of_their_own(wild_results: Results) -> None:
    """Global, local, and pruned on top of int8: three sets, each from its own rate 0."""
    local = {"method": "prune", "prune": 0.2, "scope": "local"}
    both = {"method": "prune", "prune": 0.1, "scope": "global"}
    changed = {"robust/prune20": (local,), "robust/prune30": (both, *_methods(wild_results))}
    artefacts = tuple(
        row.model_copy(update={"methods": changed.get(row.name, row.methods)})
        for row in wild_results.artefacts
    )
    figures = _figures(wild_results.model_copy(update={"artefacts": artefacts}))
    sets = {
        row.title.partition("; ")[2]: [point.artefact for point in row.lines[0].points]
        for row in figures
        if (row.number, row.model) == ("2b", "robust")
    }
    assert sets == {
        "global pruning": ["robust/fp32", "robust/prune10"],
        "local pruning": ["robust/fp32", "robust/prune20"],
        "global pruning + quantize": ["robust/int8", "robust/prune30"],
    }


def _methods(results: Results) -> tuple[dict[str, object], ...]:
    return next(row.methods for row in results.artefacts if row.name == "robust/int8")


def test_models_of_one_series_share_their_scale(wild_results: Results) -> None:
    """The pictures side by side have the same axis, and the others are folded away."""
    groups = {row.number: row for row in chart_groups(_figures(wild_results))}
    first = groups["2a"].first
    assert [chart.model for chart in first] == ["wav2vec2", "robust"]
    assert first[0].y_ticks == first[1].y_ticks
    assert len(groups["2a"].others) == 2 * 4  # babble, vehicle, and in two rooms
    xs = [x for x, _ in first[0].x_ticks]
    assert xs[2] - xs[1] == pytest.approx(xs[1] - xs[0])

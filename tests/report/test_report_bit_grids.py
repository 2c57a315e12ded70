"""The pictures of an artefact's page: squares by depth, histograms, divergence by depth."""

from __future__ import annotations

import math

import pytest

from asrcompress.report.bit_grids import bit_grids, colour_level, histogram_path
from asrcompress.report.figures import BOTTOM, HEIGHT, TOP
from asrcompress.report.layers import layout_of
from asrcompress.report.sensitivity_charts import depth_charts
from tests.report.artefacts import Fate, adaptive, bell, mixed, rows_of, sensitivity


def test_grid_has_a_square_for_each_layer() -> None:
    """At its block's column and its kind's row; its colour and its words say the bits."""
    stack, outside = bit_grids(layout_of(adaptive().ledger.rows))
    assert [head for _, head in stack.heads] == [str(block) for block in range(24)]
    assert len(stack.cells) == 24 * 6
    assert len(outside.cells) == 10
    xs = {cell.layer.block: cell.x for cell in stack.cells}
    assert {x for x, _ in stack.heads} == set(xs.values())
    (cell,) = [c for c in stack.cells if c.layer.name.endswith("layers.3.attention.q_proj")]
    assert (cell.text, cell.level) == ("8p", 8)
    assert stack.words == (
        "Bits of the weights, wav2vec2.encoder.layers, 24 blocks: "
        "48 layers at 4 bits, 96 layers at 8 bits, 48 of them pruned"
    )


def test_every_number_of_bits_has_a_colour() -> None:
    """The nearest that the style sheet has; an unknown type looks left alone."""
    assert [colour_level(bits) for bits in (2, 4, 8, 16, 32, 64, 3, None)] == [
        *(2, 4, 8, 16, 32, 32, 2, 32)
    ]


def test_histogram_path_stands_on_the_ground() -> None:
    """17 steps; the highest reaches the top, an empty one stays on the ground."""
    counts = [0] * 33
    counts[16] = 10
    path = histogram_path(counts, 85, 20)
    assert path.startswith("M0 20.0 ")
    assert path.count("H") == 17
    assert "V0.0 H45.0" in path  # the ninth of 17 columns, each of 5
    assert path.endswith("V20.0 Z")
    assert histogram_path([0] * 33, 85, 20) == ""


def test_depth_charts_are_logarithmic() -> None:
    """From 1e-5 to 0.1, four decades: 0.04 is at (log10 0.04 + 5) / 4 of the height."""
    charts = depth_charts(layout_of(mixed().ledger.rows))
    assert [chart.title for chart in charts] == ["2 bits", "4 bits", "8 bits"]
    assert [label for _, label in charts[0].y_ticks] == ["1e-5", "1e-4", "1e-3", "0.01", "0.1"]
    point = charts[0].lines[0].points[0]
    height = HEIGHT - BOTTOM - TOP
    share = (HEIGHT - BOTTOM - point.y) / height
    assert share == pytest.approx((math.log10(0.04) + 5) / 4)
    assert charts[0].lines[0].path.count("L") == 1  # two blocks
    assert [label for _, label in charts[0].x_ticks] == ["0", "1"]


def test_what_does_no_harm_stands_on_the_ground_line() -> None:
    """A divergence of 0 or below has no logarithm; it is drawn lowest and told as it is."""
    nats = {0: 0.01, 1: 0.0, 2: -0.002}
    shapes = {
        f"m.layers.{block}.{name}.weight": ("Linear", (64, 64)) for block in nats for name in "ab"
    }

    def fate(layer: str) -> Fate:
        found = sensitivity({"4 bits": nats[int(layer.split(".")[2])]}, 64)
        return Fate("qint4", analysis=bell().model_copy(update={"sensitivity": found}))

    (chart,) = depth_charts(layout_of(rows_of(shapes, fate)))
    ys = [point.y for point in chart.lines[0].points]
    assert ys[1] == ys[2] == HEIGHT - BOTTOM
    assert [point.words for point in chart.lines[0].points] == ["0.02", "0", "-0.004"]


def test_no_chart_where_nothing_rises_above_zero() -> None:
    """Without a positive value there is no scale."""
    found = bell().model_copy(update={"sensitivity": sensitivity({"8 bits": 0.0}, 64)})
    shapes = {f"m.layers.0.{name}.weight": ("Linear", (64, 64)) for name in "ab"}
    assert depth_charts(layout_of(rows_of(shapes, lambda _: Fate(analysis=found)))) == ()

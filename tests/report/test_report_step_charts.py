"""The geometry of a training's curves and bars, by hand on a floor at 276 and a top at 12."""

from __future__ import annotations

import pytest

from asrcompress.core.structure import BlockStructure, Structure
from asrcompress.core.training_record import Curves, MaskCurves
from asrcompress.report.block_widths import block_widths
from asrcompress.report.curve_table import chosen, curve_rows, mask_rows
from asrcompress.report.step_charts import (
    LinearScale,
    LogScale,
    linear_scale,
    not_drawn,
    scale_for,
    step_lines,
    step_ticks,
)
from asrcompress.report.training_charts import curve_charts, mask_charts
from asrcompress.report.width_charts import width_charts
from tests.report.trainings import dense, pruned, record

FLOOR, TOP, LEFT, RIGHT = 276, 12, 56, 624


def test_a_curve_over_decades_has_a_logarithmic_axis() -> None:
    """0.01 to 1 are two decades: 0.1 is in the middle; ticks at 1, 2 and 5."""
    scale = scale_for([0.01, 0.3, 1.0])
    assert scale == LogScale(-2, 0)
    assert scale.y(0.1) == pytest.approx((FLOOR + TOP) / 2)
    assert scale.y(0.0) is None
    labels = [label for _, label in scale.ticks()]
    assert labels == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    many = scale_for([3e-7, 2.0])
    assert [label for _, label in many.ticks()][:4] == ["1e-7", "1e-6", "1e-5", "1e-4"]


def test_a_curve_within_a_decade_has_a_linear_axis_from_zero() -> None:
    """1 to 5, and below 0 where values are; all the same value is no division by zero."""
    scale = scale_for([1.0, 5.0])
    assert isinstance(scale, LinearScale)
    assert scale.y(2.5) == pytest.approx((FLOOR + TOP) / 2)
    assert [label for _, label in scale.ticks()] == ["0", "1", "2", "3", "4", "5"]
    below = linear_scale(-0.1, 0.3)
    assert [label for _, label in below.ticks()] == ["-0.1", "0", "0.1", "0.2", "0.3"]
    assert scale_for([0.0, 0.0]).y(0.0) == FLOOR
    assert [label for _, label in linear_scale(0, 2e-4).ticks()][1] == "5e-5"


def test_a_line_goes_from_the_first_step_to_the_last() -> None:
    """Step 50 of 100 is half way; a value that was not measured is passed over."""
    series = [("loss", [(0, 4.0), (50, 2.0), (75, None), (100, 0.0)])]
    (line,) = step_lines(series, linear_scale(0, 4), 100, str)
    assert line.path == f"M{LEFT}.0 {TOP}.0 L340.0 144.0 L{RIGHT}.0 {FLOOR}.0"
    assert [point.words for point in line.points] == [
        "step 0: 4.0",
        "step 50: 2.0",
        "step 100: 0.0",
    ]


def test_what_has_no_place_breaks_the_line_and_is_counted() -> None:
    """On a logarithmic axis a value at or below 0."""
    series = [("loss", [(1, 1.0), (2, -1.0), (3, 0.1), (4, 0.01)])]
    scale = LogScale(-2, 0)
    (line,) = step_lines(series, scale, 4, str)
    assert line.path.count("M") == 2
    assert len(line.points) == 3
    assert not_drawn(series, scale) == 1


def test_a_long_line_is_thinned_and_keeps_its_end() -> None:
    """400 of 100,000 points, the first and the last among them; eight have marks."""
    series = [("loss", [(step, 1.0) for step in range(100_001)])]
    (line,) = step_lines(series, linear_scale(0, 1), 100_000, str)
    assert line.path.count("L") + 1 == 400
    assert line.path.startswith(f"M{LEFT}.0 ")
    assert line.path.endswith(f"L{RIGHT}.0 {TOP}.0")
    assert len(line.points) == 8
    assert chosen(3, 20) == [0, 1, 2]
    assert chosen(100, 3) == [0, 49, 99]


def test_steps_have_round_ticks() -> None:
    """0 to 20,000 in 5,000s; a training of one step, or none, has an axis too."""
    assert [label for _, label in step_ticks(20_000)] == ["0", "5K", "10K", "15K", "20K"]
    assert step_ticks(20_000)[-1][0] == RIGHT
    assert [label for _, label in step_ticks(1)] == ["0", "1"]
    assert [label for _, label in step_ticks(0)] == ["0"]


def test_the_loss_stands_with_its_terms_and_others_alone() -> None:
    """An objective's own terms belong to the loss; sparsity is linear, for it may be below 0."""
    found = record(pruned(), dense())
    series = {**found.curves.series, "triplet": found.curves.series["hidden"]}
    curves = found.curves.model_copy(update={"series": series})
    charts = {c.title: c for c in curve_charts(found.model_copy(update={"curves": curves}))}
    loss = charts["Loss and its terms"]
    assert [line.name for line in loss.lines] == ["loss", "hidden", "logits", "triplet"]
    assert loss.is_logarithmic
    assert not charts["The loss's term for sparsity"].is_logarithmic
    shares = charts["Sparsity of the blocks"]
    assert [line.name for line in shares.lines] == ["expected sparsity", "target sparsity"]
    assert [label for _, label in shares.y_ticks] == ["0", "20", "40", "60", "80", "100"]
    assert charts["Divergence on held-out utterances"].is_logarithmic


def test_masks_have_a_line_for_each_block() -> None:
    """From 100 % down to 25 % and to nothing; in words for who does not see it."""
    masks = MaskCurves(steps=(10, 20), means={"value_output": ((1.0, 1.0), (0.25, 0.0))})
    (chart,) = mask_charts(masks)
    assert chart.title == "Value and output dimensions"
    assert [line.path for line in chart.lines] == [
        f"M340.0 {TOP}.0 L{RIGHT}.0 210.0",
        f"M340.0 {TOP}.0 L{RIGHT}.0 {FLOOR}.0",
    ]
    assert chart.words.endswith("each of 2 blocks; at the end 0.0 to 25.0 per cent")
    assert mask_rows(masks) == (["block", "value/output %"], [["0", "25.0"], ["1", "0.0"]])
    assert mask_charts(None) == ()


def test_bars_are_as_high_as_what_is_left() -> None:
    """Of 8 dimensions 3 and 1 are left in two heads: an eighth of 264 units each."""
    after = Structure(
        blocks=(BlockStructure(query_key=(2, 0), value_output=(3, 1), feed_forward=0),)
    )
    before = Structure(
        blocks=(BlockStructure(query_key=(4, 4), value_output=(4, 4), feed_forward=8),)
    )
    queries, values, inner = width_charts(block_widths(after, before))
    (bar,) = values.bars
    assert [part.height for part in bar.parts] == [99.0, 33.0]
    assert [part.y for part in bar.parts] == [177.0, 144.0]
    assert bar.outline_y == TOP
    assert bar.words == "block 0: 4/8 in 2 heads"
    assert [label for _, label in values.y_ticks] == ["0", "2", "4", "6", "8"]
    assert len(queries.bars[0].parts) == 1
    assert inner.bars[0].parts == ()
    (alone, *_) = width_charts(block_widths(after, None))
    assert alone.bars[0].outline_y is None
    assert width_charts(()) == ()


def test_the_table_of_curves_takes_steps_with_a_divergence() -> None:
    """Three of five steps were measured; shares are in per cent, and what is unknown is last."""
    curves = Curves(
        steps=(1, 2, 3, 4, 5),
        series={
            "odd": (1.0,) * 5,
            "divergence": (None, 0.5, 0.0, None, 0.25),
            "expected_sparsity": (0.1, 0.2, 0.3, 0.4, 0.5),
            "loss": (5.0, 4.0, 3.0, 2.0, None),
            "sparsity": (0.5, 0.6, 0.7, 0.8, None),  # the loss's term, no share
            "ctc": (None,) * 5,
        },
    )
    heads, rows = curve_rows(curves)
    assert heads == ["step", "loss", "sparsity loss", "expected sparsity %", "divergence", "odd"]
    assert rows == [
        ["2", "4", "0.6", "20.0", "0.5", "1"],
        ["3", "3", "0.7", "30.0", "0", "1"],
        ["5", "-", "-", "50.0", "0.25", "1"],
    ]

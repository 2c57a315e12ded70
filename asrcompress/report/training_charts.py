"""A training's curves as pictures: loss, sparsity, divergence, and the means of masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from asrcompress.core.training_record import Curves, MaskCurves, TrainingRecord
from asrcompress.report.curve_table import MASK_NAMES, mask_names, series_names
from asrcompress.report.step_charts import (
    SHARES,
    LogScale,
    Series,
    StepChart,
    linear_scale,
    not_drawn,
    scale_for,
    step_lines,
    step_ticks,
)
from asrcompress.report.training_facts import significant
from asrcompress.report.wording import count_of, list_names, percent

_SPARSITIES = ("expected_sparsity", "target_sparsity")
_ALONE = ("sparsity", *_SPARSITIES, "divergence", "learning_rate")
MASK_TITLES = {
    "attention": "Attention as a whole (z of MHA)",
    "feed_forward": "Feed-forward as a whole (z of FFN)",
    "query_key": "Query and key dimensions",
    "value_output": "Value and output dimensions",
    "intermediate": "Feed-forward dimensions",
}


def curve_charts(record: TrainingRecord) -> tuple[StepChart, ...]:
    """The loss with its terms, and each other curve that was measured."""
    curves = record.curves
    terms = [name for name in series_names(curves) if name not in _ALONE]
    found = (
        _value_chart(curves, "Loss and its terms", terms),
        _value_chart(curves, "The loss's term for sparsity", ["sparsity"], may_be_log=False),
        _share_chart(curves, "Sparsity of the blocks", _SPARSITIES),
        _value_chart(curves, "Divergence on held-out utterances", ["divergence"], "nats a frame"),
        _value_chart(curves, "Learning rate", ["learning_rate"], may_be_log=False),
    )
    return tuple(chart for chart in found if chart is not None)


def mask_charts(masks: MaskCurves | None) -> tuple[StepChart, ...]:
    """The means of each kind of mask, a line a block; Wang et al. (2023), Figure 3a."""
    if masks is None:
        return ()
    return tuple(_mask_chart(masks, name) for name in mask_names(masks))


def _value_chart(
    curves: Curves, title: str, names: Sequence[str], unit: str = "", *, may_be_log: bool = True
) -> StepChart | None:
    series = _series_of(curves, names)
    values = [value for _, points in series for _, value in points if value is not None]
    if not values:
        return None
    scale = scale_for(values) if may_be_log else linear_scale(min(0.0, *values), max(0.0, *values))
    last = max(curves.steps)
    return StepChart(
        title=title,
        unit=unit,
        words=f"{title}: {list_names(_ends(series, significant))}",
        x_ticks=step_ticks(last),
        y_ticks=scale.ticks(),
        lines=step_lines(series, scale, last, significant),
        is_logarithmic=isinstance(scale, LogScale),
        left_out=not_drawn(series, scale),
    )


def _share_chart(curves: Curves, title: str, names: Sequence[str]) -> StepChart | None:
    series = _series_of(curves, names)
    if not series:
        return None
    last = max(curves.steps)
    return StepChart(
        title=title,
        unit="%",
        words=f"{title} in per cent: {list_names(_ends(series, percent))}",
        x_ticks=step_ticks(last),
        y_ticks=SHARES.ticks(),
        lines=step_lines(series, SHARES, last, _percent_words),
    )


def _mask_chart(masks: MaskCurves, name: str) -> StepChart:
    means = masks.means[name]
    blocks = min(map(len, means))
    series: list[tuple[str, Series]] = [
        (f"block {block}", [(s, row[block]) for s, row in zip(masks.steps, means, strict=True)])
        for block in range(blocks)
    ]
    ends = means[-1]
    last = max(masks.steps)
    title = MASK_TITLES.get(name, MASK_NAMES.get(name, name))
    return StepChart(
        title=title,
        unit="%",
        words=(
            f"{title}: mean probability of being kept in each of {count_of(blocks, 'block')}; "
            f"at the end {percent(min(ends))} to {percent(max(ends))} per cent"
        ),
        x_ticks=step_ticks(last),
        y_ticks=SHARES.ticks(),
        lines=step_lines(series, SHARES, last, _percent_words),
    )


def _series_of(curves: Curves, names: Iterable[str]) -> list[tuple[str, Series]]:
    """The curves that were measured, under the names that people read."""
    measured = series_names(curves)
    return [
        (name.replace("_", " "), list(zip(curves.steps, curves.series[name], strict=True)))
        for name in names
        if name in measured
    ]


def _ends(series: Iterable[tuple[str, Series]], words: Callable[[float], str]) -> Iterator[str]:
    """loss from 1.42 to 0.031."""
    for name, points in series:
        values = [value for _, value in points if value is not None]
        yield f"{name} from {words(values[0])} to {words(values[-1])}"


def _percent_words(share: float) -> str:
    return f"{percent(share)} %"

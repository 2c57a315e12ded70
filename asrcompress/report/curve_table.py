"""A training's curves as a table of few rows, for who reads numbers rather than pictures."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.core.training_record import Curves, MaskCurves
from asrcompress.report.training_facts import significant
from asrcompress.report.wording import NOT_RUN, percent

MOST_ROWS = 20
SHARES = ("expected_sparsity", "target_sparsity")
_FIRST = ("loss", "hidden", "cosine", "logits", "ctc", "sparsity", *SHARES, "divergence")
_TITLES = {"sparsity": "sparsity loss"}  # not to be taken for the share of weights that go
MASK_NAMES = {
    "attention": "attention",
    "query_key": "query/key",
    "value_output": "value/output",
    "feed_forward": "feed-forward",
    "intermediate": "feed-forward width",
}


def series_names(curves: Curves) -> list[str]:
    """The curves that have a value: the loss and its terms first, unknown ones last."""
    named = [name for name in curves.series if _has_values(curves, name)]
    known = [name for name in _FIRST if name in named]
    return [*known, *(name for name in named if name not in known)]


def series_title(name: str) -> str:
    """expected_sparsity: expected sparsity %."""
    words = _TITLES.get(name, name.replace("_", " "))
    return f"{words} %" if name in SHARES else words


def curve_rows(curves: Curves) -> tuple[list[str], list[list[str]]]:
    """(heads, rows): some of the steps, the last of them among these.

    They are steps at which the divergence was measured, where it was; it takes long, so that most
    steps are without.
    """
    names = series_names(curves)
    heads = ["step", *map(series_title, names)]
    divergences = curves.series.get("divergence", ())
    measured = [at for at, value in enumerate(divergences) if value is not None]
    places = measured if len(measured) > 1 else list(range(len(curves.steps)))
    rows = []
    for at in (places[index] for index in chosen(len(places), MOST_ROWS)):
        cells = [_cell(name, curves.series[name][at]) for name in names]
        rows.append([f"{curves.steps[at]:,}", *cells])
    return heads, rows


def mask_rows(masks: MaskCurves) -> tuple[list[str], list[list[str]]]:
    """(heads, rows): each block's means at the last step, in per cent."""
    names = mask_names(masks)
    last = {name: masks.means[name][-1] for name in names}
    heads = ["block", *(f"{MASK_NAMES.get(name, name)} %" for name in names)]
    blocks = max((len(last[name]) for name in names), default=0)
    rows = [
        [
            str(block),
            *(percent(last[name][block]) if block < len(last[name]) else NOT_RUN for name in names),
        ]
        for block in range(blocks)
    ]
    return heads, rows


def mask_names(masks: MaskCurves) -> list[str]:
    """The masks that were measured, whole sublayers before their dimensions."""
    return list(_ordered(masks))


def chosen(count: int, most: int) -> list[int]:
    """At most so many places of `count`, evenly from the end back."""
    if count <= most:
        return list(range(count))
    return sorted({count - 1 - round(index * (count - 1) / (most - 1)) for index in range(most)})


def _ordered(masks: MaskCurves) -> Iterator[str]:
    there = [name for name, steps in masks.means.items() if steps and all(steps)]
    first = ("attention", "feed_forward")
    yield from (name for name in first if name in there)
    yield from (name for name in there if name not in first)


def _has_values(curves: Curves, name: str) -> bool:
    return any(value is not None for value in curves.series[name])


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return NOT_RUN
    return percent(value) if name in SHARES else significant(value)

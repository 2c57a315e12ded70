"""A paper's figures beside what was measured."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from asrcompress.report.console import Matrix, text
from asrcompress.report.published import PublishedRow
from asrcompress.report.view import View
from asrcompress.report.wording import NOT_RUN, percent, percent_interval, points

_HEADS = ("paper", "here", "interval", "points")


def published_renderables(view: View) -> list[RenderableType]:
    """The table, and where the set-ups differ; nothing without a paper."""
    published = view.results.published
    if published is None:
        return []
    rows = view.published
    leads = [
        ("source", [row.source for row in rows]),
        ("artefact", [row.artefact for row in rows]),
        ("where", [row.place for row in rows]),
    ]
    numbers = zip(*map(_numbers, rows), strict=True)
    columns = [(head, list(map(text, cells))) for head, cells in zip(_HEADS, numbers, strict=True)]
    title = f"WER % in {published.paper}, and as measured here"
    table = Matrix(title, leads, columns, names=len(leads))
    if not published.differences:
        return [table]
    lines = [text("Where the set-ups differ:"), *(text(f"- {x}") for x in published.differences)]
    return [table, Text("\n").join(lines)]


def _numbers(row: PublishedRow) -> list[str]:
    if row.measured is None:
        return [percent(row.published), NOT_RUN, NOT_RUN, NOT_RUN]
    interval = percent_interval(row.interval) if row.interval else NOT_RUN
    return [percent(row.published), percent(row.measured), interval, points(row.difference)]

"""A paper's figures beside what was measured."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from asrcompress.report.console import add_column, new_table, text
from asrcompress.report.published import PublishedRow
from asrcompress.report.view import View
from asrcompress.report.wording import NOT_RUN, percent, percent_interval, points


def published_renderables(view: View) -> list[RenderableType]:
    """The table, and where the set-ups differ; nothing without a paper."""
    published = view.results.published
    if published is None:
        return []
    table = new_table(f"WER % in {published.paper}, and as measured here")
    for head in ("source", "artefact", "where"):
        add_column(table, head, is_number=False)
    for head in ("paper", "here", "interval", "points"):
        add_column(table, head)
    for row in view.published:
        table.add_row(*map(text, [row.source, row.artefact, row.place, *_numbers(row)]))
    if not published.differences:
        return [table]
    lines = [text("Where the set-ups differ:"), *(text(f"- {x}") for x in published.differences)]
    return [table, Text("\n").join(lines)]


def _numbers(row: PublishedRow) -> list[str]:
    if row.measured is None:
        return [percent(row.published), NOT_RUN, NOT_RUN, NOT_RUN]
    interval = percent_interval(row.interval) if row.interval else NOT_RUN
    return [percent(row.published), percent(row.measured), interval, points(row.difference)]

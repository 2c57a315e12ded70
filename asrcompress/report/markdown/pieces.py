"""Markdown tables and folds; a name or a transcript is shown as it is and never acts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asrcompress.core.errors import one_line
from asrcompress.core.results import CellResult, MarginResult
from asrcompress.report.wording import DOCUMENT_MARKS, NOT_RUN, percent

_PUNCTUATION = re.compile(r"([\\`*_\[\]|~])")
_REFERENCES = re.compile(r"([@#])(?=\w)")  # would notify a person or link an issue
_ADDRESSES = re.compile(r"(?<=\w)(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)  # would become links


def escape(text: str) -> str:
    """A text that Markdown shows as it is: one line, no HTML, no pipes, no mentions, no links."""
    return _PUNCTUATION.sub(r"\\\1", escape_html(text))


def escape_html(text: str) -> str:
    """The same for a line of HTML, where Markdown's own marks mean nothing."""
    line = one_line(text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _REFERENCES.sub(r"\1&#8203;", line)
    return _ADDRESSES.sub(lambda found: f"{found.group(0)}&#8203;", line)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, names: int = 1) -> str:
    """A table of cells that are escaped already; names: how many first columns are no numbers."""
    rule = [*["---"] * names, *["---:"] * (len(header) - names)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])


def details(title: str, body: str) -> str:
    """A part folded away; the title is escaped here."""
    return f"<details><summary>{escape_html(title)}</summary>\n\n{body}\n\n</details>"


def wer(scored: CellResult | MarginResult | None) -> str:
    """A WER with its verdict's mark."""
    if scored is None:
        return NOT_RUN
    mark = f" {DOCUMENT_MARKS[scored.comparison.verdict]}" if scored.comparison else ""
    return percent(scored.words.rate) + mark

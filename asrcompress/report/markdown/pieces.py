"""Markdown tables and folds; a name or a transcript is shown as it is and never acts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asrcompress.core.errors import one_line, shortened
from asrcompress.core.results import CellResult, MarginResult
from asrcompress.report.wording import DOCUMENT_MARKS, NOT_RUN, percent

_PUNCTUATION = re.compile(r"([\\`*_\[\]|~])")
# What begins a mention, an issue, a merge request, a label, an emoji or a link on GitHub or GitLab,
# which look for them in what is shown: a space of no width after it is all that stops them.
_REFERENCES = re.compile(
    r"([@#!%&$~^])(?=[\w\"'])|(:)(?=//|[\w+-]+(?::|$))|(www)(?=\.)|(gh-)(?=\d)", re.IGNORECASE
)
_NO_WIDTH = "\u200b"  # in no text of ours: `one_line` replaces it
_DOLLAR = "<span>$</span>"  # as GitHub's manual has it: two bare ones would be a formula
_LEAD = re.compile(r"^(\d*)(?=[#+\-=/.)])")  # would begin a heading, a list or a command
_LONGEST_NAME = 60
_LONGEST_TEXT = 2_000


def escape(text: str) -> str:
    """A text that Markdown shows as it is: one line, no HTML, no pipes, no mentions, no links.

    What is very long has its middle left out, and says so.
    """
    return _PUNCTUATION.sub(r"\\\1", escape_html(text))


def line(text: str) -> str:
    """The same at the start of a line, where more has a meaning: headings, lists, commands."""
    return _LEAD.sub(r"\1\\", escape(text))


def name(text: str) -> str:
    """The name of an artefact or a condition, for a cell or a head; short, see `escape`."""
    return escape(shortened(one_line(text), _LONGEST_NAME))


def escape_html(text: str) -> str:
    """The same for a line of HTML, where Markdown's own marks mean nothing."""
    shown = shortened(one_line(text), _LONGEST_TEXT)
    shown = _REFERENCES.sub(lambda found: found.group(0) + _NO_WIDTH, shown)
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shown.replace("$", _DOLLAR).replace(_NO_WIDTH, "&#8203;")


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

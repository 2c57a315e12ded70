"""Tidy tables as CSV: the same bytes for the same results, and nothing a spreadsheet would run.

A text that a spreadsheet could take for a formula has an apostrophe before its first character, as
OWASP advises: one that begins with = + - @ (of any width), a tab or a line break, after spaces and
quotes or none. So has one that begins with an apostrophe, so that `original` gives back what was
there: it takes one apostrophe away. The same holds after a semicolon, tab or line break within a
text, where a spreadsheet with other separators may begin a cell. Numbers are never marked.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_START = r"(^|[;\t\r\n])"  # of a cell, whatever the reader takes for a separator
_ACTIVE = re.compile(_START + r"(?='|[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_MARKED = re.compile(_START + "'")
_DECIMALS = 6
_P_DIGITS = 6  # significant ones: a small p-value is not 0

Value = str | int | float | None


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """The table; empty where undefined."""
    lines = [_line(columns), *(_line([_safe(value) for value in row]) for row in rows)]
    return "".join(lines)


def _line(row: Sequence[Value]) -> str:
    """A row that ends in a line feed; the writer quotes texts with a character of its own end."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"


def rounded(value: float | None) -> float | None:
    """A rate or a difference, as a fraction, to six decimals."""
    return None if value is None else round(value, _DECIMALS)


def rounded_p(value: float | None) -> float | None:
    """A p-value to six significant digits."""
    return None if value is None else float(f"{value:.{_P_DIGITS}g}")


def harmless(text: str) -> str:
    """The text with an apostrophe where a spreadsheet would evaluate what follows."""
    return _ACTIVE.sub(r"\1'", text)


def original(cell: str) -> str:
    """The text that `harmless` made the cell of."""
    return _MARKED.sub(r"\1", cell)


def _safe(value: Value) -> Value:
    return harmless(value) if isinstance(value, str) else value

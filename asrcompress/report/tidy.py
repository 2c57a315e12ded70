"""Tidy tables as CSV: the same bytes for the same results, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would evaluate
_DECIMALS = 6
_P_DIGITS = 6  # significant ones: a small p-value is not 0

Value = str | int | float | None


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """The table; empty where undefined."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return text.getvalue()


def rounded(value: float | None) -> float | None:
    """A rate or a difference, as a fraction, to six decimals."""
    return None if value is None else round(value, _DECIMALS)


def rounded_p(value: float | None) -> float | None:
    """A p-value to six significant digits."""
    return None if value is None else float(f"{value:.{_P_DIGITS}g}")


def _safe(value: Value) -> Value:
    """The value, a text marked so that a spreadsheet will not run it; numbers stay."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value

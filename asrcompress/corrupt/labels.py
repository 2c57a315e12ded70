"""Numbers as they stand in the names of conditions."""

from __future__ import annotations


def decimal(value: float) -> str:
    """A number with all digits that any decimal keeps, without binary noise; -0 is 0."""
    return f"{value + 0.0:.15g}"

"""Sizes as people write them."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)
_MOST_BYTES = 1 << 60  # no file is larger


def size_bytes(text: str) -> int:
    """The bytes of, for example, "150MB", "8.3 MB", "120 MiB" or "2000000".

    Raises:
        ValueError: it is no such size, less than a byte, or more than any file has.
    """
    found = _SIZE.fullmatch(text)
    unit = _UNITS.get(found.group(2).lower()) if found else None
    size = int(Decimal(found.group(1)) * unit) if found and unit is not None else 0
    if not 1 <= size <= _MOST_BYTES:
        raise ValueError(f"{text!r} is no size; expected one such as 150MB, 8.3 MB or 120 MiB")
    return size


def size_text(size_bytes: int) -> str:
    """For example "8.30 MB", with three digits that count."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= 0.9995 * factor:  # what three digits round up to the unit
            return f"{size_bytes / factor:#.3g} {unit}".replace(". ", " ")
    return f"{size_bytes} bytes"

"""Whether others wanted the processor meanwhile, as Linux counts it."""

from __future__ import annotations

import re
from pathlib import Path

_CPU = "proc/pressure/cpu"  # Documentation/accounting/psi.rst of Linux, since 4.20
_SOME = re.compile(r"^some .*total=(\d+)$", re.MULTILINE)


def waited_s(root: Path = Path("/")) -> float | None:
    """Seconds so far in which some task was ready and had no processor; None where untold."""
    try:
        text = (root / _CPU).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = _SOME.search(text)
    return int(found[1]) / 1e6 if found else None

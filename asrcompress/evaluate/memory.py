"""How much memory this process takes, and how much it took at most, in bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from asrcompress.core.errors import InputError

_STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """The resident set now; where the system does not tell, the largest one so far.

    Raises:
        InputError: the system tells neither, as Windows.
    """
    return _from_status("VmRSS") or _largest_bytes()


def peak_resident_bytes() -> int:
    """The largest resident set so far.

    Linux's ru_maxrss will not do: it survives exec, so that a child of a large parent starts with
    the parent's peak. VmHWM belongs to the program itself.

    Raises:
        InputError: the system does not tell, as Windows.
    """
    return _from_status("VmHWM") or _largest_bytes()


def _from_status(name: str) -> int | None:
    """A line of /proc/self/status such as `VmHWM:  12345 kB`; None on other systems."""
    if not _STATUS.is_file():
        return None
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def _largest_bytes() -> int:
    try:
        import resource
    except ImportError:
        raise InputError(
            "cannot measure memory on this system",
            got=sys.platform,
            expected="Linux or macOS",
            next_step="leave the cost out with measure_cost: false (--no-cost)",
        ) from None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024  # macOS counts bytes

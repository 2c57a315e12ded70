"""What a container or a service may use of its machine: Linux control groups, versions 1 and 2.

Kernel documentation: admin-guide/cgroup-v2.rst (cpu.max, memory.max) and, for version 1,
scheduler/sched-bwc.rst and admin-guide/cgroup-v1/memory.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest limits of a process's groups; None where there is none.

    cores: processor time a second of wall time, for example 1.5.
    """

    cores: float | None
    memory_bytes: int | None


def read_limits(root: Path) -> Limits:
    """The limits of the process that `root`/proc/self tells of."""
    folders = [folder for group in _groups(root) for folder in _folders(root, *group)]
    cores = [found for found in map(_cores, folders) if found is not None]
    memory = [found for found in map(_memory, folders) if found is not None]
    return Limits(min(cores, default=None), min(memory, default=None))


def _groups(root: Path) -> Iterator[tuple[tuple[str, ...], PurePosixPath]]:
    """The controllers and the path of each group; version 2 names no controllers."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon and ".." not in PurePosixPath(path).parts:  # outside of what can be seen here
            yield tuple(filter(None, controllers.split(","))), PurePosixPath(path)


def _folders(root: Path, controllers: tuple[str, ...], path: PurePosixPath) -> Iterator[Path]:
    """A group's folder and those above it, whose limits hold for it too.

    A container may see its own group as the top one, under the path of the host; then only the
    top is there.
    """
    mounts = [*controllers, ",".join(controllers)] if controllers else ["", "unified"]
    for mount in mounts:
        top = root / "sys/fs/cgroup" / mount
        inside = path.relative_to("/") if path.is_absolute() else path
        yield from (top / part for part in (inside, *inside.parents))


def _cores(folder: Path) -> float | None:
    """cpu.max is "quota period" in microseconds, or "max period"; a quota of -1 is none."""
    quota, _, period = _text(folder / "cpu.max").strip().partition(" ")
    if not quota:
        quota = _text(folder / "cpu.cfs_quota_us").strip()
        period = _text(folder / "cpu.cfs_period_us").strip()
    if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
        return int(quota) / int(period)
    return None


def _memory(folder: Path) -> int | None:
    """memory.max is bytes or "max"; without a limit, version 1 says more bytes than any machine."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        text = _text(folder / name).strip()
        if text.isdecimal() and int(text) > 0:
            return int(text)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

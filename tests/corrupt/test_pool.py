"""The pool's processes end with their parent, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Waits a tenth of a second for no signal, 3000 times.
_LONG_WORK = """
import signal
from asrcompress.corrupt.pool import mapped

if __name__ == "__main__":
    work = mapped(signal.sigtimedwait, [], [0.1] * 3000, workers=2, audio_s=1e9)
    next(work)
    print("begun", flush=True)
    list(work)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes as on Linux")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Each holds both ends of the pipe of its work, so that the pipe's end would tell nothing."""
    script = tmp_path / "work.py"
    script.write_text(_LONG_WORK, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        workers = [number for number in _processes() if _parent_of(number) == parent.pid]
        assert len(workers) >= 2
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(_parent_of(number) for number in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_parent_of(number) for number in workers)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _parent_of(process: int) -> int | None:
    """None for one that has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[1])

"""The process's memory, against an allocation of known size, and free of its parent's peak."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.evaluate import memory

LARGE_BYTES = 200 << 20
_CHILD = "from asrcompress.evaluate.memory import peak_resident_bytes as p; print(p())"


def test_peak_remembers_what_was_freed() -> None:
    """200 MB used and freed raise the peak, which stays above what is resident then."""
    block = np.ones(LARGE_BYTES, dtype=np.uint8)
    held_bytes = memory.resident_bytes()
    del block
    assert held_bytes >= LARGE_BYTES
    assert memory.resident_bytes() < held_bytes - LARGE_BYTES // 2
    # Linux counts pages in batches a processor: the two lines differ by some hundred kilobytes
    assert memory.peak_resident_bytes() >= held_bytes - (1 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="the system's ru_maxrss is all there is")
def test_a_child_does_not_inherit_its_parents_peak() -> None:
    """A parent of 200 MB more does not show in a small child, as it would in ru_maxrss."""
    block = np.ones(LARGE_BYTES, dtype=np.uint8)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < LARGE_BYTES <= block.nbytes


def test_without_proc_the_largest_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no /proc, kilobytes of ru_maxrss; on macOS they are bytes."""
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(memory.sys, "platform", "linux")
    assert memory.resident_bytes() == pytest.approx(largest * 1024, rel=0.01)
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.resident_bytes() == pytest.approx(largest, rel=0.01)


def test_a_system_that_does_not_tell_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Windows has neither /proc nor the module resource: one line, not an import error."""
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "resource", None)
    with pytest.raises(InputError, match=r"cannot measure memory.*measure_cost: false \(--no-cost"):
        memory.peak_resident_bytes()

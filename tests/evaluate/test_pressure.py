"""The time that tasks waited for a processor, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

from asrcompress.evaluate.pressure import waited_s

TEXT = """\
some avg10=94.64 avg60=93.32 avg300=87.58 total=18003172483
full avg10=0.00 avg60=0.00 avg300=0.00 total=7
"""


def test_microseconds_of_some(tmp_path: Path) -> None:
    (tmp_path / "proc" / "pressure").mkdir(parents=True)
    (tmp_path / "proc" / "pressure" / "cpu").write_text(TEXT)
    assert waited_s(tmp_path) == 18003.172483


def test_other_systems_do_not_tell(tmp_path: Path) -> None:
    assert waited_s(tmp_path) is None
    (tmp_path / "proc" / "pressure").mkdir(parents=True)
    (tmp_path / "proc" / "pressure" / "cpu").write_text("unknown\n")
    assert waited_s(tmp_path) is None

"""The folder of a single compression's calibration audio."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from asrcompress.audit.calibration import CalibrationSource
from asrcompress.audit.temporary import temporary_calibration
from asrcompress.compress import read_options
from asrcompress.core.errors import InputError, OutputError

MIXED = read_options({"mixed": True, "target_ratio": 0.5})


def test_no_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to do, before any audio is read."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with (
        pytest.raises(OutputError, match=r"temporary files; got No such file .*; name a .* TMPDIR"),
        temporary_calibration(CalibrationSource("nosuch"), MIXED),
    ):
        pass


def test_audio_that_nothing_listens_to() -> None:
    """Refused before it is looked for."""
    with (
        pytest.raises(InputError, match="no method listens to audio: nosuch; add mixed"),
        temporary_calibration(CalibrationSource("nosuch"), read_options({"bits": 8})),
    ):
        pass


def test_no_audio_at_all() -> None:
    """Methods that measure refuse that themselves."""
    with temporary_calibration(None, MIXED) as heard:
        assert heard == ()

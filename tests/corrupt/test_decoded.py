"""Decoded audio is kept: read once, in bounded memory, and anew when the file changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio_stream import Span
from asrcompress.corrupt import decoded
from asrcompress.corrupt.decoded import duration_s, read_kept
from tests.corrupt.corpora import RATE_HZ


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    decoded._kept.clear()


def _write(path: Path, seconds: float, level: float = 0.5) -> Path:
    soundfile.write(path, np.full(round(seconds * RATE_HZ), level), RATE_HZ, subtype="FLOAT")
    return path


def test_a_part_is_decoded_once(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", 1.0)
    assert read_kept(path, Span(0.1, 0.2)) is read_kept(path, Span(0.1, 0.2))
    assert len(read_kept(path, Span(0.1, 0.2))) == 3200
    assert len(read_kept(path)) == RATE_HZ


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", 1.0)
    before = (read_kept(path)[0], duration_s(path))
    _write(path, 0.5, level=0.25)
    assert (before, (read_kept(path)[0], duration_s(path))) == ((0.5, 1.0), (0.25, 0.5))


def test_memory_is_bounded_and_the_longest_unused_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_bytes = 4 * RATE_HZ
    monkeypatch.setattr(decoded, "_LIMIT_BYTES", 3 * second_bytes)
    monkeypatch.setattr(decoded, "_LARGEST_BYTES", second_bytes)
    paths = [_write(tmp_path / f"{number}.wav", 1.0) for number in range(4)]
    first = [read_kept(path) for path in paths[:3]]
    assert read_kept(paths[0]) is first[0]
    read_kept(paths[3])
    assert sum(samples.nbytes for samples in decoded._kept.values()) == 3 * second_bytes
    assert read_kept(paths[0]) is first[0]
    assert read_kept(paths[1]) is not first[1]


def test_what_would_drive_out_all_else_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "_LARGEST_BYTES", 1000)
    path = _write(tmp_path / "a.wav", 1.0)
    assert len(read_kept(path)) == RATE_HZ
    assert not decoded._kept

"""Files in memory: what is read never depends on what was read before."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio import read_span
from asrcompress.core.errors import InputError
from asrcompress.corrupt import sound_bank
from asrcompress.corrupt.folders import LibraryFile
from asrcompress.corrupt.sound_bank import SoundBank, draw_audible


@pytest.fixture
def files(tmp_path: Path) -> list[LibraryFile]:
    """Three files of a second each, of two channels at 16 kHz."""
    generator = np.random.default_rng(0)
    made = []
    for number in range(3):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, 0.1 * generator.standard_normal((16_000, 2)), 16_000)
        made.append(LibraryFile(path.name, path, "any"))
    return made


def test_as_many_as_fit_are_read_once(
    files: list[LibraryFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is of bytes as decoded; of the rest every read is anew, and the same."""
    read: list[Path] = []

    def remembered(path: Path, *arguments: object) -> np.ndarray:
        read.append(path)
        return read_span(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sound_bank, "read_span", remembered)
    bank = SoundBank(files, 16_000, channel=0, limit_bytes=2 * 64_000)
    assert [bank.is_kept(file) for file in files] == [True, True, False]
    first = [bank.whole(file) for file in files]
    again = [bank.whole(file) for file in files]
    assert [path.name for path in read] == ["0.wav", "1.wav", "2.wav", "2.wav"]
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a, b)


def test_channel_rate_and_part(files: list[LibraryFile]) -> None:
    """The first channel of an array, at the rate asked for; a part is cut from it."""
    stereo, _ = soundfile.read(files[0].path, dtype="float32")
    bank = SoundBank(files, 16_000, channel=0)
    assert np.array_equal(bank.whole(files[0]), stereo[:, 0])
    assert np.array_equal(bank.part(files[0], 0.25, 0.5), stereo[4000:12_000, 0])
    assert len(SoundBank(files, 8000, channel=0).whole(files[0])) == 8000


def test_what_is_shared_cannot_be_changed(files: list[LibraryFile]) -> None:
    """Samples that stay in memory are read-only."""
    samples = SoundBank(files, 16_000).whole(files[0])
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1.0


def test_silent_files_are_told_and_passed_over(
    files: list[LibraryFile], caplog: pytest.LogCaptureFixture
) -> None:
    """Once each; where all are silent it is an error, not an endless search."""
    soundfile.write(files[1].path, np.zeros(16_000), 16_000)
    bank = SoundBank(files, 16_000, channel=0)
    generator = np.random.default_rng(1)
    with caplog.at_level(logging.WARNING, "asrcompress"):
        for _ in range(50):
            assert draw_audible(files, generator, bank.whole).any()
    assert [record.getMessage() for record in caplog.records] == [
        f"silent, and not trained with: {files[1].path}"
    ]
    with pytest.raises(InputError, match="silent files"):
        draw_audible(files[1:2], generator, bank.whole)

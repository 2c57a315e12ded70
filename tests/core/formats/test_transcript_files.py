"""Audio files with their texts beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.core.formats import transcript_files


def _audio(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, np.zeros(1600), 16_000)


def test_texts_lie_beside_the_audio(tmp_path: Path) -> None:
    _audio(tmp_path, "b.wav", "a/x.flac")
    (tmp_path / "b.txt").write_text("two  words\nand more\n")
    (tmp_path / "a" / "x.txt").write_text("")
    made = [(one.id, one.text) for one in transcript_files.read(tmp_path)]
    assert made == [("a/x", ""), ("b", "two words and more")]


def test_without_any_text_there_are_no_references(tmp_path: Path) -> None:
    _audio(tmp_path, "a.wav", "b.wav")
    assert [one.text for one in transcript_files.read(tmp_path)] == [None, None]


def test_a_text_that_is_missing_among_others_is_named(tmp_path: Path) -> None:
    _audio(tmp_path, "a.wav", "b.wav")
    (tmp_path / "a.txt").write_text("hi")
    with pytest.raises(InputError, match=r"1 of 2 audio files.*b\.wav; expected b\.txt"):
        list(transcript_files.read(tmp_path))


def test_a_folder_without_audio_is_not_this_format(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    assert not transcript_files.detect(tmp_path)


def test_audio_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    """It is reported with its name and counted, as a damaged file is."""
    _audio(tmp_path, "a.wav")
    (tmp_path / "b.M4A").write_bytes(b"\0\0\0\x20ftypM4A ")
    first, second = transcript_files.read(tmp_path)
    assert len(first.audio()) == 1600
    with pytest.raises(InputError, match=r"not readable as audio: .*b\.M4A; .*expected WAV, FLAC"):
        second.audio()

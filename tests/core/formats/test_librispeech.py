"""LibriSpeech's tree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.core.formats import librispeech


def _chapter(root: Path, speaker: str, chapter: str, text: str) -> Path:
    folder = root / speaker / chapter
    folder.mkdir(parents=True)
    soundfile.write(folder / f"{speaker}-{chapter}-0000.flac", np.zeros(1600), 16_000)
    (folder / f"{speaker}-{chapter}.trans.txt").write_text(text, encoding="utf-8")
    return folder


def test_ids_texts_speakers_and_chapters(tmp_path: Path) -> None:
    _chapter(tmp_path, "84", "7", "84-7-0000 SECOND TEXT\n\n")
    _chapter(tmp_path, "12", "3", "12-3-0000 FIRST\n")
    assert librispeech.detect(tmp_path)
    made = list(librispeech.read(tmp_path))
    assert [(one.id, one.text, one.speaker, one.fields) for one in made] == [
        ("12-3-0000", "FIRST", "12", {"chapter": "3"}),
        ("84-7-0000", "SECOND TEXT", "84", {"chapter": "7"}),
    ]


def test_the_parts_of_a_whole_tree_are_subsets(tmp_path: Path) -> None:
    """Results can be broken down by test-clean and test-other; a part alone is no subset."""
    _chapter(tmp_path / "LibriSpeech" / "test-clean", "84", "7", "84-7-0000 ONE\n")
    _chapter(tmp_path / "LibriSpeech" / "test-other", "12", "3", "12-3-0000 TWO\n")
    for place in (tmp_path / "LibriSpeech", tmp_path):
        subsets = {one.id: one.fields["subset"] for one in librispeech.read(place)}
        assert subsets == {"84-7-0000": "test-clean", "12-3-0000": "test-other"}
    (alone,) = librispeech.read(tmp_path / "LibriSpeech" / "test-clean")
    assert "subset" not in alone.fields


def test_a_line_without_words_is_an_empty_reference(tmp_path: Path) -> None:
    _chapter(tmp_path, "1", "2", "1-2-0000\n")
    assert [one.text for one in librispeech.read(tmp_path)] == [""]


def test_a_transcript_without_audio_is_kept_to_be_counted(tmp_path: Path) -> None:
    folder = _chapter(tmp_path, "1", "2", "1-2-0000 A\n1-2-0001 B\n")
    made = list(librispeech.read(tmp_path))
    assert [one.path for one in made] == [folder / f"1-2-000{n}.flac" for n in (0, 1)]
    with pytest.raises(InputError, match=r"no such audio file: .*1-2-0001\.flac"):
        made[1].audio()


def test_a_path_for_an_id_stays_in_the_tree(tmp_path: Path) -> None:
    """An id is a name; one that leads elsewhere is no utterance of this corpus."""
    soundfile.write(tmp_path / "secret.flac", np.zeros(1600), 16_000)
    _chapter(tmp_path / "tree", "1", "2", "../../../secret A\n")
    with pytest.raises(InputError, match="bad utterance id"):
        list(librispeech.read(tmp_path / "tree"))

"""CSV and TSV tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.formats import table


def _read(folder: Path, text: str, name: str = "metadata.csv") -> list[Utterance]:
    for audio in ("a.wav", "b.wav"):
        soundfile.write(folder / audio, np.zeros(1600), 16_000)
    (folder / name).write_text(text, encoding="utf-8")
    return list(table.read(folder))


def test_audiofolders_columns(tmp_path: Path) -> None:
    (made,) = _read(tmp_path, 'file_name,transcription,accent\na.wav,"one, two",scots\n')
    assert (made.id, made.text, made.fields) == ("a", "one, two", {"accent": "scots"})


def test_a_tsv_with_a_byte_order_mark_seconds_and_speaker(tmp_path: Path) -> None:
    text = "\ufefffile\ttext\tspeaker\tseconds\na.wav\thi\tann\t0.1\nb.wav\t\t\t\n"
    first, second = _read(tmp_path, text, "manifest.tsv")
    assert (first.speaker, first.duration_s, first.text) == ("ann", 0.1, "hi")
    assert (second.speaker, second.duration_s, second.text) == (None, 0.1, "")


def test_without_a_text_column_there_is_no_reference(tmp_path: Path) -> None:
    assert _read(tmp_path, "path\na.wav\n")[0].text is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,text\na.wav,hi\n", "no column names the audio.*got columns name, text"),
        ("", "no column names the audio.*got columns none"),
        ("file,text\na.wav,hi,more\n", r"fit the header: .*metadata\.csv:2"),
        ("file,text\na.wav\n", r"fit the header: .*metadata\.csv:2"),
        ("file,text\n,hi\n", r"fit the header: .*metadata\.csv:2"),
        ('file,text\na.wav,"hi\n', r"not a table: .*metadata\.csv:2; got unexpected end"),
        ('file,text\na.wav,"hi"x\n', r"not a table: .*metadata\.csv:2"),
        ("file,text\n..,hi\n", r"no such audio file: .*metadata\.csv:2"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        _read(tmp_path, text)


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    assert not table.detect(tmp_path)
    with pytest.raises(InputError, match=r"no table.*metadata\.csv"):
        list(table.read(tmp_path))

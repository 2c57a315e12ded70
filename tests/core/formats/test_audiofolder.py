"""Hugging Face's audiofolder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.formats import audiofolder


def _audio(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, np.zeros(1600), 16_000)


def _jsonl(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "metadata.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_metadata_as_json_lines_and_as_csv_say_the_same(tmp_path: Path) -> None:
    _audio(tmp_path / "j", "data/1.wav")
    _audio(tmp_path / "c", "data/1.wav")
    row = {"file_name": "data/1.wav", "transcription": "hi, you", "accent": "scots"}
    _jsonl(tmp_path / "j", row)
    (tmp_path / "c" / "metadata.csv").write_text(
        'file_name,transcription,accent\ndata/1.wav,"hi, you",scots\n'
    )
    for name in "jc":
        assert audiofolder.detect(tmp_path / name) is Evidence.CONTENT
        (made,) = audiofolder.read(tmp_path / name)
        assert made.path == tmp_path / name / "data" / "1.wav"
        assert (made.id, made.text, made.fields) == ("data/1", "hi, you", {"accent": "scots"})


@pytest.mark.parametrize("parent", ["", "data/"])
def test_splits_are_read_together_and_told_apart(tmp_path: Path, parent: str) -> None:
    for split in ("train", "test"):
        _audio(tmp_path / parent / split, "1.wav")
        _jsonl(tmp_path / parent / split, {"file_name": "1.wav", "text": split, "speaker_id": 7})
    assert audiofolder.detect(tmp_path) is Evidence.TREE
    made = list(audiofolder.read(tmp_path))
    assert [(one.id, one.text, one.speaker, one.fields) for one in made] == [
        (f"{parent}{split}/1", split, "7", {"split": f"{parent}{split}"})
        for split in ("test", "train")
    ]
    (one,) = audiofolder.read(tmp_path / parent / "test" / "metadata.jsonl")
    assert (one.id, one.fields) == ("1", {})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"text": "hi"}, r"no column names the audio: .*metadata\.jsonl:1; got columns text"),
        ({"file_name": 3}, r"no column names the audio: .*:1; got 3; expected a path in file_name"),
        ({"file_name": "1.wav", "text": 3}, r"bad text: .*metadata\.jsonl:1; got 3"),
        ({"file_name": "1.wav", "duration": -1}, r"bad duration: .*metadata\.jsonl:1"),
    ],
)
def test_mistakes_are_named_with_their_place(
    tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        list(audiofolder.read(_jsonl(tmp_path, row)))


def test_a_csv_without_the_column_two_files_and_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("name,text\n1.wav,hi\n")
    with pytest.raises(InputError, match=r"no column names the audio: .*got columns name, text"):
        list(audiofolder.read(tmp_path))
    _jsonl(tmp_path, {"file_name": "1.wav"})
    with pytest.raises(InputError, match=r"two metadata files: .*metadata\.csv and metadata\.jso"):
        list(audiofolder.read(tmp_path))
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "metadata.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"metadata in Parquet: .*convert it"):
        list(audiofolder.read(tmp_path / "p"))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"no metadata: .*expected metadata\.csv or"):
        list(audiofolder.read(tmp_path / "none"))

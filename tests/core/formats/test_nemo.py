"""NeMo manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.formats import nemo


def _read(folder: Path, *rows: dict[str, Any]) -> list[Utterance]:
    for name in ("a.wav", "b/a.wav"):
        (folder / name).parent.mkdir(exist_ok=True)
        soundfile.write(folder / name, np.zeros(1600), 16_000)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(nemo.read(folder))


def test_paths_are_relative_to_the_manifest_or_absolute(tmp_path: Path) -> None:
    relative, absolute = _read(
        tmp_path, {"audio_filepath": "b/a.wav"}, {"audio_filepath": str(tmp_path / "a.wav")}
    )
    assert relative.path == tmp_path / "b" / "a.wav"
    assert absolute.path == tmp_path / "a.wav"
    assert relative.text is None


def test_the_id_is_the_column_or_the_path_with_its_offset(tmp_path: Path) -> None:
    made = _read(
        tmp_path,
        {"audio_filepath": "b/a.wav"},
        {"audio_filepath": "a.wav", "offset": 0.5, "duration": 0.1},
        {"audio_filepath": "a.wav", "id": "x"},
        {"audio_filepath": "a.wav", "id": 0},
    )
    assert [one.id for one in made] == ["b/a", "a@0.5", "x", "0"]


def test_an_empty_reference_is_a_reference(tmp_path: Path) -> None:
    assert _read(tmp_path, {"audio_filepath": "a.wav", "text": ""})[0].text == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"text": "hi"}, "no audio_filepath"),
        ({"audio_filepath": 3}, "no audio_filepath"),
        ({"audio_filepath": ""}, "no audio_filepath"),
        ({"audio_filepath": "a.wav", "text": 3}, "bad text.*got 3; expected a string"),
        ({"audio_filepath": "z.wav"}, r"no such audio file.*z\.wav"),
        ({"audio_filepath": ".."}, "no such audio file"),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        _read(tmp_path, {"audio_filepath": "a.wav"}, row)
    assert "manifest.jsonl:2" in str(caught.value)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    assert not nemo.detect(tmp_path)
    with pytest.raises(InputError, match=r"no NeMo manifest.*manifest\.jsonl"):
        list(nemo.read(tmp_path))

"""NeMo manifests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import Utterance
from asrcompress.core.detection import Evidence
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
        ({"audio_filepath": "a\0.wav"}, r"bad file name.*a\\x00\.wav"),
        ({"audio_filepath": "a.wav", "duration": "soon"}, "bad duration.*got 'soon'"),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        _read(tmp_path, {"audio_filepath": "a.wav"}, row)
    assert "manifest.jsonl:2" in str(caught.value)


def test_a_file_that_is_missing_is_kept_to_be_counted(tmp_path: Path) -> None:
    made = _read(tmp_path, {"audio_filepath": "a.wav"}, {"audio_filepath": "z.wav"})
    assert [one.path.name for one in made] == ["a.wav", "z.wav"]


def test_every_further_column_is_a_subgroup_and_a_channels_number_is_not(tmp_path: Path) -> None:
    row = {"audio_filepath": "a.wav", "site": "lab", "take": 2, "channel": 0}
    (made,) = _read(tmp_path, row)
    assert (made.fields, made.channel) == ({"site": "lab", "take": 2}, 0)
    (made,) = _read(tmp_path, {"audio_filepath": "a.wav", "channel": "phone"})
    assert (made.fields, made.channel) == ({"channel": "phone"}, None)


def test_paths_as_windows_writes_them_are_found(tmp_path: Path) -> None:
    assert _read(tmp_path, {"audio_filepath": "b\\a.wav"})[0].path == tmp_path / "b" / "a.wav"


def test_a_compressed_manifest_is_read(tmp_path: Path) -> None:
    _read(tmp_path, {"audio_filepath": "a.wav", "text": "hi"})
    packed = tmp_path / "all.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "manifest.jsonl").read_bytes()))
    assert nemo.detect(packed) is Evidence.CONTENT
    assert [one.text for one in nemo.read(packed)] == ["hi"]
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"cannot read: .*all\.jsonl\.gz"):
        list(nemo.read(packed))


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    assert not nemo.detect(tmp_path)
    with pytest.raises(InputError, match=r"no NeMo manifest.*manifest\.jsonl"):
        list(nemo.read(tmp_path))


def test_absolute_paths_give_ids_that_move_with_the_corpus(tmp_path: Path) -> None:
    """What all paths begin with is no part of an id: the same corpus elsewhere has the same ids."""
    ids = []
    for home in ("here", "there/deeper"):
        folder = tmp_path / home
        (folder / "b").mkdir(parents=True)
        rows = []
        for name in ("a.wav", "b/c.wav"):
            soundfile.write(folder / name, np.zeros(1600), 16_000)
            rows.append(json.dumps({"audio_filepath": str(folder / name), "text": "x"}))
        manifest = tmp_path / f"{home.replace('/', '-')}.jsonl"
        manifest.write_text("\n".join(rows), encoding="utf-8")
        ids.append([utterance.id for utterance in nemo.read(manifest)])
    assert ids == [["a", "b/c"], ["a", "b/c"]]

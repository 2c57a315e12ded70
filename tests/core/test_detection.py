"""The format of a corpus is found by its evidence; a tie is asked about and not guessed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import asrcompress.core.formats as formats
from asrcompress.core.corpus import read_corpus
from asrcompress.core.detection import format_of
from asrcompress.core.errors import InputError
from asrcompress.core.registry import plugin_names

NEMO = {"audio_filepath": "a.wav", "text": "hi"}
FOLDER = {"file_name": "a.wav", "text": "hi"}
RECORDING = {
    "id": "a",
    "sources": [{"type": "file", "channels": [0], "source": "a.wav"}],
    "sampling_rate": 16_000,
    "num_samples": 1600,
    "duration": 0.1,
}
CUT = {
    "id": "c",
    "start": 0.0,
    "duration": 0.1,
    "channel": 0,
    "supervisions": [
        {"id": "c", "recording_id": "a", "start": 0.0, "duration": 0.1, "channel": 0, "text": "hi"}
    ],
    "recording": RECORDING,
    "type": "MonoCut",
}


def _lines(folder: Path, name: str, row: object) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write((folder / name).parent / "a.wav", np.zeros(1600), 16_000)
    (folder / name).write_text(row if isinstance(row, str) else json.dumps(row) + "\n")
    return folder


def _libri(folder: Path) -> Path:
    (folder / "1" / "2").mkdir(parents=True)
    soundfile.write(folder / "1" / "2" / "1-2-0.wav", np.zeros(1600), 16_000)
    (folder / "1" / "2" / "1-2.trans.txt").write_text("1-2-0 hi\n")
    return folder


def _kaldi(folder: Path) -> Path:
    _lines(folder, "text", "u hi\n")
    return _lines(folder, "wav.scp", "u a.wav\n")


def _common_voice(folder: Path) -> Path:
    _lines(folder, "test.tsv", "client_id\tpath\tsentence\nc\ta.wav\thi\n")
    (folder / "clips").mkdir()
    return folder


PLACES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "nemo folder": ("nemo", lambda at: _lines(at, "manifest.json", NEMO)),
    "nemo file": ("nemo", lambda at: _lines(at, "dev.jsonl", NEMO) / "dev.jsonl"),
    "nemo as metadata": ("nemo", lambda at: _lines(at, "metadata.jsonl", NEMO) / "metadata.jsonl"),
    "audiofolder": ("audiofolder", lambda at: _lines(at, "metadata.jsonl", FOLDER)),
    "its file": ("audiofolder", lambda at: _lines(at, "metadata.jsonl", FOLDER) / "metadata.jsonl"),
    "its csv": ("audiofolder", lambda at: _lines(at, "metadata.csv", "file_name,text\na.wav,hi\n")),
    "its splits": ("audiofolder", lambda at: _lines(at, "test/metadata.jsonl", FOLDER)),
    "table as metadata": ("table", lambda at: _lines(at, "metadata.csv", "path,text\na.wav,hi\n")),
    "table folder": ("table", lambda at: _lines(at, "manifest.tsv", "file\ttext\na.wav\thi\n")),
    "table file": (
        "table",
        lambda at: _lines(at, "x.CSV", "file_name,text\na.wav,hi\n") / "x.CSV",
    ),
    "common voice": ("table", _common_voice),
    "lhotse folder": ("lhotse", lambda at: _lines(at, "cuts.jsonl", CUT)),
    "lhotse as manifest": ("lhotse", lambda at: _lines(at, "m.jsonl", CUT) / "m.jsonl"),
    "kaldi": ("kaldi", _kaldi),
    "librispeech": ("librispeech", _libri),
    "sidecar": ("transcript_files", lambda at: _lines(at, "a.txt", "hi\n")),
}


@pytest.mark.parametrize("name", PLACES)
def test_every_format_is_found(tmp_path: Path, name: str) -> None:
    expected, make = PLACES[name]
    place = make(tmp_path / "c")
    assert format_of(place).__name__.rsplit(".", 1)[-1] == expected
    assert [one.text for one in read_corpus(place).utterances] == ["hi"]


def test_every_format_is_among_those_tested() -> None:
    assert {expected for expected, _ in PLACES.values()} == set(plugin_names(formats))


@pytest.mark.parametrize("name", ["nemo folder", "audiofolder", "kaldi", "lhotse folder"])
@pytest.mark.parametrize("tree", [_libri, lambda at: _lines(at, "b.txt", "hi\n")])
def test_a_manifest_comes_before_what_lies_around(
    tmp_path: Path, name: str, tree: Callable[[Path], Path]
) -> None:
    expected, make = PLACES[name]
    tree(tmp_path / "c")
    assert format_of(make(tmp_path / "c")).__name__.endswith(f".{expected}")


def test_a_place_with_two_manifests_is_asked_about(tmp_path: Path) -> None:
    place = _kaldi(_lines(tmp_path / "c", "manifest.jsonl", NEMO))
    with pytest.raises(
        InputError, match=r"several formats at once: .*got kaldi and nemo; name one"
    ):
        read_corpus(place)
    assert [one.id for one in read_corpus(place, format_name="kaldi").utterances] == ["u"]
    assert [one.id for one in read_corpus(place, format_name="nemo").utterances] == ["a"]


@pytest.mark.parametrize("name", ["manifest.jsonl", "metadata.jsonl", "metadata.csv", "wav.scp"])
def test_an_empty_manifest_is_not_passed_over_for_the_audio_beside_it(
    tmp_path: Path, name: str
) -> None:
    """Without its rows the audio would be a corpus without references."""
    place = _lines(tmp_path / "c", name, "")
    assert format_of(place).__name__.rsplit(".", 1)[-1] != "transcript_files"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("train.jsonl", NEMO),
        ("data.csv", "path,sentence\na.wav,hi\n"),
        ("data.tsv", "file_name\ttext\na.wav\thi\n"),
    ],
)
def test_a_manifest_of_another_name_is_not_passed_over_for_the_audio_beside_it(
    tmp_path: Path, name: str, row: object
) -> None:
    """The folder alone would be a corpus without references, speakers and subgroups."""
    place = _lines(tmp_path / "c", name, row)
    with pytest.raises(InputError, match=rf"with a manifest in it: .*got {name}; give the manif"):
        read_corpus(place)
    assert [one.text for one in read_corpus(place / name).utterances] == ["hi"]
    (alone,) = read_corpus(place, format_name="transcript_files").utterances
    assert alone.text is None


def test_a_table_that_lists_no_audio_is_no_manifest(tmp_path: Path) -> None:
    place = _lines(tmp_path / "c", "notes.csv", "who,when\nme,now\n")
    assert [one.text for one in read_corpus(place).utterances] == [None]


def test_a_compressed_manifest_is_found_in_its_folder(tmp_path: Path) -> None:
    place = _lines(tmp_path / "c", "manifest.jsonl", NEMO)
    manifest = place / "manifest.jsonl"
    (place / "manifest.jsonl.gz").write_bytes(gzip.compress(manifest.read_bytes()))
    manifest.unlink()
    assert [one.text for one in read_corpus(place).utterances] == ["hi"]


@pytest.mark.parametrize("name", [name for name in PLACES if name != "sidecar"])
def test_a_missing_file_is_an_utterance_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """In every format that lists its audio the reading reports it, where it is counted."""
    place = PLACES[name][1](tmp_path / "c")
    audio = next(iter(read_corpus(place).utterances)).path
    audio.unlink()
    (missing,) = format_of(place).read(place)
    with pytest.raises(InputError, match="no such audio file"):
        missing.audio()
    with pytest.raises(InputError, match="none of the 1 audio files is there"):
        read_corpus(place)

"""The cache key changes with everything that can change the output, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio import AudioFormat
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import read_corpus
from asrcompress.corrupt.conditions import conditions_from
from asrcompress.corrupt.effects import noise as noise_effect
from asrcompress.corrupt.keys import corpus_key
from asrcompress.corrupt.sources import open_libraries
from tests.corrupt.corpora import RATE_HZ, write_corpus, write_noises, write_rooms

NOISE = conditions_from([5], [], False, noise_types=["music"])[0]
ROOM = conditions_from([], ["small"], False)[0]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "c")
    write_noises(tmp_path / "n", music=0.2, misc=0.2)
    write_rooms(tmp_path / "r")
    return tmp_path


def _key(place: Path, condition: Condition = NOISE, kind: AudioFormat = "flac") -> str:
    corpus = read_corpus(place / "c")
    libraries = open_libraries(corpus, place / "n", place / "r")
    return corpus_key(corpus, corpus.sha256(), condition, libraries, kind)


def test_the_same_bytes_elsewhere_have_the_same_key(place: Path, tmp_path: Path) -> None:
    for name in "cnr":
        shutil.copytree(place / name, place / "elsewhere" / name)
    assert _key(place) == _key(place / "elsewhere")


def test_other_audio_or_another_reference_changes_the_key(place: Path) -> None:
    keys = {_key(place)}
    soundfile.write(place / "c" / "u0.wav", np.full(1600, 0.3), RATE_HZ)
    keys.add(_key(place))
    manifest = place / "c" / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("word 1", "word one"))
    keys.add(_key(place))
    manifest.write_text(manifest.read_text().replace("phone", "headset"))
    keys.add(_key(place))
    assert len(keys) == 4


def test_other_bytes_in_the_library_change_the_key_where_they_can_be_drawn(place: Path) -> None:
    noisy, roomy = _key(place), _key(place, ROOM)
    soundfile.write(place / "n" / "misc" / "0.wav", np.full(2600, 0.3), RATE_HZ)
    assert (_key(place), _key(place, ROOM)) == (noisy, roomy)
    soundfile.write(place / "n" / "music" / "0.wav", np.full(2600, 0.3), RATE_HZ)
    assert _key(place) != noisy
    assert _key(place, ROOM) == roomy


def test_the_condition_format_and_code_are_in_the_key(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: tuple[AudioFormat, ...] = ("flac", "wav")
    keys = [
        _key(place, condition, kind)
        for condition in (NOISE, ROOM, Condition("clean"))
        for kind in kinds
    ]
    monkeypatch.setattr(noise_effect, "CODE_VERSION", noise_effect.CODE_VERSION + 1)
    keys.append(_key(place))
    assert len(set(keys)) == 7


def test_built_in_noise_needs_no_folder(place: Path) -> None:
    """Without folders the corpus, the code and the colour are all there is to key by."""
    white, pink = conditions_from([5], [], False, noise_types=["white", "pink"])
    said = read_corpus(place / "c")
    keys = [
        corpus_key(said, said.sha256(), condition, open_libraries(said), "flac")
        for condition in (white, white, pink)
    ]
    assert keys[0] == keys[1] != keys[2]

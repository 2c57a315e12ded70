"""No audio that compression listens to is scored: by its bytes, and by its sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.audit import overlap
from asrcompress.audit.overlap import Heard, refuse_same_bytes, refuse_same_sound
from asrcompress.core.audio import read_span
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of half a second of three speakers."""
    return tiny_corpus(tmp_path_factory.mktemp("heard") / "unlabelled")


def _heard(place: Path, kind: str = "training") -> Heard:
    return Heard(kind, place, read_corpus(place).utterances)  # type: ignore[arg-type]


def _with_flac(scored: Path, of: Path, name: str = "s2-1") -> Corpus:
    """The corpus with one recording replaced by a FLAC of another file."""
    samples, rate_hz = soundfile.read(of, dtype="int16")
    soundfile.write(scored / f"{name}.flac", samples, rate_hz)
    manifest = scored / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace(f"{name}.wav", f"{name}.flac"))
    return read_corpus(scored)


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("calibration", "calibrate on other recordings"), ("training", "train on other recordings")],
)
def test_audio_of_the_scored_corpus_is_refused(
    corpus: Path, tmp_path: Path, kind: str, advice: str
) -> None:
    """By its bytes: another name and another folder hide nothing."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    heard = _heard(corpus, kind)
    note = refuse_same_bytes(heard, read_corpus(scored))
    assert note == f"In the {kind} corpus and the scored one: speaker s0, s1, s2."
    shutil.copyfile(corpus / "s1-0.wav", scored / "s2-1.wav")
    expected = rf"{kind} audio is scored too: .*got s1-0, which .* has as s2-1.*{advice}"
    with pytest.raises(InputError, match=expected):
        refuse_same_bytes(heard, read_corpus(scored))


def test_the_same_sound_in_another_file_is_refused(corpus: Path, tmp_path: Path) -> None:
    """A FLAC of a WAV that is heard; other recordings of the same length are not."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    heard = _heard(corpus)
    assert refuse_same_sound(heard, read_corpus(scored)) is None
    changed = _with_flac(scored, corpus / "s1-0.wav")
    assert refuse_same_bytes(heard, changed) is not None  # by its bytes only the speakers
    with pytest.raises(InputError, match=r"scored too: .*got s1-0, which .* has as s2-1"):
        refuse_same_sound(heard, changed)


def test_recordings_that_only_begin_alike_are_apart(tmp_path: Path) -> None:
    """The same half second first, and then something else; silence is no one's recording."""
    generator = np.random.default_rng(0)
    beginning = 0.1 * generator.standard_normal(8000)
    for name in ("heard", "scored"):
        (tmp_path / name).mkdir()
        rest = 0.1 * generator.standard_normal(8000)
        soundfile.write(tmp_path / name / "a.wav", np.concatenate([beginning, rest]), 16_000)
        soundfile.write(tmp_path / name / "b.wav", np.zeros(16_800), 16_000)
        rows = [{"audio_filepath": f"{file}.wav", "text": name} for file in "ab"]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "manifest.jsonl").write_text(lines)
    assert refuse_same_sound(_heard(tmp_path / "heard"), read_corpus(tmp_path / "scored")) is None


def test_only_beginnings_are_decoded_where_they_differ(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A corpus of a thousand hours is not decoded whole; what is not compared is told."""
    scored = read_corpus(tiny_corpus(tmp_path / "scored", seed=1))
    parts_s: list[float | None] = []

    def remembered(path: Path, span: overlap.Span) -> np.ndarray:
        parts_s.append(span.duration_s)
        return read_span(path, span)

    monkeypatch.setattr(overlap, "read_span", remembered)
    assert refuse_same_sound(_heard(corpus), scored) is None
    assert parts_s == [0.5] * 12
    parts_s.clear()
    monkeypatch.setattr(overlap, "MOST_BY_SOUND", 4)
    note = refuse_same_sound(_heard(corpus), scored)
    assert note is not None
    assert "training corpus 4 utterances" in note
    assert "and 2 more by their bytes only" in note
    assert len(parts_s) < 12


def test_speakers_apart_need_no_note(corpus: Path, tmp_path: Path) -> None:
    """Nothing to say where neither audio nor speakers are common."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    manifest = scored / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"speaker": "s', '"speaker": "t'))
    assert refuse_same_bytes(_heard(corpus), read_corpus(scored)) is None


def test_two_parts_of_one_recording_are_apart(tmp_path: Path) -> None:
    """A meeting's first minute may be heard for its second; an overlap is refused."""
    samples = np.random.default_rng(0).standard_normal(32_000) * 0.1
    soundfile.write(tmp_path / "meeting.wav", samples, 16_000)
    line = '{"audio_filepath": "../meeting.wav", "text": "a", "offset": %s, "duration": 1.0}\n'
    for name, offset_s in (("one", 0.0), ("two", 1.0), ("three", 0.5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.jsonl").write_text(line % offset_s)
    one = _heard(tmp_path / "one")
    assert refuse_same_bytes(one, read_corpus(tmp_path / "two")) is None
    with pytest.raises(InputError, match="scored too"):
        refuse_same_bytes(one, read_corpus(tmp_path / "three"))


def test_a_long_recording_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many utterances of it each of the two corpora has."""
    samples = np.random.default_rng(0).standard_normal(32_000) * 0.1
    soundfile.write(tmp_path / "meeting.wav", samples, 16_000)
    line = '{"audio_filepath": "%s", "offset": %s, "duration": 0.1, "id": "%s"}\n'
    for name, first_s in (("one", 0.0), ("two", 1.0)):
        rows = [line % (tmp_path / "meeting.wav", first_s + n / 10, n) for n in range(5)]
        (tmp_path / f"{name}.jsonl").write_text("".join(rows))
    scored = read_corpus(tmp_path / "two.jsonl")
    read: list[Path] = []

    def remembered(path: Path) -> str:
        read.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(overlap, "sha256_of_file", remembered)
    assert refuse_same_bytes(_heard(tmp_path / "one.jsonl"), scored) is None
    assert read == [tmp_path / "meeting.wav"]

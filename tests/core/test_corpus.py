"""A corpus: its format is detected, its mistakes are named, its hash is of content."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import Utterance, read_corpus
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.utterance import make_utterance

RATE_HZ = 16_000
REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def _audio(path: Path, duration_s: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.linspace(-0.5, 0.5, round(duration_s * RATE_HZ))
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    return path


def _corpus(folder: Path, *rows: Mapping[str, Any]) -> Path:
    for row in rows:
        _audio(folder / row["audio_filepath"])
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _utterance(path: Path, **columns: object) -> Utterance:
    return make_utterance(path, where="m:1", columns=columns, identifier="u", text="a")


def test_own_columns_are_understood_and_the_others_kept(tmp_path: Path) -> None:
    path = _audio(tmp_path / "a.wav")
    made = _utterance(path, duration="0.04", offset=0.02, speaker=17, accent="scots")
    assert made == Utterance(
        "u", path, 0.04, "a", "17", offset_s=0.02, is_segment=True, fields={"accent": "scots"}
    )


def test_the_duration_comes_from_the_header_where_no_column_gives_it(tmp_path: Path) -> None:
    path = _audio(tmp_path / "a.wav")
    assert _utterance(path).duration_s == 0.1
    assert _utterance(path, offset=0.04).duration_s == pytest.approx(0.06)
    assert _utterance(path, offset=9).duration_s == 0.0


def test_a_segment_is_its_own_span_and_a_whole_file_is_whole(tmp_path: Path) -> None:
    path = _audio(tmp_path / "a.wav")
    whole = _utterance(path, duration=0.05).audio()
    assert len(whole) == 1600  # a rounded duration cuts nothing off
    span = _utterance(path, offset=0.025, duration=0.05).audio()
    np.testing.assert_array_equal(span, whole[400:1200])


def test_a_header_that_cannot_be_read_waits_for_the_audio_to_report_it(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF junk")
    made = _utterance(tmp_path / "a.wav")
    assert made.duration_s == 0.0
    with pytest.raises(InputError, match=r"not readable as audio: .*a\.wav"):
        made.audio()


@pytest.mark.parametrize("value", ["soon", -1, "inf", "nan", [1], {}])
@pytest.mark.parametrize("column", ["duration", "offset"])
def test_a_time_that_is_none_is_named(tmp_path: Path, column: str, value: object) -> None:
    path = _audio(tmp_path / "a.wav")
    with pytest.raises(InputError, match=f"bad {column}: m:1; got .*expected seconds, >= 0"):
        _utterance(path, **{column: value})


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="bad file name: m:1; got "):
        _utterance(tmp_path / name)


@pytest.mark.parametrize("name", ["absent.wav", "."])
def test_audio_that_is_not_there_waits_for_reading_to_report_it(tmp_path: Path, name: str) -> None:
    made = _utterance(tmp_path / name)
    assert made.duration_s == 0.0
    with pytest.raises(InputError, match="no such audio file: "):
        made.audio()


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    """JSON can spell a lone surrogate, which no file can be written with."""
    _corpus(tmp_path / "c", {"audio_filepath": "a.wav", "text": "\ud800"})
    with pytest.raises(InputError, match=r"not a text: .*manifest\.jsonl:1"):
        read_corpus(tmp_path / "c")


def test_formats_are_detected(tmp_path: Path) -> None:
    nemo = _corpus(tmp_path / "nemo", {"audio_filepath": "a.wav", "text": "hi"})
    _audio(tmp_path / "table" / "a.wav")
    (tmp_path / "table" / "metadata.csv").write_text("file_name,transcription\na.wav,hi\n")
    _audio(tmp_path / "libri" / "1" / "2" / "1-2-0000.wav")
    (tmp_path / "libri" / "1" / "2" / "1-2.trans.txt").write_text("1-2-0000 hi\n")
    _audio(tmp_path / "plain" / "a.wav")
    (tmp_path / "plain" / "a.txt").write_text("hi\n")
    for place in (
        nemo,
        nemo / "manifest.jsonl",
        *(tmp_path / n for n in ("table", "libri", "plain")),
    ):
        corpus = read_corpus(place)
        assert [one.text for one in corpus.utterances] == ["hi"]
        assert corpus.name == (place.parent if place.is_file() else place).name


def test_a_format_can_be_named(tmp_path: Path) -> None:
    place = _corpus(tmp_path / "c", {"audio_filepath": "a.wav", "text": "hi"})
    assert read_corpus(place, format_name="transcript_files").utterances[0].text is None
    with pytest.raises(InputError, match=r"unknown name among formats.*did you mean 'nemo'"):
        read_corpus(place, format_name="nemmo")


def test_a_place_that_is_missing_or_no_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such corpus: absent"):
        read_corpus("absent")
    (tmp_path / "notes.doc").write_text("")
    for place in (tmp_path, tmp_path / "notes.doc"):
        with pytest.raises(InputError, match=r"not a corpus that is recognised.*--format, name it"):
            read_corpus(place)


def test_an_empty_corpus_is_nothing_to_evaluate(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("\n")
    with pytest.raises(NothingToEvaluateError, match="at least one utterance"):
        read_corpus(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToEvaluateError):
        read_corpus(tmp_path / "empty")


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    row = {"audio_filepath": "a.wav", "text": "hi"}
    with pytest.raises(InputError, match=r"utterance twice in the corpus.*got 'a'"):
        read_corpus(_corpus(tmp_path / "c", row, row))


def test_the_hash_is_of_content_and_not_of_places(tmp_path: Path) -> None:
    rows = [{"audio_filepath": f"{name}.wav", "text": "hi", "speaker": "s"} for name in "ab"]
    place = _corpus(tmp_path / "c", *rows)
    before = read_corpus(place).sha256()
    shutil.copytree(place, tmp_path / "elsewhere")
    assert read_corpus(tmp_path / "elsewhere").sha256() == before
    hashes = {before}
    for old, new in (('"hi"', '"ho"'), ('"s"', '"t"')):
        text = (place / "manifest.jsonl").read_text()
        (place / "manifest.jsonl").write_text(text.replace(old, new, 1))
        hashes.add(read_corpus(place).sha256())
    soundfile.write(place / "a.wav", np.full(1600, 0.25), RATE_HZ, subtype="FLOAT")
    hashes.add(read_corpus(place).sha256())
    assert len(hashes) == 4


def test_a_missing_file_is_kept_to_be_counted_and_changes_the_hash(tmp_path: Path) -> None:
    place = _corpus(tmp_path / "c", *({"audio_filepath": f"{n}.wav", "text": "hi"} for n in "ab"))
    whole = read_corpus(place).sha256()
    (place / "b.wav").unlink()
    corpus = read_corpus(place)
    assert [one.id for one in corpus.utterances] == ["a", "b"]
    assert corpus.sha256() != whole
    assert corpus.sha256() == read_corpus(place).sha256()


def test_a_corpus_without_a_single_file_is_refused_at_once(tmp_path: Path) -> None:
    place = _corpus(tmp_path / "c", *({"audio_filepath": f"{n}.wav", "text": "hi"} for n in "ab"))
    for name in "ab":
        (place / f"{name}.wav").unlink()
    with pytest.raises(InputError, match=r"none of the 2 audio files is there: .*first .*a\.wav"):
        read_corpus(place)


def test_the_audio_of_a_corpus_adds_up(tmp_path: Path) -> None:
    rows = [{"audio_filepath": f"{name}.wav", "text": "hi"} for name in "abc"]
    assert read_corpus(_corpus(tmp_path / "c", *rows)).audio_s == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("name", "utterances"), [("connected/en10-test", 240), ("librispeech", 100)]
)
def test_real_corpora_are_read(name: str, utterances: int) -> None:
    place = REAL_DATA / name
    if not place.is_dir():
        pytest.skip("no real recordings here")
    corpus = read_corpus(place)
    assert len(corpus.utterances) == utterances
    assert all(one.text and one.speaker for one in corpus.utterances)
    first = corpus.utterances[0]
    assert len(first.audio()) / RATE_HZ == pytest.approx(first.duration_s, abs=0.05)


def test_hash_tells_a_segment_from_a_whole_recording(tmp_path: Path) -> None:
    """An offset of 0 makes a duration count: other samples, so another hash."""
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    hashes = set()
    for offset in ("", ', "offset": 0'):
        row = f'{{"audio_filepath": "a.wav", "text": "x", "duration": 0.5{offset}}}\n'
        (tmp_path / "manifest.jsonl").write_text(row, encoding="utf-8")
        hashes.add(read_corpus(tmp_path).sha256())
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("manifest", "name"), [("manifest.jsonl", "voices"), ("dev.jsonl", "dev"), ("", "voices")]
)
def test_the_name_of_a_corpus(tmp_path: Path, manifest: str, name: str) -> None:
    """Two manifests in one folder have names of their own; a usual one is named by its folder."""
    folder = tmp_path / "voices"
    folder.mkdir()
    soundfile.write(folder / "a.wav", [0.5] * 1600, 16_000)
    row = '{"audio_filepath": "a.wav", "text": "x"}'
    (folder / (manifest or "manifest.jsonl")).write_text(row, encoding="utf-8")
    assert read_corpus(folder / manifest if manifest else folder).name == name

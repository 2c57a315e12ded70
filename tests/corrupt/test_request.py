"""Corrupting a corpus, from request to files: what is written, and what is left after a failure."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Corpus, Utterance, read_corpus
from asrcompress.core.errors import InputError, OutputError
from asrcompress.corrupt.conditions import condition_of, conditions_from, steps_from_text
from asrcompress.corrupt.level import snr_db
from asrcompress.corrupt.request import CorruptRequest, run
from tests.corrupt.corpora import RATE_HZ, REAL_DATA, voice, write_corpus, write_noises, write_rooms


@pytest.fixture
def request_(tmp_path: Path) -> CorruptRequest:
    return CorruptRequest(
        corpus=write_corpus(tmp_path / "c"),
        conditions=conditions_from([0, 10], ["small"], True, clean=True),
        output=tmp_path / "out",
        noise=write_noises(tmp_path / "n", music=0.15, vehicle=2.0),
        rir=write_rooms(tmp_path / "r"),
        workers=1,
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_each_condition_is_a_corpus_with_the_sources_ids_texts_and_fields(
    request_: CorruptRequest,
) -> None:
    result = run(request_)
    source = read_corpus(request_.corpus)  # type: ignore[arg-type]
    assert [corpus.condition.name for corpus in result.corpora] == [
        condition.name for condition in request_.conditions
    ]
    for corpus in result.corpora:
        back = read_corpus(corpus.folder)
        for was, now in zip(source.utterances, back.utterances, strict=True):
            assert (now.id, now.text, now.speaker) == (was.id, was.text, was.speaker)
            assert now.duration_s == pytest.approx(was.duration_s)
            assert now.fields["device"] == "phone"
            assert now.fields["condition"] == corpus.condition.name
            assert soundfile.info(now.path).subtype == "PCM_24"


def test_the_written_files_have_the_snr_asked_for(request_: CorruptRequest) -> None:
    result = run(request_)
    for corpus in result.corpora[1:3]:
        for row in _rows(corpus.folder):
            noisy, _ = soundfile.read(corpus.folder / row["audio_filepath"])
            speech = voice(int(row["id"][1:])).astype(np.float64)
            achieved_db = snr_db(speech, noisy / row["scale"] - speech)
            assert achieved_db == pytest.approx(row["snr_db"], abs=0.01)
            assert row["achieved_snr_db"] == pytest.approx(achieved_db, abs=0.001)
    lowest, highest = result.corpora[2].achieved_snr_db or (0, 0)
    assert 9.99 <= lowest <= highest <= 10.01


def test_the_manifest_says_what_was_done(request_: CorruptRequest) -> None:
    run(request_)
    row = _rows(request_.output / "room-small+noise-10dB")[0]
    assert set(row) == {
        *("audio_filepath", "text", "duration", "speaker", "id", "device", "condition", "snr_db"),
        *("achieved_snr_db", "noise_type", "noise_id", "noise_offset_s", "gain"),
        *("snr_reference", "achieved_active_snr_db", "speech_activity", "achieved_snr_in"),
        *("room", "rir_id", "rt60_s", "drr_db", "reverb_gain", "scale", "source_filepath"),
        "audio_sha256",
    }
    assert row["audio_filepath"] == "audio/u0.flac"
    assert row["rir_id"] == "small/0.wav"


def test_segments_keep_the_name_of_their_recording(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    """A file of its own for each segment, and one source for all of a recording; said only once:
    corrupted again, the segments are still from that recording."""
    for name in ("a/talk.wav", "b/talk.wav"):
        (tmp_path / "long" / name).parent.mkdir(parents=True)
        soundfile.write(tmp_path / "long" / name, voice(1, duration_s=1.0), RATE_HZ)
    segments = tuple(
        Utterance(f"{name}{n}", path, 0.4, "t", offset_s=0.5 * n, is_segment=True)
        for name, path in ((n, tmp_path / "long" / n / "talk.wav") for n in ("a", "b"))
        for n in range(2)
    )
    run(replace(request_, corpus=Corpus("long", segments)))
    rows = _rows(request_.output / "noise-10dB")
    assert len({row["audio_filepath"] for row in rows}) == 4
    sources = ["a/talk.wav", "a/talk.wav", "b/talk.wav", "b/talk.wav"]
    assert [row["source_filepath"] for row in rows] == sources
    run(replace(request_, corpus=request_.output / "noise-10dB", output=tmp_path / "again"))
    assert [row["source_filepath"] for row in _rows(tmp_path / "again" / "clean")] == sources


def test_the_marker_says_where_it_comes_from(request_: CorruptRequest) -> None:
    run(request_)
    marker = json.loads((request_.output / "corpus.json").read_text())
    assert marker["schema_version"] == 2
    assert marker["audio_format"] == "flac"
    assert marker["source"]["sha256"] == read_corpus(request_.corpus).sha256()  # type: ignore[arg-type]
    assert marker["conditions"][1]["steps"] == [{"effect": "noise", "snr_db": 0.0}]
    assert marker["libraries"]["noise"] == {"library": "n", "files": {"music": 1, "vehicle": 1}}
    assert marker["is_simulated"] is False


def test_without_libraries_the_result_says_simulated(request_: CorruptRequest) -> None:
    simple = conditions_from([10], ["small"], False, noise_types=["babble"], clean=True)
    result = run(replace(request_, conditions=simple, noise=None, rir=None))
    assert [corpus.is_simulated for corpus in result.corpora] == [False, True, True]
    assert result.libraries["noise"]["note"] == "simulated: not comparable with DNS4 or OpenSLR"
    assert _rows(request_.output / "room-small")[0]["rir_id"].startswith("simulated:small-")


def test_two_workers_write_the_same_bytes_as_one_and_as_a_second_run(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    run(request_)
    run(replace(request_, output=tmp_path / "two", workers=2))
    assert _bytes(tmp_path / "out") == _bytes(tmp_path / "two")
    run(replace(request_, overwrite=True))
    assert _bytes(tmp_path / "out") == _bytes(tmp_path / "two")


def test_the_order_of_the_corpus_does_not_change_a_recording(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    source = read_corpus(request_.corpus)  # type: ignore[arg-type]
    turned = Corpus(source.name, source.utterances[::-1])
    run(request_)
    run(replace(request_, corpus=turned, output=tmp_path / "turned"))
    audio = [
        {name: data for name, data in _bytes(folder).items() if name.endswith(".flac")}
        for folder in (tmp_path / "out", tmp_path / "turned")
    ]
    assert audio[0] == audio[1]


@pytest.mark.parametrize(("kind", "subtype"), [("wav", "FLOAT"), ("flac16", "PCM_16")])
def test_other_audio_formats(request_: CorruptRequest, kind: str, subtype: str) -> None:
    result = run(replace(request_, audio_format=kind))  # type: ignore[arg-type]
    row = _rows(result.corpora[2].folder)[0]
    assert soundfile.info(result.corpora[2].folder / row["audio_filepath"]).subtype == subtype
    assert row["achieved_snr_db"] == pytest.approx(10, abs=0.01)


def test_a_changed_speed_is_in_the_manifest(request_: CorruptRequest) -> None:
    """0.4 s at half speed are 0.8 s, in the file and in its row."""
    slow = condition_of(steps_from_text("speed:factor=0.5+noise:snr_db=10"))
    run(replace(request_, conditions=(slow,)))
    (back, *_) = read_corpus(request_.output / "speed-0.5+noise-10dB").utterances
    assert (back.duration_s, len(back.audio())) == (0.8, 12_800)


def test_every_file_has_its_hash_in_the_manifest(request_: CorruptRequest) -> None:
    run(request_)
    folder = request_.output / "room-small"
    for row in _rows(folder):
        data = (folder / row["audio_filepath"]).read_bytes()
        assert row["audio_sha256"] == hashlib.sha256(data).hexdigest()


def test_a_quiet_recording_is_made_louder_for_16_bits_and_not_for_24(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    """The mixture as a whole, by doublings that are logged; the SNR read back is the one asked."""
    for number in range(6):
        path = tmp_path / "c" / f"u{number}.wav"
        soundfile.write(path, voice(number, level=2e-4), RATE_HZ, subtype="FLOAT")
    run(replace(request_, audio_format="flac16"))
    rows = _rows(request_.output / "noise-10dB")
    assert {row["scale"] for row in rows} <= {8.0, 16.0, 32.0}
    for row in rows:
        noisy, _ = soundfile.read(request_.output / "noise-10dB" / row["audio_filepath"])
        speech = voice(int(row["id"][1:]), level=2e-4).astype(np.float64)
        assert snr_db(speech, noisy / row["scale"] - speech) == pytest.approx(10, abs=0.05)
    run(replace(request_, overwrite=True))
    assert {row["scale"] for row in _rows(request_.output / "noise-10dB")} == {1.0}


def test_an_snr_that_the_format_cannot_hold_is_reported(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    """A click at full scale leaves no room to make 60 dB less noise than quiet speech louder."""
    for number in range(6):
        samples = voice(number, level=1e-3)
        samples[100] = 0.99
        soundfile.write(tmp_path / "c" / f"u{number}.wav", samples, RATE_HZ, subtype="FLOAT")
    wanted = replace(request_, conditions=conditions_from([60], [], False), audio_format="flac16")
    with pytest.raises(InputError, match="SNR out of reach in this audio format"):
        run(wanted)


def test_stereo_at_44100_hz_is_averaged_and_resampled_with_one_warning(
    request_: CorruptRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tone = 0.4 * np.sin(2 * np.pi * 300 * np.arange(44_100) / 44_100)
    path = tmp_path / "c" / "u0.wav"
    soundfile.write(path, np.stack([tone, np.zeros(44_100)], axis=1), 44_100)
    run(request_)
    warned = [record.getMessage() for record in caplog.records]
    assert warned == [f"2 channels averaged: {path}"]
    samples, rate_hz = soundfile.read(request_.output / "clean" / "audio" / "u0.flac")
    assert (rate_hz, samples.shape) == (16_000, (16_000,))
    assert np.abs(samples[2000:14_000]).max() == pytest.approx(0.2, rel=0.01)


def _spoil(folder: Path) -> None:
    (folder / "u1.wav").write_bytes(b"RIFF\x00broken")
    soundfile.write(folder / "u3.wav", np.zeros(0), RATE_HZ)
    soundfile.write(folder / "u4.wav", np.zeros(6400), RATE_HZ)


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_files_fail_the_run_at_its_end_and_leave_nothing(
    request_: CorruptRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture, workers: int
) -> None:
    """A broken file, one without samples, a silent one: each named with its cause."""
    _spoil(tmp_path / "c")
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(InputError, match=r"3 of 6 recordings.*at most 2; .*allow 3 with max_bad"),
    ):
        run(replace(request_, max_bad_files=2, workers=workers))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "n", "r"]
    assert len(caplog.records) == 3
    for words in (r"not readable as audio: ", "audio without samples: ", "silent recording: "):
        assert words in caplog.text


def test_bad_files_that_are_allowed_are_counted(request_: CorruptRequest, tmp_path: Path) -> None:
    """The silent recording is no fault of the clean condition."""
    _spoil(tmp_path / "c")
    clean, noisy = run(replace(request_, max_bad_files=3)).corpora[:2]
    assert (clean.utterances, [bad.id for bad in clean.bad_files]) == (4, ["u1", "u3"])
    assert (noisy.utterances, [bad.id for bad in noisy.bad_files]) == (3, ["u1", "u3", "u4"])
    marker = json.loads((request_.output / "corpus.json").read_text())
    assert [bad["id"] for bad in marker["conditions"][0]["bad_files"]] == ["u1", "u3"]


def test_what_an_effect_cannot_do_names_the_recording(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    """A click has no active level, which the effect finds without knowing whose click it is."""
    click = np.zeros(RATE_HZ, np.float32)
    click[RATE_HZ // 2] = 0.9
    soundfile.write(tmp_path / "c" / "u1.wav", click, RATE_HZ)
    active = conditions_from([10], [], False, reference="active")
    with pytest.raises(InputError, match=r"^1 of 6 .*c/u1\.wav: no active speech level"):
        run(replace(request_, conditions=active))


def test_an_snr_given_twice_is_refused(request_: CorruptRequest) -> None:
    again = conditions_from([10, 10], [], False)
    with pytest.raises(InputError, match=r"condition twice; got 'noise-10dB'; give each SNR"):
        run(replace(request_, conditions=again))
    assert not request_.output.exists()


def test_a_condition_left_without_recordings_is_an_error(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "n" / "music" / "0.wav", np.zeros(RATE_HZ), RATE_HZ)
    silent = conditions_from([5], [], False, noise_types=["music"])
    with pytest.raises(InputError, match=r"silent file: .*no recording is left under noise-music"):
        run(replace(request_, conditions=silent, max_bad_files=100))
    assert not request_.output.exists()


def test_ids_with_slashes_and_dots_stay_inside(request_: CorruptRequest, tmp_path: Path) -> None:
    paths = [tmp_path / "c" / f"u{number}.wav" for number in range(4)]
    ids = ("../../up", "/etc/x", "a/b", "a_b")
    said = tuple(
        Utterance(name, path, 0.4, fields={"snr_db": "old", "id": "x"})
        for name, path in zip(ids, paths, strict=True)
    )
    run(replace(request_, corpus=Corpus("odd", said), conditions=(Condition("clean"),)))
    back = read_corpus(request_.output / "clean")
    assert tuple(one.id for one in back.utterances) == ids
    folder = request_.output / "clean" / "audio"
    assert {one.path.parent for one in back.utterances} == {folder}
    assert len(list(folder.iterdir())) == 4


def test_an_output_that_exists_is_kept(request_: CorruptRequest) -> None:
    request_.output.mkdir()
    with pytest.raises(OutputError, match="output exists"):
        run(request_)
    (request_.output / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="will not overwrite a folder"):
        run(replace(request_, overwrite=True))
    assert (request_.output / "mine.txt").read_text() == "keep"


@pytest.mark.parametrize("output", ["out", "out/clean", "out/clean/new", "n", "r/new"])
def test_an_output_that_would_touch_what_is_read_is_refused(
    request_: CorruptRequest, tmp_path: Path, output: str
) -> None:
    run(request_)
    before = _bytes(tmp_path)
    again = replace(request_, corpus=tmp_path / "out" / "clean", overwrite=True)
    with pytest.raises(OutputError, match="would touch an input"):
        run(replace(again, output=tmp_path / output))
    assert _bytes(tmp_path) == before


def test_an_output_that_holds_recordings_to_read_is_refused(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    """Wherever the manifest that lists them is."""
    run(request_)
    before = _bytes(tmp_path)
    listed = read_corpus(request_.output / "clean")
    with pytest.raises(OutputError, match="would touch an input"):
        run(replace(request_, corpus=listed, overwrite=True))
    assert _bytes(tmp_path) == before


def test_an_output_that_cannot_be_written_is_found_before_any_work(
    request_: CorruptRequest, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        run(replace(request_, output=tmp_path / "file" / "out"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"corpus": "absent"}, "no such corpus: absent"),
        ({"workers": 0}, "bad number of workers; got 0"),
        ({"max_bad_files": -1}, "bad max_bad_files; got -1"),
        ({"noise": Path("absent")}, "no such noise folder: absent"),
        ({"rir": Path("absent")}, "no such impulse responses folder: absent"),
        ({"conditions": ()}, "no condition"),
        ({"format_name": "nemoo"}, "did you mean 'nemo'"),
    ],
)
def test_a_request_is_checked_before_any_work(
    request_: CorruptRequest, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        run(replace(request_, **changed))
    assert not request_.output.exists()


def test_a_file_that_vanishes_is_one_line(request_: CorruptRequest, tmp_path: Path) -> None:
    said = read_corpus(request_.corpus)  # type: ignore[arg-type]
    (tmp_path / "c" / "u2.wav").unlink()
    with pytest.raises(InputError, match=r"1 of 6 recordings .*no such audio file: .*u2\.wav"):
        run(replace(request_, corpus=said))


def test_progress_counts_recordings(request_: CorruptRequest) -> None:
    told: list[tuple[str, int, int]] = []
    run(request_, lambda what, done, total: told.append((what, done, total)))
    assert told == [("corrupting", done, 6) for done in range(7)]


def test_real_recordings_reach_their_snr(tmp_path: Path) -> None:
    """Ten real utterances in real rooms and noises."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real recordings here")
    source = read_corpus(REAL_DATA / "connected" / "en10-test")
    result = run(
        CorruptRequest(
            Corpus(source.name, source.utterances[::24]),
            conditions_from([0, 20], ["small", "medium"], True),
            tmp_path / "out",
            noise=REAL_DATA / "noise",
            rir=REAL_DATA / "rir",
            workers=1,
        )
    )
    for corpus in result.corpora:
        for row in _rows(corpus.folder):
            assert row.get("achieved_snr_db") == pytest.approx(row.get("snr_db"), abs=0.01)

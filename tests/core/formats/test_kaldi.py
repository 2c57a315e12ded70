"""Kaldi data folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.formats import kaldi

RATE_HZ = 16_000


def _folder(folder: Path, **files: str) -> Path:
    """A folder of files given as NAME=content; `wav.scp` is wav_scp, a.wav is two channels."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.stack([np.arange(RATE_HZ), -np.arange(RATE_HZ)], axis=1) / 2 / RATE_HZ
    soundfile.write(folder / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    for name, content in {"wav_scp": "u1 a.wav\n", **files}.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    return folder


def test_every_utt2_and_spk2_file_is_a_column(tmp_path: Path) -> None:
    place = _folder(
        tmp_path,
        wav_scp="u1 a.wav\nu2\ta.wav\n",
        text="u2 second one\nu1 first\n",
        utt2spk="u1 ann\nu2 bob\n",
        spk2utt="ann u1\nbob u2\n",
        spk2gender="ann f\nbob m\n",
        spk2accent="ann scots\n",
        utt2lang="u1 en\nu2 ga\n",
        utt2dur="u1 0.75\n",
        utt2num_frames="u1 98\n",
    )
    (place / "utt2num.frames").rename(place / "utt2num_frames")
    assert kaldi.detect(place) is Evidence.CONTENT
    first, second = kaldi.read(place)
    assert (first.id, first.text, first.speaker, first.duration_s) == ("u1", "first", "ann", 0.75)
    assert first.fields == {"gender": "f", "accent": "scots", "lang": "en"}
    assert (second.text, second.speaker, second.duration_s) == ("second one", "bob", 1.0)
    assert second.fields == {"gender": "m", "accent": None, "lang": "ga"}


def test_segments_are_parts_of_recordings_with_their_channel(tmp_path: Path) -> None:
    place = _folder(
        tmp_path,
        wav_scp="rec a.wav\n",
        segments="u1 rec 0.25 0.5 1\nu2 rec 0.5 -1\nu3 rec 0.5 0.75 -1\n",
        text="u1 x\nu2 y\nu3 z\n",
    )
    made = {one.id: one for one in kaldi.read(place)}
    assert [(one.offset_s, one.duration_s, one.channel) for one in made.values()] == [
        (0.25, 0.25, 1),
        (0.5, 0.5, None),
        (0.5, 0.25, None),
    ]
    expected = -np.arange(4000, 8000, dtype=np.float32) / 2 / RATE_HZ
    np.testing.assert_array_equal(made["u1"].audio(), expected)
    assert len(made["u2"].audio()) == 8000


def test_a_segment_far_beyond_its_recording_is_an_error_when_read(tmp_path: Path) -> None:
    """Kaldi lets it overshoot by half a second."""
    place = _folder(tmp_path, wav_scp="rec a.wav\n", segments="u1 rec 0.5 1.4\nu2 rec 0.5 1.6\n")
    near, far = kaldi.read(place)
    assert len(near.audio()) == 8000
    with pytest.raises(InputError, match=r"segment beyond the end of the audio: .*a\.wav; got"):
        far.audio()


def test_without_a_text_file_there_are_no_references(tmp_path: Path) -> None:
    assert [one.text for one in kaldi.read(_folder(tmp_path))] == [None]


def test_an_utterance_without_words_has_an_empty_reference(tmp_path: Path) -> None:
    assert [one.text for one in kaldi.read(_folder(tmp_path, text="u1\n"))] == [""]


def test_a_command_is_refused_and_not_run(tmp_path: Path) -> None:
    """What Kaldi would hand to a shell."""
    place = _folder(tmp_path, wav_scp=f"u1 touch {tmp_path}/ran; cat a.wav |\n")
    with pytest.raises(InputError, match=r"a command where audio is expected: .*wav\.scp:1; got t"):
        list(kaldi.read(place))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"wav_scp": "u1 -\n"}, "a command where audio is expected"),
        ({"wav_scp": "u1 raw.ark:128\n"}, r"audio inside an archive: .*wav\.scp:1; got raw\.ark"),
        ({"wav_scp": "u1 raw.ark[0:99]\n"}, "audio inside an archive"),
        ({"wav_scp": "u1\n"}, r"no audio file: .*wav\.scp:1"),
        ({"wav_scp": "\n"}, "no recordings"),
        ({"wav_scp": "u1 a.wav\nu1 a.wav\n"}, r"a name twice: .*wav\.scp:2; got 'u1'"),
        ({"segments": "s u1 0.5 0.5\n"}, r"bad segment: .*segments:1; got 0.5 0.5; expected sta"),
        ({"segments": "s u1 x 1\n"}, r"bad segment: .*segments:1; got x 1"),
        ({"segments": "s u1 0.5\n"}, r"bad segment: .*segments:1; got 0.5"),
        ({"segments": "s u1 0 nan\n"}, "bad segment"),
        ({"segments": "s\n"}, r"bad segment: .*segments:1"),
        ({"segments": "s u9 0 1\n"}, r"bad segment: .*segments:1; got u9 0 1; expected a recordi"),
        ({"text": "u1 hi\nu7 ho\n"}, r"1 of 2: transcript without a recording.*got first u7"),
        ({"text": "u7 hi\n", "wav_scp": "u1 a.wav\nu7 a.wav\n"}, "1 of 2: recording or segment wi"),
        ({"utt2dur": "u1 long\n"}, "bad duration: .*got 'long'"),
    ],
)
def test_mistakes_are_named_with_their_place(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        list(kaldi.read(_folder(tmp_path, **files)))
    assert "\n" not in str(caught.value)


def test_a_file_whose_name_ends_like_an_archives_is_a_file(tmp_path: Path) -> None:
    place = _folder(tmp_path, wav_scp="u1 a:12\n")
    (place / "a.wav").rename(place / "a:12")
    assert len(next(kaldi.read(place)).audio()) == RATE_HZ

"""Audio in and out: what comes back is what went in, and what cannot be read says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio import (
    AudioFormat,
    Samples,
    audio_files,
    probe_audio,
    read_audio,
    resample,
    suffix_of,
    write_audio,
)
from asrcompress.core.errors import InputError, OutputError

RATE_HZ = 16_000


def _tone(hz: float, duration_s: float = 0.5, rate_hz: int = RATE_HZ) -> Samples:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


@pytest.mark.parametrize(("kind", "step"), [("flac", 2.0**-23), ("flac16", 2.0**-15), ("wav", 0.0)])
def test_what_is_written_is_read_back_within_a_step(
    tmp_path: Path, kind: AudioFormat, step: float
) -> None:
    path = tmp_path / f"a{suffix_of(kind)}"
    samples = np.random.default_rng(0).uniform(-1, 1, 4000).astype(np.float32)
    samples[:2] = (1.0, -1.0)
    write_audio(path, samples, kind=kind)
    back = read_audio(path)
    assert back.dtype == np.float32
    assert np.abs(back - samples).max() <= 1.5 * step


def test_the_header_tells_rate_channels_and_duration(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((4410, 2)), 44_100)
    info = probe_audio(tmp_path / "a.wav")
    assert (info.sample_rate_hz, info.channels, info.duration_s) == (44_100, 2, 0.1)


def test_channels_are_averaged_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left, right = _tone(300), _tone(500)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), RATE_HZ, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), (left + right) / 2, atol=1e-6)
    assert [record.getMessage() for record in caplog.records] == [
        f"2 channels averaged: {tmp_path / 'a.wav'}"
    ]


def test_resampling_keeps_what_fits_and_removes_what_does_not(tmp_path: Path) -> None:
    """At 44.1 kHz: 1 kHz passes to 16 kHz at its level, 12 kHz is gone instead of folded."""
    for hz, expected in ((1000, 0.5 / 2**0.5), (12_000, 0.0)):
        path = tmp_path / f"{hz}.wav"
        soundfile.write(path, _tone(hz, rate_hz=44_100), 44_100, subtype="FLOAT")
        back = read_audio(path)
        assert len(back) == 8000
        middle = back[1000:-1000]
        assert float(np.sqrt(np.mean(middle**2))) == pytest.approx(expected, abs=1e-3)


def test_the_same_rate_is_left_alone() -> None:
    samples = _tone(300)
    assert resample(samples, RATE_HZ, RATE_HZ) is samples


def test_a_span_is_read_at_the_files_own_rate(tmp_path: Path) -> None:
    ramp = np.linspace(-1, 1, 8000, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", ramp, 8000, subtype="FLOAT")
    span = read_audio(tmp_path / "a.wav", offset_s=0.25, duration_s=0.5, sample_rate_hz=8000)
    np.testing.assert_array_equal(span, ramp[2000:6000])


def test_a_span_beyond_the_end_has_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(800), RATE_HZ)
    with pytest.raises(InputError, match="audio without samples"):
        read_audio(tmp_path / "a.wav", offset_s=5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    samples = np.array([0.1, value, 0.2], np.float32)
    soundfile.write(tmp_path / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    with pytest.raises(InputError, match=r"NaN or infinite samples: .*a\.wav"):
        read_audio(tmp_path / "a.wav")
    with pytest.raises(OutputError, match="NaN or infinite"):
        write_audio(tmp_path / "b.flac", samples)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such audio file"),
        (b"", "empty audio file: .*got 0 bytes"),
        (b"RIFF\x10\x00\x00\x00WAVEjunk", "not readable as audio: .*expected WAV, FLAC"),
        (b"<html>404</html>", "not readable as audio"),
    ],
)
@pytest.mark.parametrize("read", [read_audio, probe_audio])
def test_what_is_no_audio_is_one_line_with_the_name(
    tmp_path: Path, read: object, content: bytes | None, words: str
) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    assert callable(read)
    with pytest.raises(InputError, match=words) as caught:
        read(path)
    assert "a.wav" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_short_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.flac", _tone(300, duration_s=2))
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"a\.flac"):
        read_audio(tmp_path / "a.flac")


@pytest.mark.parametrize("kind", ["flac", "flac16"])
def test_a_sample_beyond_full_scale_is_refused_and_not_clipped(
    tmp_path: Path, kind: AudioFormat
) -> None:
    with pytest.raises(OutputError, match=r"would clip: .*a\.flac; got peak 1\.200; expected <= 1"):
        write_audio(tmp_path / "a.flac", np.array([0.0, -1.2], np.float32), kind=kind)
    assert not (tmp_path / "a.flac").exists()


def test_float_wav_holds_samples_beyond_full_scale(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.array([0.0, -1.25], np.float32), kind="wav")
    assert read_audio(tmp_path / "a.wav").tolist() == [0.0, -1.25]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write audio"):
        write_audio(tmp_path / "absent" / "a.flac", _tone(300))


def test_audio_files_are_found_below_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/x.FLAC", "a/z.wav", "a/y.opus", "a/._z.wav", "a/z.txt", "c.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = [path.relative_to(tmp_path).as_posix() for path in audio_files(tmp_path)]
    assert found == ["a/y.opus", "a/z.wav", "b/x.FLAC", "c.mp3"]

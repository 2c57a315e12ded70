"""Block by block: the same samples as all at once, and no file that was cut short passes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.audio import (
    Samples,
    probe_audio,
    read_audio,
    read_chunks,
    read_span,
    resample,
)
from asrcompress.core.audio_stream import Span
from asrcompress.core.errors import InputError
from asrcompress.core.resampling import windowed
from asrcompress.core.utterance import Utterance

RATE_HZ = 16_000
FORMATS = [
    *(("WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    *(("WAV", "ULAW"), ("WAV", "ALAW"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("W64", "PCM_16")),
    *(("AIFF", "PCM_16"), ("AU", "PCM_16"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24")),
    *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")),
]
# Quantisation and coding noise of a 440 Hz tone at 0.5: 8 bit and mu-law steps, lossy coders.
ERROR = {"PCM_U8": 2**-7, "ULAW": 0.02, "ALAW": 0.02, "VORBIS": 0.05, "OPUS": 0.08}


def _tone(rate_hz: int, duration_s: float = 1.0) -> Samples:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)


def _noise(frames: int, channels: int = 1) -> Samples:
    shape = frames if channels == 1 else (frames, channels)
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)


def _write(path: Path, samples: Samples, rate_hz: int, kind: tuple[str, str]) -> Path:
    soundfile.write(path, samples, rate_hz, format=kind[0], subtype=kind[1])
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_back_the_tone_that_was_written(
    tmp_path: Path, kind: tuple[str, str]
) -> None:
    path = _write(tmp_path / "a", _tone(48_000), 48_000, kind)
    back = read_audio(path, sample_rate_hz=48_000)
    assert len(back) == 48_000
    middle = slice(4800, -4800)  # coders fade in
    error = np.abs(back - _tone(48_000))[middle].max()
    assert error <= ERROR.get(kind[1], 1e-3 if kind[0] != "MP3" else 0.02)


@pytest.mark.parametrize("channels", [2, 6])
@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 96_000, 192_000])
def test_any_rate_and_number_of_channels_becomes_the_mean_at_16_khz(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    samples = np.zeros((rate_hz, channels), np.float32)
    samples[:, 0] = _tone(rate_hz)
    back = read_audio(_write(tmp_path / "a.wav", samples, rate_hz, ("WAV", "FLOAT")))
    assert len(back) == RATE_HZ
    middle = slice(1600, -1600)
    np.testing.assert_allclose(back[middle], (_tone(RATE_HZ) / channels)[middle], atol=1e-3)


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frames", [1, 2, 3, 17, 441, 1000, 70_000, 200_001])
def test_resampling_by_blocks_is_resampling_at_once(
    tmp_path: Path, rate_hz: int, frames: int
) -> None:
    """librosa on the whole signal is the reference; its length is ceil(frames * ratio)."""
    samples = _noise(frames)
    path = _write(tmp_path / "a.wav", samples, rate_hz, ("WAV", "FLOAT"))
    at_once = resample(samples, rate_hz, RATE_HZ)
    np.testing.assert_allclose(read_audio(path), at_once, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_chunks_are_slices_of_the_whole(
    tmp_path: Path, rate_hz: int, kind: tuple[str, str]
) -> None:
    path = _write(tmp_path / "a", _noise(5 * rate_hz + 7), rate_hz, kind)
    span = Span(0.25, 4.0)
    whole = read_span(path, span)
    chunks = list(read_chunks(path, chunk_s=1.5, overlap_s=0.25, span=span))
    assert [start_s for start_s, _ in chunks] == [0.0, 1.25, 2.5]
    for start_s, samples in chunks:
        start = round(start_s * RATE_HZ)
        np.testing.assert_array_equal(samples, whole[start : start + 24_000])
    assert sum(len(samples) for _, samples in chunks) == len(whole) + 2 * 4000


@pytest.mark.parametrize(
    ("frames", "starts"), [(1, [0]), (100, [0]), (101, [0, 80]), (180, [0, 80])]
)
def test_the_last_chunk_brings_something_new(
    tmp_path: Path, frames: int, starts: list[int]
) -> None:
    path = _write(tmp_path / "a.wav", _noise(frames), 1000, ("WAV", "FLOAT"))
    chunks = list(read_chunks(path, chunk_s=0.1, overlap_s=0.02, sample_rate_hz=1000))
    assert [round(start_s * 1000) for start_s, _ in chunks] == starts
    assert starts[-1] + len(chunks[-1][1]) == frames


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 30), st.data())
def test_windows_put_together_are_the_signal(
    sizes: list[int], window: int, data: st.DataObject
) -> None:
    """Any blocks, any window, any overlap: nothing lost, nothing twice, nothing in vain."""
    overlap = data.draw(st.integers(0, window - 1))
    signal = np.arange(sum(sizes), dtype=np.float32)
    blocks = np.split(signal, np.cumsum(sizes)[:-1]) if sizes else []
    made = list(windowed(blocks, window, overlap))
    assert [start for start, _ in made] == [n * (window - overlap) for n in range(len(made))]
    for start, samples in made:
        np.testing.assert_array_equal(samples, signal[start : start + window])
    ends = [start + len(samples) for start, samples in made]
    assert ends == sorted(set(ends))
    assert (ends or [0])[-1] == len(signal)


def test_an_utterances_chunks_are_its_audio(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", _noise(88_200, 2), 44_100, ("WAV", "FLOAT"))
    one = Utterance("u", path, 1.25, offset_s=0.5, is_segment=True, channel=1)
    whole = one.audio(8000)
    assert len(whole) == 10_000
    for start_s, samples in one.chunks(8000, chunk_s=0.5, overlap_s=0.125):
        start = round(start_s * 8000)
        np.testing.assert_array_equal(samples, whole[start : start + 4000])
    assert start + len(samples) == len(whole)


@pytest.mark.parametrize(("chunk_s", "overlap_s"), [(1, 1), (1, 2), (0, 0), (1, -0.1)])
def test_chunks_that_lead_nowhere_are_refused(
    tmp_path: Path, chunk_s: float, overlap_s: float
) -> None:
    with pytest.raises(InputError, match=r"bad chunks; got .*expected chunks longer"):
        list(read_chunks(tmp_path / "a.wav", chunk_s=chunk_s, overlap_s=overlap_s))


def test_memory_is_the_result_and_a_block(tmp_path: Path) -> None:
    """Ten minutes of 44.1 kHz stereo: 38 MB to hold; decoded at once they would take 212 MB."""
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 44_100, 2, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros((441_000, 2), np.int16))
    read_audio(path, duration_s=0.1)  # the imports are no part of it
    tracemalloc.start()
    try:
        assert len(read_audio(path)) == 9_600_000
        result_bytes = 4 * 9_600_000
        assert tracemalloc.get_traced_memory()[1] < result_bytes + 8e6
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in read_chunks(path, chunk_s=10, overlap_s=1):
            pass
        assert tracemalloc.get_traced_memory()[1] - before < 8e6
    finally:
        tracemalloc.stop()


def test_a_channel_can_be_chosen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    samples = _noise(1600, channels=2)
    path = _write(tmp_path / "a.wav", samples, RATE_HZ, ("WAV", "FLOAT"))
    np.testing.assert_array_equal(read_span(path, Span(channel=1)), samples[:, 1])
    assert not caplog.records
    with pytest.raises(InputError, match=r"no such channel: .*a\.wav; got 2; expected 0 to 1"):
        read_span(path, Span(channel=2))


def test_a_segment_may_reach_a_little_beyond_the_end_and_no_further(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", _noise(16_000), RATE_HZ, ("WAV", "FLOAT"))
    assert len(read_span(path, Span(0.5, 0.75, overshoot_s=0.5))) == 8000
    with pytest.raises(InputError, match=r"beyond the end.*got 0\.5 s \+ 1\.25 s.*within 1\.000 s"):
        read_span(path, Span(0.5, 1.25, overshoot_s=0.5))


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_a_part_of_an_mp3_is_that_part(tmp_path: Path, mode: str) -> None:
    """libmpg123 seeks in a variable bitrate to somewhere near."""
    samples = np.concatenate([_tone(48_000, 2.0), _noise(96_000), np.zeros(96_000, np.float32)])
    soundfile.write(tmp_path / "a.mp3", samples, 48_000, format="MP3", bitrate_mode=mode)
    whole = read_audio(tmp_path / "a.mp3", sample_rate_hz=48_000)
    part = read_audio(tmp_path / "a.mp3", offset_s=2.5, duration_s=0.5, sample_rate_hz=48_000)
    np.testing.assert_array_equal(part, whole[120_000:144_000])


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_short_is_an_error(tmp_path: Path, kind: tuple[str, str], part: float) -> None:
    whole = _write(tmp_path / "a", _noise(48_000), 48_000, kind).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: round(part * len(whole))])
    with pytest.raises(InputError, match="cut"):
        read_audio(tmp_path / "cut")


@pytest.mark.parametrize(
    "kind", [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
)
def test_damage_in_the_middle_is_an_error(tmp_path: Path, kind: tuple[str, str]) -> None:
    data = bytearray(_write(tmp_path / "a", _noise(96_000), 48_000, kind).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputError, match=r"(damaged|not readable as) audio: .*/a; got "):
        read_audio(tmp_path / "a")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFF024])
def test_a_wav_written_to_a_pipe_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    """Programs that cannot seek back leave a size that says: unknown."""
    data = bytearray(_write(tmp_path / "a.wav", _noise(800), 8000, ("WAV", "PCM_16")).read_bytes())
    place = data.index(b"data")
    data[place + 4 : place + 8] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    assert len(read_audio(tmp_path / "a.wav", sample_rate_hz=8000)) == 800


def test_a_flac_written_to_a_pipe_is_counted(tmp_path: Path) -> None:
    """Its header holds 0 for the number of samples: 36 bits from the byte 21 on."""
    path = _write(tmp_path / "a.flac", _noise(100_000), RATE_HZ, ("FLAC", "PCM_16"))
    whole = read_audio(path)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert probe_audio(path).frames == 100_000
    np.testing.assert_array_equal(read_audio(path), whole)


def test_a_header_that_promises_more_than_the_file_can_hold_takes_no_memory(tmp_path: Path) -> None:
    """2^36 - 1 samples, the most that a FLAC's header can say, would be 256 GiB."""
    path = _write(tmp_path / "a.flac", _noise(16_000), RATE_HZ, ("FLAC", "PCM_16"))
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged: .*a\.flac; got .*68719476735 frames"):
        read_audio(path)


def test_the_densest_flac_there_is_is_read(tmp_path: Path) -> None:
    """Silence in the largest blocks: ten minutes in a few kilobytes are no damage."""
    path = _write(tmp_path / "a.flac", np.zeros(9_600_000, np.float32), RATE_HZ, ("FLAC", "PCM_16"))
    assert probe_audio(path).frames == 9_600_000


@pytest.mark.parametrize("rate_hz", [1, 999, 1_000_001])
def test_a_rate_that_no_recorder_has_is_refused(tmp_path: Path, rate_hz: int) -> None:
    """At 1 Hz eight seconds' samples would become 8 GB."""
    path = _write(tmp_path / "a.wav", _noise(800), rate_hz, ("WAV", "PCM_16"))
    with pytest.raises(InputError, match=rf"sample rate out of range: .*a\.wav; got {rate_hz} Hz"):
        read_audio(path)


def test_a_web_page_called_mp3_is_said_to_hold_none(tmp_path: Path) -> None:
    """libsndfile says that the file does not exist, which sends its owner the wrong way."""
    (tmp_path / "a.mp3").write_text("<html>404</html>")
    with pytest.raises(InputError, match=r"not readable as audio: .*a\.mp3; got no MP3 in it"):
        read_audio(tmp_path / "a.mp3")


def test_an_mp3_of_variable_bitrate_needs_its_index(tmp_path: Path) -> None:
    """Without it the length is guessed from the first frames, and the end would be dropped."""
    samples = np.concatenate([_tone(48_000), _noise(48_000), np.zeros(96_000, np.float32)])
    soundfile.write(tmp_path / "a.mp3", samples, 48_000, format="MP3", bitrate_mode="VARIABLE")
    data = (tmp_path / "a.mp3").read_bytes()
    index_bytes = data.index(data[:2], 4)
    (tmp_path / "b.mp3").write_bytes(data[index_bytes:])
    assert len(read_audio(tmp_path / "a.mp3", sample_rate_hz=48_000)) == len(samples)
    with pytest.raises(InputError, match="variable bitrate without an index"):
        read_audio(tmp_path / "b.mp3")


@pytest.mark.parametrize("tag", [b"TAG" + bytes(125), b"APETAGEX" + b"x" * 500, bytes(64)])
def test_tags_around_an_mp3_are_no_damage(tmp_path: Path, tag: bytes) -> None:
    """An ID3v2 tag of 10 + 300 bytes before (size in 7-bit bytes: 2 * 128 + 44), others after."""
    path = _write(tmp_path / "a.mp3", _noise(48_000), 48_000, ("MP3", "MPEG_LAYER_III"))
    whole = read_audio(path)
    path.write_bytes(b"ID3\x04\0\0\0\0\x02\x2c" + bytes(300) + path.read_bytes() + tag)
    np.testing.assert_array_equal(read_audio(path), whole)


def test_a_page_that_is_missing_from_an_ogg_is_an_error(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.ogg", _noise(200_000), RATE_HZ, ("OGG", "VORBIS")).read_bytes()
    pages = [b"OggS" + page for page in data.split(b"OggS")[1:]]
    assert len(pages) > 4
    (tmp_path / "a.ogg").write_bytes(b"".join([*pages[:3], *pages[4:]]))
    with pytest.raises(InputError, match="page 3 missing before byte"):
        read_audio(tmp_path / "a.ogg")
    (tmp_path / "a.ogg").write_bytes(b"".join(pages[:-1]))
    with pytest.raises(InputError, match="no last page: cut short"):
        read_audio(tmp_path / "a.ogg")

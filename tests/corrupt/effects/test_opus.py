"""Opus: in place in time, about the bit rate asked for, and what it was is counted in bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from asrcompress.corrupt.effects.opus import Params, apply, audio_bytes
from tests.corrupt.signals import RATE_HZ, fidelity_db, lag, signal, syllables

_GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("bitrate_kbps", [6, 12, 24, 64, 256])
def test_length_and_time_stay_and_the_bit_rate_is_about_the_one_asked(bitrate_kbps: float) -> None:
    speech = syllables(3.0)
    heard, record = apply(signal(speech), Params(bitrate_kbps=bitrate_kbps), None, _GENERATOR)
    assert len(heard.samples) == len(speech)
    assert abs(lag(speech, heard.samples)) <= 1
    assert record["opus_bitrate_kbps"] == pytest.approx(bitrate_kbps, rel=0.35)
    assert heard.speech is None


def test_the_error_grows_as_the_bit_rate_falls() -> None:
    speech = syllables()
    found = []
    for bitrate_kbps in (6, 16, 64):
        heard, _ = apply(signal(speech), Params(bitrate_kbps=bitrate_kbps), None, _GENERATOR)
        found.append(fidelity_db(speech, heard.samples))
    assert found == sorted(found)


def test_bytes_of_packets_are_those_of_the_file_without_its_container() -> None:
    """The file of two seconds more has that much more in it, whatever its headers."""
    sizes = []
    for duration_s in (2.0, 6.0):
        stream = io.BytesIO()
        soundfile.write(
            stream,
            syllables(duration_s),
            RATE_HZ,
            format="OGG",
            subtype="OPUS",
            compression_level=0.9,
        )
        sizes.append((len(stream.getvalue()), audio_bytes(stream.getvalue())))
    for whole, packets in sizes:
        assert 0.8 * whole < packets < whole
    assert sizes[1][1] - sizes[0][1] < sizes[1][0] - sizes[0][0]


def test_the_sound_is_deterministic() -> None:
    """Though the file is not: its serial number is drawn anew."""
    first, second = (apply(signal(syllables()), Params(), None, _GENERATOR)[0] for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)

"""Built-in noises have their colour; babble never holds the speaker's own voice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio import Samples
from asrcompress.core.audio_stream import Span
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.corrupt import builtin
from asrcompress.corrupt.builtin import COLOURS, BuiltinNoise, SimulatedRooms, coloured_noise
from asrcompress.corrupt.decoded import read_kept
from asrcompress.corrupt.level import power
from tests.corrupt.corpora import RATE_HZ, corpus


def _density(noise: np.ndarray, low_hz: float, high_hz: float) -> float:  # type: ignore[type-arg]
    """Power per Hz between two frequencies."""
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequencies_hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    return float(spectrum[(frequencies_hz >= low_hz) & (frequencies_hz < high_hz)].mean())


@pytest.mark.parametrize(("colour", "drop_db"), [("white", 0.0), ("pink", 3.01), ("brown", 6.02)])
def test_the_spectrum_falls_as_its_colour_says(colour: str, drop_db: float) -> None:
    """Power per Hz in neighbouring octaves from 125 Hz to 8 kHz: 0, 3 and 6 dB apart."""
    noise = coloured_noise(20 * RATE_HZ, COLOURS[colour], np.random.default_rng(0))
    for low_hz in (125, 250, 500, 1000, 2000):
        drop = _density(noise, low_hz, 2 * low_hz) / _density(noise, 2 * low_hz, 4 * low_hz)
        assert 10 * np.log10(drop) == pytest.approx(drop_db, abs=0.4)
    assert power(noise) == pytest.approx(1.0, rel=0.02)


def test_nothing_inaudible_takes_up_the_power_of_brown_noise() -> None:
    noise = coloured_noise(2 * RATE_HZ, COLOURS["brown"], np.random.default_rng(0))
    assert _density(noise, 0, 19) < 1e-9 * _density(noise, 20, 40)


def test_a_very_short_noise_is_still_noise() -> None:
    assert power(coloured_noise(8, 1.0, np.random.default_rng(0))) > 0


def test_babble_is_of_other_speakers_only(tmp_path: Path) -> None:
    said = corpus(tmp_path / "c", utterances=8, speakers=4)
    noise = BuiltinNoise(said.utterances)
    for seed in range(10):
        clip = noise.draw("babble", said.utterances[0], 4000, np.random.default_rng(seed))
        voices = clip.id.removeprefix("builtin:babble(").removesuffix(")").split(",")
        assert len(voices) == 6
        assert {f"u{int(voice[1:]) % 4}" for voice in voices} == {"u1", "u2", "u3"}
        assert len(clip.samples) == 4000


def test_babble_is_six_speakers_of_equal_power_where_there_are_six_others(tmp_path: Path) -> None:
    """Independent voices of power 1: the sum has power 6, within what chance leaves."""
    said = corpus(tmp_path / "c", utterances=16, speakers=8)
    powers = []
    for seed in range(10):
        clip = BuiltinNoise(said.utterances).draw(
            "babble", said.utterances[0], 16_000, np.random.default_rng(seed)
        )
        voices = clip.id.removeprefix("builtin:babble(").removesuffix(")").split(",")
        assert len({int(voice[1:]) % 8 for voice in voices} - {0}) == 6
        powers.append(power(clip.samples))
    assert float(np.mean(powers)) == pytest.approx(6.0, rel=0.1)


def test_of_a_long_recording_a_minute_is_decoded_for_babble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three recordings of 200 s, each read in parts of 60 s from places that differ."""
    path = tmp_path / "long.wav"
    soundfile.write(path, np.random.default_rng(0).standard_normal(200 * 8000) * 0.1, 8000)
    said = [Utterance(f"u{n}", path, 200.0, speaker=f"s{n}") for n in range(3)]
    spans = []

    def read(path: Path, span: Span) -> Samples:
        spans.append(span)
        return read_kept(path, span)

    monkeypatch.setattr(builtin, "read_kept", read)
    clip = BuiltinNoise(tuple(said)).draw("babble", said[0], 4000, np.random.default_rng(0))
    assert power(clip.samples) > 1.0
    assert {span.duration_s for span in spans} == {60.0}
    assert len({span.offset_s for span in spans}) == 6
    assert all(0 <= span.offset_s <= 140 for span in spans)


def test_babble_does_not_depend_on_the_corpuss_order(tmp_path: Path) -> None:
    said = corpus(tmp_path / "c").utterances
    draws = [
        BuiltinNoise(order).draw("babble", said[0], 4000, np.random.default_rng(1))
        for order in (said, said[::-1])
    ]
    assert draws[0].id == draws[1].id
    np.testing.assert_array_equal(draws[0].samples, draws[1].samples)


def test_babble_passes_over_a_silent_or_broken_voice(tmp_path: Path) -> None:
    said = corpus(tmp_path / "c", utterances=4, speakers=4)
    said.utterances[1].path.write_bytes(b"RIFF broken")
    clip = BuiltinNoise(said.utterances).draw(
        "babble", said.utterances[0], 4000, np.random.default_rng(0)
    )
    assert "u1" not in clip.id
    said.utterances[2].path.write_bytes(b"")
    with pytest.raises(InputError, match="too few readable voices"):
        BuiltinNoise(said.utterances).draw(
            "babble", said.utterances[0], 4000, np.random.default_rng(0)
        )


def test_babble_needs_two_other_speakers(tmp_path: Path) -> None:
    noise = BuiltinNoise(corpus(tmp_path / "c", speakers=2).utterances)
    with pytest.raises(InputError, match="other speakers; got 2 speakers named; expected"):
        noise.check("babble")
    assert noise.kinds == ("white", "pink", "brown")


def test_a_type_that_is_not_built_in_is_refused() -> None:
    with pytest.raises(InputError, match="no such noise type: built-in noises; got 'wight'"):
        BuiltinNoise(()).check("wight")


@pytest.mark.parametrize("kind", ["small", "medium", "large"])
def test_simulated_rooms_come_with_what_was_measured_and_aimed_at(kind: str) -> None:
    rooms = SimulatedRooms()
    rooms.check(kind)
    response = rooms.draw(kind, np.random.default_rng(0))
    assert response.room == kind
    assert response.target_rt60_s is not None
    assert response.rt60_s == pytest.approx(response.target_rt60_s, rel=0.15)
    assert response.drr_db is not None


def test_simulated_rooms_of_any_class_are_drawn_alike() -> None:
    drawn = Counter(
        SimulatedRooms().draw(None, np.random.default_rng(seed)).room for seed in range(90)
    )
    assert set(drawn) == {"small", "medium", "large"}
    assert min(drawn.values()) > 15


def test_beside_a_simulated_response_is_another_talker_in_the_same_room() -> None:
    rooms = SimulatedRooms()
    response = rooms.draw("small", np.random.default_rng(0))
    beside = [rooms.draw_beside(response, np.random.default_rng(seed)) for seed in range(20)]
    names = {other.id for other in beside if other is not None}
    assert len(names) == 2
    assert response.id not in names
    assert {name.partition("/")[0] for name in names} == {response.id.partition("/")[0]}
    assert {other.target_rt60_s for other in beside if other} == {response.target_rt60_s}


def test_a_class_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(InputError, match="simulated rooms; got 'huge'; expected one of large"):
        SimulatedRooms().check("huge")


def test_what_is_simulated_says_so(tmp_path: Path) -> None:
    for library in (BuiltinNoise(()), SimulatedRooms()):
        assert library.is_simulated
        assert library.describe()["note"] == "simulated: not comparable with DNS4 or OpenSLR"

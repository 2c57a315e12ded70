"""Built-in noises have their colour; babble never holds the speaker's own voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.builtin import COLOURS, BuiltinNoise, SimulatedRooms, coloured_noise
from asrcompress.corrupt.level import power
from tests.corrupt.corpora import RATE_HZ, corpus


def _density(noise: np.ndarray, low_hz: float, high_hz: float) -> float:  # type: ignore[type-arg]
    """Power per Hz between two frequencies."""
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequencies_hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    return float(spectrum[(frequencies_hz >= low_hz) & (frequencies_hz < high_hz)].mean())


@pytest.mark.parametrize(("colour", "drop_db"), [("white", 0.0), ("pink", 3.01), ("brown", 6.02)])
def test_the_spectrum_falls_as_its_colour_says(colour: str, drop_db: float) -> None:
    """Power per Hz in two neighbouring octaves: 0, 3 and 6 dB apart."""
    noise = coloured_noise(20 * RATE_HZ, COLOURS[colour], np.random.default_rng(0))
    drop = _density(noise, 500, 1000) / _density(noise, 1000, 2000)
    assert 10 * np.log10(drop) == pytest.approx(drop_db, abs=0.3)
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
        assert len(voices) == 3  # the three other speakers, one utterance each
        assert not {"u0", "u4"} & set(voices)
        assert len(clip.samples) == 4000


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


def test_there_are_no_simulated_large_rooms() -> None:
    with pytest.raises(InputError, match="simulated rooms; got 'large'; expected one of medium"):
        SimulatedRooms().check("large")


def test_what_is_simulated_says_so(tmp_path: Path) -> None:
    for library in (BuiltinNoise(()), SimulatedRooms()):
        assert library.is_simulated
        assert library.describe()["note"] == "simulated: not comparable with DNS4 or OpenSLR"

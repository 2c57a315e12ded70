"""Simulated rooms have the sizes of Ko et al. 2017 and the RT60 that they were made for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asrcompress.corrupt.decay import measure_drr_db, measure_rt60
from asrcompress.corrupt.simulate import (
    ABSORPTION,
    EDGES_M,
    HEIGHTS_M,
    LEAST_RT60_S,
    ROOMS_OF_A_CLASS,
    TALKERS,
    eyring_rt60_s,
    simulate_room,
)
from tests.corrupt.corpora import RATE_HZ

KINDS = tuple(EDGES_M)


def test_eyrings_formula_by_hand() -> None:
    """10 x 10 x 4 m: V = 400, S = 360; 0.1611 * 400 / (360 * 0.6931) = 0.258 s at c = 343 m/s."""
    assert eyring_rt60_s(np.array([10.0, 10.0, 4.0]), 0.5) == pytest.approx(0.2583, abs=2e-4)


def test_eyrings_formula_agrees_with_pyroomacoustics() -> None:
    from pyroomacoustics.acoustics import rt60_eyring

    size_m = np.array([7.0, 4.0, 3.0])
    expected = rt60_eyring(2 * (28 + 21 + 12), 84.0, 0.3, 0.0, 343.0)
    assert eyring_rt60_s(size_m, 0.3) == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_every_room_measures_the_rt60_that_it_was_made_for(kind: str) -> None:
    """Within 15 % of Eyring's, for each talker of each room of the bank."""
    for number in range(ROOMS_OF_A_CLASS):
        room = simulate_room(kind, number, RATE_HZ)
        assert room.target_rt60_s == eyring_rt60_s(room.size_m, room.absorption)
        for response in room.responses:
            assert measure_rt60(response, RATE_HZ) == pytest.approx(room.target_rt60_s, rel=0.15)


@pytest.mark.parametrize("kind", KINDS)
def test_another_program_measures_the_same_rt60(kind: str) -> None:
    """In the median within 10 %: pyroomacoustics takes two points of the curve, not a line."""
    from pyroomacoustics.experimental import measure_rt60 as measure_elsewhere

    errors = []
    for number in range(ROOMS_OF_A_CLASS):
        room = simulate_room(kind, number, RATE_HZ)
        for response in room.responses:
            heard = response[int(np.argmax(np.abs(response))) :]
            found_s = measure_elsewhere(heard, fs=RATE_HZ, decay_db=20)
            errors.append(abs(found_s / room.target_rt60_s - 1))
    assert float(np.median(errors)) < 0.10


@pytest.mark.parametrize("kind", KINDS)
def test_rooms_have_the_sizes_and_absorption_of_their_class(kind: str) -> None:
    for number in range(ROOMS_OF_A_CLASS):
        room = simulate_room(kind, number, RATE_HZ)
        assert all(EDGES_M[kind][0] <= edge_m <= EDGES_M[kind][1] for edge_m in room.size_m[:2])
        assert HEIGHTS_M[0] <= room.size_m[2] <= HEIGHTS_M[1]
        assert ABSORPTION[0] <= room.absorption <= ABSORPTION[1]
        assert room.target_rt60_s >= LEAST_RT60_S
        assert len(room.responses) == TALKERS


def test_larger_rooms_reverberate_longer() -> None:
    medians_s = [
        float(np.median([simulate_room(kind, n, RATE_HZ).target_rt60_s for n in range(16)]))
        for kind in KINDS
    ]
    assert medians_s == sorted(medians_s)


def test_a_room_is_the_same_each_time_and_its_talkers_and_other_rooms_differ() -> None:
    first = simulate_room("small", 0, RATE_HZ)
    simulate_room.cache_clear()
    again = simulate_room("small", 0, RATE_HZ)
    assert [a.tobytes() for a in first.responses] == [a.tobytes() for a in again.responses]
    sounds = {
        response.tobytes()
        for number in range(3)
        for response in simulate_room("small", number, RATE_HZ).responses
    }
    assert len(sounds) == 3 * TALKERS


def test_the_tail_goes_on_at_the_images_level() -> None:
    """No step at the mixing time: 20 ms on either side differ as the decay says, within 3 dB."""
    for number in range(ROOMS_OF_A_CLASS):
        room = simulate_room("medium", number, RATE_HZ)
        mixing_s = max(math.sqrt(float(np.prod(room.size_m))) / 1000, 0.05)
        for response in room.responses:
            mixed = int(np.argmax(np.abs(response))) + round(mixing_s * RATE_HZ)
            before = float(np.mean(response[mixed - 320 : mixed] ** 2))
            after = float(np.mean(response[mixed : mixed + 320] ** 2))
            expected_db = 60 * 0.020 / room.target_rt60_s
            assert 10 * math.log10(before / after) == pytest.approx(expected_db, abs=3.0)


def test_nearby_talkers_have_a_direct_sound() -> None:
    """0.5-5 m away: the DRR lies where measured rooms have theirs, between -15 and 20 dB."""
    for kind in KINDS:
        for number in range(4):
            for response in simulate_room(kind, number, RATE_HZ).responses:
                assert -15 < (measure_drr_db(response, RATE_HZ) or math.inf) < 20


def test_nothing_lies_below_wideband_speech() -> None:
    """Images are all positive; below 20 Hz nothing of that is left, 20 dB at least under speech."""
    response = simulate_room("small", 1, RATE_HZ).responses[0]
    spectrum = np.abs(np.fft.rfft(response, 1 << 16)) ** 2
    frequencies_hz = np.fft.rfftfreq(1 << 16, 1 / RATE_HZ)
    below = spectrum[frequencies_hz < 5].mean()
    assert below < 0.01 * spectrum[(frequencies_hz > 200) & (frequencies_hz < 4000)].mean()


def test_simulation_leaves_the_librarys_thread_setting_as_it_was() -> None:
    import pyroomacoustics

    before = pyroomacoustics.constants.get("num_threads")
    simulate_room.cache_clear()
    simulate_room("small", 0, RATE_HZ)
    assert pyroomacoustics.constants.get("num_threads") == before

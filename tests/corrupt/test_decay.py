"""Reverberation time and direct sound of responses whose values are known."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator

import numpy as np
import pytest

from asrcompress.core.audio import read_audio
from asrcompress.corrupt.decay import measure_drr_db, measure_rt60
from asrcompress.corrupt.level import Floats
from tests.corrupt.corpora import RATE_HZ, REAL_DATA


def _decay(rt60_s: float, duration_s: float, floor_db: float = -math.inf, seed: int = 0) -> Floats:
    """Gaussian noise that falls by 60 dB in RT60, over a steady floor of so many dB."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    tail = generator.standard_normal(len(time_s)) * 10 ** (-3 * time_s / rt60_s)
    return np.asarray(tail + 10 ** (floor_db / 20) * generator.standard_normal(len(time_s)))


def _errors(rt60_s: float, duration_s: float, floor_db: float) -> list[float]:
    measured = [
        measure_rt60(_decay(rt60_s, duration_s, floor_db, seed), RATE_HZ) for seed in range(20)
    ]
    return [(found or 0) / rt60_s - 1 for found in measured]


@pytest.mark.parametrize("rt60_s", [0.15, 0.4, 1.0, 2.5])
@pytest.mark.parametrize("floor_db", [-math.inf, -60.0, -50.0, -40.0])
def test_rt60_of_a_known_decay_is_found(rt60_s: float, floor_db: float) -> None:
    """Without bias whatever the floor, and within 10 % for each decay."""
    errors = _errors(rt60_s, 1.5 * rt60_s, floor_db)
    assert abs(float(np.mean(errors))) < 0.02
    assert max(map(abs, errors)) < 0.10


def test_a_response_cut_off_within_its_decay_is_measured_by_what_is_left() -> None:
    """0.7 RT60 long: Schroeder's integral alone would bend down at the cut (ISO 3382-1)."""
    assert abs(float(np.mean(_errors(0.6, 0.42, -math.inf)))) < 0.03


def test_digital_silence_after_the_response_changes_nothing() -> None:
    response = _decay(0.4, 0.6)
    padded = np.concatenate([response, np.zeros(RATE_HZ)])
    assert measure_rt60(padded, RATE_HZ) == measure_rt60(response, RATE_HZ)


def test_the_level_and_what_precedes_the_peak_do_not_matter() -> None:
    response = _decay(0.4, 0.6)
    response[0] = 9.0
    later = np.concatenate([np.zeros(500), 1e-3 * response])
    assert measure_rt60(later, RATE_HZ) == pytest.approx(measure_rt60(response, RATE_HZ))


@pytest.mark.parametrize(
    "response",
    [
        np.random.default_rng(0).standard_normal(8000),
        _decay(0.4, 0.6, floor_db=-20.0),
        np.array([1.0]),
        np.ones(400),
        np.eye(1, 8000)[0],
    ],
    ids=["steady noise", "20 dB over the floor", "one sample", "no decay", "an impulse"],
)
def test_rt60_is_none_where_there_is_no_decay_to_measure(response: Floats) -> None:
    assert measure_rt60(response, RATE_HZ) is None


def test_rt60_agrees_with_pyroomacoustics() -> None:
    """Its measure_rt60 takes two points of the same curve: 5 and 25 dB below the start."""
    from pyroomacoustics.experimental import measure_rt60 as measure_elsewhere

    for seed in range(5):
        response = _decay(0.5, 1.0, seed=seed)
        expected = measure_elsewhere(response, fs=RATE_HZ, decay_db=20)
        assert measure_rt60(response, RATE_HZ) == pytest.approx(expected, rel=0.08)


def test_drr_is_of_the_peak_within_2_5_ms_over_what_follows() -> None:
    """By hand: 1 + 0.5^2 within 40 samples, 2 x 0.25^2 behind: 10 dB; before it, nothing counts."""
    response = np.zeros(1000)
    response[[50, 100, 140, 141, 600]] = 0.9, 1.0, 0.5, 0.25, 0.25
    assert measure_drr_db(response, RATE_HZ) == pytest.approx(10.0)


def test_drr_is_none_without_reverberation() -> None:
    assert measure_drr_db(np.eye(1, 500)[0], RATE_HZ) is None
    assert measure_drr_db(np.zeros(500), RATE_HZ) is None


def test_real_rooms_measure_as_they_did_for_their_publishers() -> None:
    """T20 within 1 % and DRR within 0.2 dB of another program's, for every tenth response."""
    for row in _real_responses():
        response = read_audio(REAL_DATA / "rir" / row["file"])
        assert measure_rt60(response, RATE_HZ) == pytest.approx(float(row["t60"]), rel=0.01)
        assert measure_drr_db(response, RATE_HZ) == pytest.approx(float(row["drr_db"]), abs=0.2)


def _real_responses() -> Iterator[dict[str, str]]:
    manifest = REAL_DATA / "rir" / "manifest.tsv"
    if not manifest.is_file():
        pytest.skip("no real recordings here")
    yield from list(csv.DictReader(manifest.read_text().splitlines(), delimiter="\t"))[::10]

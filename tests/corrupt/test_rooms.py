"""Room classes and reverberation times."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.audio import read_audio
from asrcompress.core.errors import InputError
from asrcompress.corrupt.rooms import (
    SIMULATED_EDGES_M,
    class_of_rt60,
    measure_rt60,
    room_class,
    simulate_response,
)
from tests.corrupt.corpora import RATE_HZ, REAL_DATA, decay


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("floor", [0.0, 3e-4])
def test_rt60_of_a_known_decay_is_found(rt60_s: float, floor: float) -> None:
    response = decay(rt60_s, duration_s=1.5)
    response += floor * np.random.default_rng(0).standard_normal(len(response))
    assert measure_rt60(response, RATE_HZ) == pytest.approx(rt60_s, rel=0.08)


def test_rt60_is_none_where_noise_hides_the_decay() -> None:
    assert measure_rt60(np.random.default_rng(0).standard_normal(8000), RATE_HZ) is None
    assert measure_rt60(np.array([1.0]), RATE_HZ) is None


def test_rt60_agrees_with_the_measurers_of_real_rooms() -> None:
    """Within 12 % of the T60s that came with the responses, by another program."""
    manifest = REAL_DATA / "rir" / "manifest.tsv"
    if not manifest.is_file():
        pytest.skip("no real recordings here")
    rows = list(csv.DictReader(manifest.read_text().splitlines(), delimiter="\t"))[::15]
    for row in rows:
        measured = measure_rt60(read_audio(manifest.parent / row["file"]), RATE_HZ)
        assert measured == pytest.approx(float(row["t60"]), rel=0.12)


@pytest.mark.parametrize(
    ("file", "row", "expected"),
    [
        ("smallroom/RVB2014_type1_rir_largeroom1_far.wav", {"size": "medium"}, "medium"),
        ("mediumroom/Room001/RVB2014_type1_rir_largeroom1_far.wav", {}, "medium"),
        ("small/x.wav", {"room": "kitchen"}, "small"),
        ("Small_Rooms/x.wav", {}, "small"),
        ("rooms/RVB2014_type1_rir_largeroom1_far_angla.wav", {}, "large"),
        ("rooms/smallish.wav", {}, "medium"),
    ],
)
def test_the_class_comes_from_manifest_then_folder_then_name_then_rt60(
    file: str, row: Mapping[str, str], expected: str
) -> None:
    assert room_class(Path(file), row, lambda: 0.5) == expected


def test_a_class_in_the_manifest_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown room class.*'huge'.*large, medium, small"):
        room_class(Path("a.wav"), {"size": "huge"}, lambda: None)


def test_classes_of_the_reverb_challenges_rooms() -> None:
    assert [class_of_rt60(rt60_s) for rt60_s in (0.25, 0.5, 0.7, None)] == [
        "small",
        "medium",
        "large",
        "unknown",
    ]


def test_simulated_rooms_are_the_same_each_time_and_differ_from_each_other() -> None:
    first = simulate_response("small", 0, RATE_HZ).tobytes()
    other = simulate_response("small", 1, RATE_HZ).tobytes()
    simulate_response.cache_clear()
    assert simulate_response("small", 0, RATE_HZ).tobytes() == first != other


def test_simulated_rooms_reverberate_as_rooms_of_their_size_do() -> None:
    """Sabine: RT60 grows with the edges, the absorption being drawn alike for both classes."""
    rt60s = {
        kind: [measure_rt60(simulate_response(kind, n, RATE_HZ), RATE_HZ) or 0 for n in range(6)]
        for kind in SIMULATED_EDGES_M
    }
    assert 0.03 < min(rt60s["small"]) < max(rt60s["medium"]) < 5
    assert np.median(rt60s["small"]) < np.median(rt60s["medium"])


def test_simulation_leaves_the_librarys_thread_setting_as_it_was() -> None:
    import pyroomacoustics

    before = pyroomacoustics.constants.get("num_threads")
    simulate_response.cache_clear()
    simulate_response("small", 0, RATE_HZ)
    assert pyroomacoustics.constants.get("num_threads") == before

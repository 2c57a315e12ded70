"""What is timed, in which order, and what the times are summed up to."""

from __future__ import annotations

from collections import Counter

import pytest

from asrcompress.core.errors import InputError
from asrcompress.evaluate.speed_plan import SpeedOptions, Timings, percentiles, plan_of, turns


def test_plan_has_each_length_and_a_batch() -> None:
    """Three recordings of each length alone, shortest first, then eight of ten seconds at once."""
    plan = plan_of(SpeedOptions(lengths_s=(10, 3)), batch_size=8)
    assert [item.audio_s for item in plan.items] == [3, 3, 3, 10, 10, 10, 10]
    assert [item.recordings for item in plan.items[:3]] == [(0,), (1,), (2,)]
    assert plan.batch.recordings == tuple(range(6, 14))
    assert plan.batch.is_batch
    assert plan.lengths_s == (3, 3, 3, 10, 10, 10, *[10.0] * 8)


def test_a_length_given_twice_counts_once() -> None:
    plan = plan_of(SpeedOptions(lengths_s=(3, 3.0), recordings=1), batch_size=1)
    assert [item.audio_s for item in plan.items] == [3, 10]


@pytest.mark.parametrize("models", [1, 2, 3, 4])
def test_turns_are_fair(models: int) -> None:
    """Over 2 n items each model has each place, and each neighbour before it, equally often."""
    names = "abcd"[:models]
    orders = [turns(names, number) for number in range(2 * models)]
    assert all(sorted(order) == list(names) for order in orders)
    for place in range(models):
        assert set(Counter(order[place] for order in orders).values()) == {2}
    if models == 3:
        assert ["".join(order) for order in orders] == ["abc", "cba", "bca", "acb", "cab", "bac"]


def test_timings_by_length() -> None:
    """Latencies are of all recordings of that length, without the batch; the batch's median."""
    plan = plan_of(SpeedOptions(lengths_s=(10, 3), recordings=1), batch_size=2)
    timings = Timings(plan)
    for number, seconds in ((0, 0.1), (1, 0.5), (2, 4.0), (0, 0.3), (1, 0.7), (2, 2.0), (2, 3.0)):
        timings.add(number, seconds)
    assert timings.latencies_ms(3) == [100, 300]
    assert timings.latencies_ms(10) == [500, 700]
    assert timings.batch_s == 3.0


def test_spread_is_of_a_recording_and_not_between_recordings() -> None:
    """1 for recordings that take 1 s and 9 s each time; more for times that are thrice as long."""
    plan = plan_of(SpeedOptions(lengths_s=(3, 30), recordings=1), batch_size=1)
    timings = Timings(plan)
    for number, seconds in ((0, 1.0), (1, 9.0), (2, 2.0)):
        for _ in range(7):
            timings.add(number, seconds)
    assert timings.spread == 1.0
    timings.add(0, 3.0)
    timings.add(1, 27.0)  # 2 of 23 relative times are 3: place 0.95 * 22 = 20.9 of them, from 0
    assert timings.spread == pytest.approx(1 + 0.9 * 2)


def test_percentiles_by_hand() -> None:
    """Of 0..100 they are themselves; between two values they are interpolated."""
    assert percentiles(range(101)) == (50, 95)
    assert percentiles([1.0, 2.0]) == pytest.approx((1.5, 1.95))
    assert percentiles([7.0]) == (7, 7)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"lengths_s": ()}, r"no lengths to time; expected seconds, like 3,10,30"),
        ({"lengths_s": (3, 0.01)}, r"got 0.01 s; expected 0.1 to 600 s"),
        ({"lengths_s": (float("nan"),)}, r"got nan s"),
        ({"rounds": 0}, r"bad rounds; got 0; expected at least 1"),
        ({"recordings": 0}, r"bad recordings"),
    ],
)
def test_what_cannot_be_timed(options: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        SpeedOptions(**options)  # type: ignore[arg-type]

"""Conditions from lists have speaking names and no doubles."""

from __future__ import annotations

from asrcompress.core.condition import Condition, Step
from asrcompress.corrupt.conditions import conditions_from


def test_names_and_order() -> None:
    made = conditions_from([10, 2.5], ["small"], True, clean=True, seed=3)
    assert [condition.name for condition in made] == [
        "clean",
        "noise-10dB",
        "noise-2.5dB",
        "room-small",
        "room-small+noise-10dB",
        "room-small+noise-2.5dB",
    ]
    assert {condition.seed for condition in made} == {3}


def test_a_pair_has_the_room_first() -> None:
    pair = conditions_from([10], ["small"], True, noise_types=["babble"])[-1]
    steps = (Step("reverb", {"room": "small"}), Step("noise", {"type": "babble", "snr_db": 10.0}))
    assert pair == Condition("room-small+noise-babble-10dB", steps)


def test_without_both_there_are_no_pairs() -> None:
    assert len(conditions_from([0, 10], ["small", "medium"], False)) == 4


def test_a_value_given_twice_is_two_conditions() -> None:
    """It is not dropped in silence: `run` refuses two conditions of one name."""
    twice = conditions_from([10, 10.0], ["small", "small"], False)
    assert [condition.name for condition in twice] == ["noise-10dB"] * 2 + ["room-small"] * 2


def test_values_that_differ_late_have_names_that_differ() -> None:
    """Decimals as typed, without the noise of binary fractions; minus zero is zero."""
    made = conditions_from([10, 10.0000001, 0.1 + 0.2, -0.0, -5], [], False)
    names = [condition.name for condition in made]
    assert names == [f"noise-{level}dB" for level in ("10", "10.0000001", "0.3", "0", "-5")]

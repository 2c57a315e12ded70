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


def test_a_value_given_twice_is_one_condition() -> None:
    assert len(conditions_from([10, 10.0], [], False)) == 1

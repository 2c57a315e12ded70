"""Conditions from lists have speaking names and no doubles."""

from __future__ import annotations

import pytest

from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError
from asrcompress.corrupt.conditions import condition_of, conditions_from, steps_from_text


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


def test_the_active_reference_is_in_the_name() -> None:
    """So that the two kinds of SNR do not meet in one folder."""
    (made,) = conditions_from([10], [], False, noise_types=["babble"], reference="active")
    assert made.name == "noise-babble-10dB-active"
    assert made.steps[0].params["reference"] == "active"
    (usual,) = conditions_from([10], [], False, reference="overall")
    assert usual == conditions_from([10], [], False)[0]


def test_a_chain_from_its_text() -> None:
    steps = steps_from_text("reverb:room=small + noise:snr_db=10, type=babble+opus:bitrate_kbps=12")
    made = condition_of(steps, seed=3)
    assert made == Condition(
        "room-small+noise-babble-10dB+opus-12kbps",
        (
            Step("reverb", {"room": "small"}),
            Step("noise", {"snr_db": 10.0, "type": "babble"}),
            Step("opus"),  # 12 kbps is what it is anyway
        ),
        seed=3,
    )


def test_text_mapping_and_list_give_the_same_condition() -> None:
    """Numbers as text, as whole numbers or as decimals: one condition, one cache key."""
    from_list = conditions_from([10], [], False)[0]
    from_text = condition_of(steps_from_text("noise:snr_db=10"))
    from_recipe = condition_of([Step("noise", {"snr_db": 10, "reverberate": False})])
    assert from_list == from_text == from_recipe


def test_a_name_of_ones_own() -> None:
    assert condition_of(steps_from_text("gsm"), name="phone").name == "phone"
    assert condition_of((), name=None) == Condition("clean")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"bad effect: ''; got ''; expected like noise:snr_db=10"),
        ("noise:", "bad effect: 'noise:'"),
        ("noise:snr_db", "got 'snr_db'; expected like noise"),
        ("noise:snr_db=", "bad effect"),
        ("reverb++noise:snr_db=10", "got ''"),
        ("noise:snr_db=10,snr_db=5", "parameter twice: .*; got 'snr_db'"),
        ("opsu", "got 'opsu'; expected one of .*did you mean 'opus'"),
        ("noise:snr_db=ten", "bad snr_db: condition, effect noise; got 'ten'; expected .*number"),
        ("noise", "bad snr_db: .*; got nothing; expected a value for it"),
        ("noise:snr_db=61", "got '61'; expected less than or equal to 60"),
        ("mp3:bitrate_kbps=33", "got '33'; expected one of 8, 16, 24"),
        ("opus+noise:snr_db=10", "noise after opus: condition; expected noise before opus"),
        ("noise:snr_db=10,reverberate=yes", "noise without reverb"),
    ],
)
def test_mistakes_in_a_text_are_named(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        condition_of(steps_from_text(text))


def test_any_type_among_others() -> None:
    """`any` is noise of every type, as without types, also beside named ones."""
    either, babble = conditions_from([5], [], False, noise_types=["any", "babble"])
    assert either == conditions_from([5], [], False)[0]
    assert babble.name == "noise-babble-5dB"

"""Subgroups: which columns are worth a breakdown, and that their counts add up."""

from __future__ import annotations

import pytest

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts, Evaluation
from asrcompress.evaluate.groups import NO_VALUE, group_columns, groups_of
from tests.evaluate.makers import evaluation, utterance


@pytest.fixture
def found() -> Evaluation:
    return evaluation(
        [
            utterance(
                f"u{place}",
                errors=place,
                n=10,
                speaker=f"s{place % 2}",
                accent="north" if place < 3 else "south",
                age=30 + place % 2,
                achieved_snr_db="10",
                gain=0.5 + place,
                noise_id=f"n{place % 2}",
                ratio=f"{place % 2}.5",
                site="same",
                sentence=f"sentence {place}",
                comment="x" * 41 if place % 2 else "y",
                nested={"a": place % 2},
                source_filepath=f"talk{place % 2}.wav",
            )
            for place in range(6)
        ]
    )


def test_labels_yes_measurements_no(found: Evaluation) -> None:
    """Labels with few repeated values; no units, floats, identities, long texts or nesting."""
    assert group_columns(found) == ("speaker", "accent", "age")


def test_counts_of_each_value(found: Evaluation) -> None:
    """Accent north holds utterances 0, 1 and 2 with 0 + 1 + 2 errors in 30 words."""
    north, south = groups_of(found, ["accent"])
    assert (north.field, north.value, north.utterances) == ("accent", "north", 3)
    assert north.words == ErrorCounts(s=3, n=30)
    assert south.words == ErrorCounts(s=12, n=30)


def test_every_column_adds_up_to_the_whole(found: Evaluation) -> None:
    for column in group_columns(found):
        parts = groups_of(found, [column])
        assert sum((part.words for part in parts), ErrorCounts()) == found.words


def test_asking_allows_any_column(found: Evaluation) -> None:
    """What the default leaves out can be asked for by name."""
    assert len(groups_of(found, ["sentence"])) == 6


def test_unknown_column_is_refused(found: Evaluation) -> None:
    with pytest.raises(InputError, match=r"got 'acent'; expected .*did you mean 'accent'"):
        groups_of(found, ["acent"])


@pytest.mark.parametrize(("speakers", "is_shown"), [(1, False), (2, True), (50, True), (51, False)])
def test_speakers_two_to_fifty(speakers: int, is_shown: bool) -> None:
    rows = [utterance(f"u{n}", errors=0, n=1, speaker=f"s{n}") for n in range(speakers)]
    assert (group_columns(evaluation(rows)) == ("speaker",)) is is_shown


def test_missing_values_are_a_group() -> None:
    """Utterances without the column are shown, not dropped."""
    rows = [
        utterance("a", errors=0, n=1, device="phone"),
        utterance("b", errors=1, n=1),
        utterance("c", errors=1, n=1, device=""),
        utterance("d", errors=1, n=1, device="phone"),
    ]
    groups = groups_of(evaluation(rows))
    assert [(group.value, group.utterances) for group in groups] == [(NO_VALUE, 2), ("phone", 2)]

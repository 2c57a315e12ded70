"""Names beside points: whole, inside the picture, and none over another or over a point."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcompress.report.labels import (
    MARK_RADIUS,
    Box,
    Label,
    around,
    place_labels,
    short_name,
    text_width,
)

AREA = Box(0, 0, 570, 320)
POINTS = st.lists(
    st.tuples(st.integers(8, 562).map(float), st.integers(8, 312).map(float)), max_size=20
)


def _placed(points: list[tuple[float, float]], names: list[str]) -> list[Label]:
    return [label for label in place_labels(points, names, AREA) if label]


def test_a_lone_point_has_its_name_to_its_right() -> None:
    """Beside the mark and at its height, without a line."""
    (label,) = _placed([(100.0, 100.0)], ["int8"])
    assert label.leader is None
    assert 100 + MARK_RADIUS < label.x < 115
    assert label.box.top < 100 < label.box.bottom


def test_at_the_right_edge_the_name_is_to_the_left() -> None:
    """It would be cut to the right."""
    (label,) = _placed([(565.0, 100.0)], ["int8-openvino"])
    assert label.box.right < 565


def test_what_is_kept_clear_is_avoided_where_there_is_room() -> None:
    """A bar to the right sends the name to the left; one over the whole picture is crossed."""
    point, bar = (200.0, 100.0), Box(205, 0, 560, 320)
    (label,) = place_labels([point], ["int8"], AREA, [bar])
    assert label is not None
    assert not label.box.overlaps(bar)
    (crossed,) = place_labels([point], ["int8"], AREA, [AREA])
    assert crossed is not None


def test_crowded_points_have_lines_to_their_names() -> None:
    """Eight points at one place: every one has its name, all apart."""
    names = [f"artefact-{index}" for index in range(8)]
    labels = _placed([(300.0, 150.0)] * 8, names)
    assert [label.text for label in labels] == names
    assert sum(label.leader is not None for label in labels) >= 2  # six fit around the mark
    assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))


def test_what_has_no_room_is_left_out() -> None:
    """A picture smaller than a name has none."""
    assert place_labels([(5.0, 5.0)], ["a-long-name"], Box(0, 0, 20, 20)) == (None,)


@settings(max_examples=60)
@given(POINTS)
def test_no_name_lies_over_another_or_over_a_point(points: list[tuple[float, float]]) -> None:
    """Whatever the points; and the same points have the same names at the same places."""
    names = [f"wav2vec2/int8-{index}" for index in range(len(points))]
    labels = _placed(points, names)
    assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))
    marks = [around(x, y, MARK_RADIUS) for x, y in points]
    assert not any(label.box.overlaps(mark) for label in labels for mark in marks)
    assert all(AREA.holds(label.box) for label in labels)
    assert _placed(points, names) == labels


def test_twenty_spread_points_all_have_their_names() -> None:
    """A large audit: nothing is left out."""
    points = [(30.0 + 27 * index, 20.0 + 53 * index % 280) for index in range(20)]
    names = [f"wav2vec2-large/prune{index}0" for index in range(20)]
    assert len(_placed(points, names)) == 20


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("int8", "int8"),
        ("wav2vec2-large-960h-lv60-self", "wav2vec2-l\u2026h-lv60-self"),
        ("a\nb", "a b"),
    ],
)
def test_long_names_lose_their_middle(name: str, shown: str) -> None:
    """22 characters at most, on one line."""
    assert short_name(name).strip() == shown
    assert len(short_name(name)) <= 22


def test_widths_are_no_less_than_a_wide_fonts() -> None:
    """Advances in DejaVu Sans, in thousandths of the font size, as a browser measures them."""
    widths = {"i": 278, "r": 411, "-": 361, "/": 337, "n": 634, "8": 636, "_": 500, "+": 838}
    widths |= {"m": 974, "w": 818, "W": 989, "Q": 787, "@": 1000, "\u2026": 1000}
    for character, width in widths.items():
        assert text_width(character) >= 13 * width / 1000, character
    assert text_width("\u97f3") >= 13

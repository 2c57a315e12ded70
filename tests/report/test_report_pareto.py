"""The Pareto front: its definition, ties, and the steps through it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asrcompress.report.pareto import on_front, staircase

POINTS = st.lists(st.tuples(st.integers(0, 6).map(float), st.integers(0, 6).map(float)))


def test_a_point_that_another_beats_is_off_the_front() -> None:
    """(2, 2) is beaten by (1, 2) in x, (3, 1) by nothing, (4, 1) by (3, 1)."""
    points = [(2.0, 2.0), (1.0, 2.0), (3.0, 1.0), (4.0, 1.0), (0.5, 9.0)]
    assert on_front(points) == (False, True, True, False, True)


def test_equal_points_share_their_fate() -> None:
    """Neither beats the other: both are on the front, or both are beaten."""
    assert on_front([(1.0, 1.0), (1.0, 1.0)]) == (True, True)
    assert on_front([(1.0, 1.0), (2.0, 1.0), (2.0, 1.0)]) == (True, False, False)


def test_one_point_is_a_front_and_none_has_none() -> None:
    """The ends of what there can be."""
    assert on_front([(3.0, 4.0)]) == (True,)
    assert on_front([]) == ()
    assert staircase([]) == ()


def test_steps_go_on_at_a_points_height() -> None:
    """From (1, 5) along 5 to x = 2, down to 3, along 3 to x = 4, down to 1; ties drawn once."""
    points = [(4.0, 1.0), (1.0, 5.0), (2.0, 3.0), (2.0, 3.0), (3.0, 3.0)]
    assert staircase(points) == ((1.0, 5.0), (2.0, 5.0), (2.0, 3.0), (4.0, 3.0), (4.0, 1.0))


@given(POINTS)
def test_front_is_what_the_definition_says(points: list[tuple[float, float]]) -> None:
    """Every point against every other, as the definition reads; the order does not matter."""

    def is_beaten(one: tuple[float, float]) -> bool:
        return any(other[0] <= one[0] and other[1] <= one[1] and other != one for other in points)

    assert on_front(points) == tuple(not is_beaten(point) for point in points)
    assert on_front(points[::-1]) == on_front(points)[::-1]

"""Which teacher block teaches which of the student's."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from asrcompress.compress.structured.matching import (
    hidden_distance,
    match,
    pairs_of,
    teaching_blocks,
)
from asrcompress.compress.training.objective import Outputs


@pytest.mark.parametrize(
    ("count", "blocks"),
    [(12, (3, 6, 9, 12)), (24, (6, 12, 18, 24)), (6, (2, 3, 5, 6)), (4, (1, 2, 3, 4)), (2, (1, 2))],
)
def test_teaching_blocks(count: int, blocks: tuple[int, ...]) -> None:
    """Those at each quarter, the last among them; all where there are few."""
    assert teaching_blocks(count) == blocks


@pytest.mark.parametrize("students", [4, 5, 9, 12])
def test_match_is_the_cheapest_in_order(students: int) -> None:
    """Against trying every choice of columns in order."""
    for seed in range(10):
        costs = torch.rand(4, students, generator=torch.Generator().manual_seed(seed))
        found = match(costs)
        assert [row for row, _ in found] == [0, 1, 2, 3]

        def total(columns: tuple[int, ...], of: torch.Tensor = costs) -> float:
            return sum(float(of[row, column]) for row, column in enumerate(columns))

        best = min(combinations(range(students), 4), key=total)
        assert tuple(column for _, column in found) == best


def test_order_is_kept_against_nearness() -> None:
    """Two rows that are each nearest to the other's column do not cross."""
    crossed = torch.tensor([[5.0, 0.0], [1.0, 4.0]])
    assert match(crossed) == ((0, 0), (1, 1))


def test_fewer_students_learn_from_the_last_teachers() -> None:
    """Two of four: the third and the fourth row; none: no pair."""
    assert match(torch.rand(4, 2)) == ((2, 0), (3, 1))
    assert match(torch.zeros(4, 0)) == ()


def _outputs(levels: list[float], frames: int = 3) -> Outputs:
    """Blocks' states of three frames, the last one of which may be padding, about a level."""
    shape = torch.tensor([[[-1.0, 2.0], [1.0, -2.0], [900.0, 900.0]]])
    hidden = tuple(level + shape for level in (0.0, *levels))
    return Outputs(hidden, torch.zeros(1, 3, 5), torch.tensor([frames]))


def test_pairs_are_of_the_nearest_open_blocks() -> None:
    """States of 4 blocks: with all open each has its like; with one closed the others shift."""
    teacher, student = _outputs([1.0, 5.0]), _outputs([5.2, 1.1, 5.1, 9.0])
    assert pairs_of(teacher, student, (1, 2, 3, 4)) == ((1, 2), (2, 3))
    assert pairs_of(teacher, student, (1, 2, 4)) == ((1, 2), (2, 4))
    assert pairs_of(teacher, student, (3,)) == ((2, 3),)
    assert pairs_of(teacher, student, ()) == ()


def test_hidden_distance_by_hand() -> None:
    """A shift of 3 in states with variances 1 and 4 over the two real frames: 9 / 2.5."""
    found = hidden_distance(_outputs([1.0], frames=2), _outputs([4.0], frames=2), 1, 1)
    assert float(found) == pytest.approx(9 / 2.5)


def test_hidden_distance_does_not_depend_on_scale() -> None:
    """Pre-norm models' states are ten times larger, and the loss is not."""
    teacher, student = _outputs([1.0], frames=2), _outputs([4.0], frames=2)
    large = [
        Outputs(tuple(10 * h for h in o.hidden), o.logits, o.frames) for o in (teacher, student)
    ]
    assert float(hidden_distance(large[0], large[1], 1, 1)) == pytest.approx(9 / 2.5)

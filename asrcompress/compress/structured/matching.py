"""Which of the student's blocks is taught by which of the teacher's; chosen anew at every step.

Source: Xia et al., "Structured Pruning Learns Compact and Accurate Models" (CoFi, 2022), section
3.2: each of four teacher layers teaches the student layer whose states are nearest to its own.
Deviations: order is kept by the assignment with the least total distance, where CoFi goes down from
the top and takes what is left; and there is no learned matrix between the two, as they are of the
same width. Blocks of which neither attention nor feed-forward is left teach nothing and count
nothing: their states are another block's.
"""

from __future__ import annotations

import torch

from asrcompress.compress.training.losses import mean_square
from asrcompress.compress.training.objective import Outputs

_TAUGHT_BY = 4  # teacher layers; CoFi's, and 3, 6, 9 and 12 of 12 in Wang et al. (2023)


def teaching_blocks(count: int) -> tuple[int, ...]:
    """Of so many blocks, counted from 1, those at each quarter; all of four or fewer."""
    quarters = min(_TAUGHT_BY, count)
    return tuple(-(-count * quarter // quarters) for quarter in range(1, quarters + 1))


def match(costs: torch.Tensor) -> tuple[tuple[int, int], ...]:
    """Rows with columns, both ascending, so that the sum of their costs is least.

    costs: (teachers, students). With fewer students than teachers the last teachers get one each,
    as they are nearest to the output; with none there are no pairs.
    """
    teachers, students = costs.shape
    skipped = max(0, teachers - students)
    table = costs[skipped:].tolist()
    # best[j]: the cheapest way to place all rows so far in the first j columns, and its columns
    best: list[tuple[float, tuple[int, ...]] | None] = [(0.0, ())] * (students + 1)
    for row in table:
        placed: list[tuple[float, tuple[int, ...]] | None] = [None]
        for column in range(students):
            before = best[column]
            here = None if before is None else (before[0] + row[column], (*before[1], column))
            options = [option for option in (placed[column], here) if option is not None]
            placed.append(min(options, default=None))
        best = placed
    found = best[students]
    columns = () if found is None else found[1]
    return tuple((skipped + row, column) for row, column in enumerate(columns))


@torch.no_grad()
def pairs_of(
    teacher: Outputs, student: Outputs, left: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Places in the two's `hidden` that are to be compared: (teacher's, student's).

    left: the student's blocks that still do something, counted from 1. The distances are relative
    to the teacher's variance, as the loss is.
    """
    rows = teaching_blocks(len(teacher.hidden) - 1)
    costs = torch.zeros(len(rows), len(left))
    if left:
        found = [[hidden_distance(teacher, student, row, own) for own in left] for row in rows]
        costs = torch.stack([torch.stack(one) for one in found]).double().cpu()
    return tuple((rows[row], left[column]) for row, column in match(costs))


def hidden_distance(teacher: Outputs, student: Outputs, row: int, own: int) -> torch.Tensor:
    """The mean squared difference of two blocks' states, over the teacher's variance, a scalar.

    Deviation from Wang et al. (2023), Eq. 5, which does not divide: with a norm in front of each
    sublayer the states that pass by grow tenfold and more, and no weight would suit both kinds.
    The variance is over frames, of each dimension about its own mean; after a norm it is near 1.
    """
    towards = teacher.hidden[row]
    is_real = teacher.is_real_in(towards)
    variance = towards.detach().float()[is_real].var(dim=0, correction=0).mean()
    return mean_square(student.hidden[own], towards, is_real) / variance.clamp(min=1e-8)

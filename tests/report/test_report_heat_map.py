"""The matrix as a heat map: order, labels, and colours by fixed steps."""

from __future__ import annotations

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.results import Results
from asrcompress.report.heat_map import (
    HeatMap,
    delta_level,
    delta_scale,
    heat_map,
    rate_level,
    rate_scale,
)
from asrcompress.report.view import build_view


def heat_of(results: Results) -> HeatMap:
    return heat_map(build_view(Findings(results)))


def test_conditions_of_one_noise_and_room_stand_side_by_side(wild_results: Results) -> None:
    """Telephone and clipping stand beside the clean, what was run last beside what was first."""
    found = heat_of(wild_results)
    assert found.groups == (
        ("no noise, no room", 3),
        ("any noise", 3),
        ("babble noise", 3),
        ("vehicle noise", 3),
        ("rooms", 2),
        ("any noise in small room", 3),
        ("any noise in medium room", 3),
    )
    names = [column.name for column in found.columns]
    assert names[:4] == ["clean", "telephone", "clipped", "noise-20dB"]
    labels = [column.label for column in found.columns]
    assert labels[:6] == ["clean", "telephone", "clipped", "20 dB", "10 dB", "0 dB"]
    assert labels[12:15] == ["small", "medium", "20 dB"]
    assert [column.is_first for column in found.columns].count(True) == 7


def test_cells_follow_their_columns(wild_results: Results) -> None:
    """A cell stands under its condition and beside its artefact, a missing one leaves a hole."""
    cells = tuple(row for row in wild_results.cells if row.condition != "clipped")
    found = heat_of(wild_results.model_copy(update={"cells": cells}))
    for row in found.rows:
        for column, cell in zip(found.columns, row.cells, strict=True):
            if column.name == "clipped":
                assert cell is None
            else:
                assert cell is not None
                assert (cell.artefact, cell.condition) == (row.artefact.name, column.name)
    assert found.rows[0].verdicts == ()
    assert set(found.rows[9].verdicts) == {"inferior"}


def test_a_level_that_comes_twice_keeps_its_whole_name(wild_results: Results) -> None:
    """Two corpora under the same noise at the same SNR are told apart."""
    first = next(row for row in wild_results.conditions if row.name == "noise-babble-20dB")
    again = first.model_copy(update={"name": "other corpus, noise-babble-20dB"})
    conditions = (*wild_results.conditions, again)
    found = heat_of(wild_results.model_copy(update={"conditions": conditions}))
    place = [group for group, _ in found.groups].index("babble noise")
    start = sum(count for _, count in found.groups[:place])
    labels = [column.label for column in found.columns[start : start + 4]]
    assert labels == [
        "noise-babble-20dB",
        "noise-babble-10dB",
        "noise-babble-0dB",
        "other corpus, noise-babble-20dB",
    ]


@pytest.mark.parametrize(
    ("rate", "level"),
    [(None, 0), (0.0, 0), (0.0099, 0), (0.01, 1), (0.099, 3), (0.1, 4), (0.999, 8), (3.0, 9)],
)
def test_rates_have_fixed_colours(rate: float | None, level: int) -> None:
    """The same WER has the same colour on every page; the legend names the steps."""
    assert rate_level(rate) == level
    legend = dict(rate_scale())
    assert len(legend) == 10
    assert (legend[0], legend[3], legend[9]) == ("below 1", "5 to 10", "100 or more")


@pytest.mark.parametrize(
    ("delta", "level"),
    [(None, ""), (0.0, ""), (0.0009, ""), (0.001, "up1"), (-0.02, "down3"), (0.5, "up5")],
)
def test_differences_have_two_colours(delta: float | None, level: str) -> None:
    """Worse and better are told apart; what is next to nothing has no colour."""
    assert delta_level(delta) == level
    names = [name for name, _ in delta_scale()]
    assert names == [
        *(f"down{step}" for step in (5, 4, 3, 2, 1)),
        *("", "up1", "up2"),
        *("up3", "up4", "up5"),
    ]

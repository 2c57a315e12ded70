"""A paper's figures beside the measured ones: each found in its place, or a dash."""

from __future__ import annotations

import re

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, PublishedFigure, Results
from asrcompress.report import render
from asrcompress.report.published import PublishedRow, published_rows


def _row(results: Results, **place: object) -> PublishedRow:
    figure = PublishedFigure.model_validate({"source": "Table 9", "wer": 0.05, **place})
    published = results.published
    assert published is not None
    changed = published.model_copy(update={"figures": (figure,)})
    (row,) = published_rows(results.model_copy(update={"published": changed}))
    return row


def test_a_condition_is_its_cell(wild_results: Results) -> None:
    """32 x 1.75 = 56 errors, 57 with int8, of 1000 words; 0.7 points above the paper's 5.0."""
    row = _row(wild_results, artefact="robust/int8", condition="room-medium")
    assert (row.place, row.measured) == ("room-medium", 0.057)
    assert row.difference == pytest.approx(0.007)
    assert row.interval is not None


def test_one_property_is_its_margin(wild_results: Results) -> None:
    """A noise type, an SNR or a room: as the results sum them up, with the margin's interval."""
    noise = _row(wild_results, artefact="robust/fp32", noise_type="vehicle")
    level = _row(wild_results, artefact="robust/fp32", snr_db=0)
    room = _row(wild_results, artefact="robust/fp32", room="medium")
    # 32 x 0.8 x (1.5 + 3 + 6) = 269 errors of 3000; 32 x 6 x (1.2 + 0.8) = 384 of 2000; 56
    assert [row.measured for row in (noise, level, room)] == [
        pytest.approx(269 / 3000),
        0.192,
        0.056,
    ]
    assert [row.place for row in (noise, level, room)] == ["vehicle", "0 dB", "medium"]
    assert all(row.interval for row in (noise, level, room))


def test_two_properties_are_a_sum_of_cells(wild_results: Results) -> None:
    """A room at an SNR: 32 x 1.75 x 6 = 336 errors; no interval, as none was computed."""
    row = _row(wild_results, artefact="robust/fp32", room="medium", snr_db=0)
    assert (row.place, row.measured, row.interval) == ("medium, 0 dB", 0.336, None)


@pytest.mark.parametrize(
    "place",
    [
        {"artefact": "robust/int4", "condition": "clean"},
        {"artefact": "robust/int8", "condition": "noise-7dB"},
        {"artefact": "robust/int8", "noise_type": "wind"},
        {"artefact": "robust/int8", "room": "not said", "snr_db": 0},
    ],
)
def test_what_was_not_measured_is_none(wild_results: Results, place: dict[str, object]) -> None:
    """An artefact, condition or margin that the matrix does not have."""
    row = _row(wild_results, **place)
    assert (row.measured, row.difference, row.interval) == (None, None, None)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_page_shows_both_and_the_differences(wild_results: Results, name: str) -> None:
    """Published, measured, their difference, a dash, and the set-ups' differences."""
    text = render(Findings(wild_results, CostTable()), name)
    assert "Pimentel et al. 2023" in text
    row = re.search(r"room-medium\W[^\n]*5\.2.*?5\.7.*?\+0\.50", text)
    assert row
    assert re.search(r"wind\W[^\n]*5\.4[^\n0-9]*-", text)
    flat = " ".join(text.split())
    assert "Noise in rooms is scored against the early speech here; the paper does not say." in flat

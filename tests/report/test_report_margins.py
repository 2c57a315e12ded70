"""Margins: one row a value, artefacts in their order, and where they say more than the matrix."""

from __future__ import annotations

import re

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import tables
from asrcompress.report.console import plain
from asrcompress.report.margins import margin_tables
from asrcompress.report.view import build_view


def _text(results: Results, margins: bool | None) -> str:
    return plain(tables(Findings(results, CostTable()), margins=margins))


def test_a_table_for_noise_types_levels_and_rooms(wild_results: Results) -> None:
    """In the results' order, with how many conditions each row sums up."""
    noise, level, room = margin_tables(wild_results)
    rows = [(row.value, row.conditions, row.utterances) for row in noise.rows]
    assert rows == [("babble", 3, 144), ("vehicle", 3, 144)]
    assert [row.value for row in level.rows] == ["20 dB", "10 dB", "0 dB"]
    assert [(row.value, row.conditions) for row in room.rows] == [
        ("small", 1),
        ("medium", 1),
        ("small + noise 0..20 dB", 3),
        ("medium + noise 0..20 dB", 3),
    ]
    baseline = noise.rows[0].margins[5]
    assert baseline is not None
    assert baseline.artefact == "robust/fp32"


def test_terminal_has_table_1_of_the_paper(wild_results: Results) -> None:
    """Mean WER by noise type: 32 x 1.2 x (1.5 + 3 + 6) / 3000 = 13.4 % for babble."""
    text = _text(wild_results, None)
    assert "WER % by noise type (all its SNRs together)" in text
    assert re.search(r"^babble +144 .*13\.4\b", text.partition("robust/")[2], re.MULTILINE)
    assert "WER % by SNR (all types of noise together)" in text
    assert max(map(len, text.splitlines())) <= 80


def test_margins_that_repeat_the_matrix_are_shown_on_request(wild_results: Results) -> None:
    """One value, or no row that sums anything up: only with --margins; --no-margins: none."""
    single = tuple(
        row.model_copy(update={"conditions": row.conditions[:1]}) for row in wild_results.margins
    )
    results = wild_results.model_copy(update={"margins": single})
    assert "by noise type" not in _text(results, None)
    assert "by noise type" in _text(results, True)
    assert "by noise type" not in _text(wild_results, False)


def test_a_missing_margin_is_a_dash(wild_results: Results) -> None:
    """An artefact that was not run under those conditions."""
    kept = tuple(
        row
        for row in wild_results.margins
        if (row.artefact, row.value) != ("robust/prune30", "babble")
    )
    (noise, *_) = margin_tables(wild_results.model_copy(update={"margins": kept}))
    assert noise.rows[0].margins[-1] is None
    assert re.search(
        r"^babble .* -$",
        _text(wild_results.model_copy(update={"margins": kept}), None),
        re.MULTILINE,
    )


def test_verdicts_of_sums_say_what_they_are_adjusted_for(wild_results: Results) -> None:
    """They are a family of their own; margins that are cells again add nothing to it."""
    sums = " Those of sums over noise types, SNRs or rooms: for all 12 sums together."
    margins = tuple(
        row.model_copy(update={"comparison": row.comparison.model_copy(update={"tests": 12})})
        if row.comparison
        else row
        for row in wild_results.margins
    )
    results = wild_results.model_copy(update={"margins": margins})
    assert sums in (build_view(Findings(results, CostTable())).method or "")
    cells = {(cell.artefact, cell.condition): cell.comparison for cell in results.cells}
    again = tuple(
        row.model_copy(update={"comparison": cells[row.artefact, row.conditions[0]]})
        for row in results.margins
    )
    repeated = results.model_copy(update={"margins": again})
    assert "sums" not in (build_view(Findings(repeated, CostTable())).method or "")

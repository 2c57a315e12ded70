"""What of a large matrix is on the page, what is counted, and what the policy names."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from asrcompress.core.error_table import ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateCheck, GateOutcome, GateTable
from asrcompress.core.results import Results
from asrcompress.report import gate_lists, page_bounds, render
from asrcompress.report.layer_map import layer_maps
from asrcompress.report.layer_summaries import BlockSummary, LayerSummary
from asrcompress.report.view import build_view
from tests.report.pages import Page


def check(outcome: GateOutcome, words: str) -> GateCheck:
    return GateCheck(gate="g", metric="wer", artefact="int8", outcome=outcome, words=words)


def table_of(**counts: int) -> GateTable:
    """So many checks of each outcome, passed ones first, their words numbered."""
    outcomes = [GateOutcome(name) for name, count in counts.items() for _ in range(count)]
    checks = (check(outcome, f"check {index}") for index, outcome in enumerate(outcomes))
    return GateTable(source="gates.yaml", checks=tuple(checks))


def test_gates_list_what_is_in_the_way_first() -> None:
    """Failed, missing, inconclusive, whatever the rules' order; passed apart."""
    found = gate_lists.gate_lists(table_of(passed=2, inconclusive=1, missing=1, failed=2))
    outcomes = [row.outcome.value for row in found.open]
    assert outcomes == ["failed", "failed", "missing", "inconclusive"]
    assert [row.words for row in found.passed] == ["check 0", "check 1"]
    assert found.counts == "6 checks: 2 failed, 1 missing, 1 inconclusive, 2 passed"
    assert found.title == "not all figures are there"


def test_gates_are_counted_where_they_are_too_many() -> None:
    """Five hundred that did not pass and two hundred that did are listed."""
    found = gate_lists.gate_lists(table_of(passed=205, failed=503))
    assert (len(found.open), found.open_left_out) == (500, 3)
    assert (len(found.passed), found.passed_left_out) == (200, 5)


def test_page_begins_with_the_gates(wild_results: Results) -> None:
    """Gates before the comparisons' sentence, and both before the first table of rates."""
    page = render(Findings(wild_results, gates=table_of(passed=1, failed=1)), "html")
    gates, verdict = page.index("2 checks: 1 failed, 1 passed"), page.index("No artefact is")
    assert gates < verdict < page.index('id="wer"')
    assert page.index("check 1") < page.index("check 0")  # the one that failed
    without = render(Findings(wild_results), "html")
    assert 'id="gates"' not in without


def test_large_tables_keep_the_worst_and_count_the_rest(
    wild_results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three rows stay of 160 comparisons: those with the largest differences, in their order."""
    monkeypatch.setattr(page_bounds, "MOST_ROWS", 3)
    found, left_out = page_bounds.compared_cells(build_view(Findings(wild_results)))
    deltas = {
        (row.condition, row.artefact): row.comparison.delta_wer
        for row in wild_results.cells
        if row.comparison
    }
    worst = sorted(deltas, key=lambda key: -deltas[key])[:3]
    assert {(name, cell.artefact) for name, cell in found} == set(worst)
    assert left_out == 157
    assert "157 more comparisons" in render(Findings(wild_results), "html")


def test_too_large_a_matrix_has_no_tables_of_intervals(
    wild_results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heat map stays; for intervals, sums and interactions the page names the files."""
    monkeypatch.setattr(page_bounds, "MOST_CELLS", 89)
    text = render(Findings(wild_results), "html")
    Page(text)  # nested
    # Intervals, sums of which there are 9 x 10, interactions, subgroups.
    assert text.count("200 cells are too large a matrix for this table.") == 4
    assert text.count('class="wer"') == 200 + 1
    assert 'class="matrix' not in text


def test_charts_are_bounded(wild_results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten pictures of one figure two are drawn, eight are counted."""
    monkeypatch.setattr(page_bounds, "MOST_CHARTS", 2)
    text = render(Findings(wild_results), "html")
    section = text[text.index('id="figure-1a"') : text.index('id="figure-1b"')]
    assert section.count('class="chart"') == 2
    assert "8 more charts have no place here" in section


def test_layers_of_models_alike_share_a_map() -> None:
    """Stacks as heads with their blocks' numbers; bits, zeros from 1 % on, and what is gone."""
    blocks = (
        BlockSummary("encoder.layers.0", 100, 8.0, 0.001),
        BlockSummary("encoder.layers.1", 100, 5.333, 0.25),
        BlockSummary("encoder.layers.2", 0, None, None),
        BlockSummary("outside the blocks", 10, 32.0, 0.0),
    )
    other = (BlockSummary("all layers", 10, None, 0.5),)
    both, alone = layer_maps(
        [LayerSummary("a", blocks), LayerSummary("c", other), LayerSummary("b", blocks)]
    )
    assert both.stacks == (("encoder.layers", 3), ("", 1))
    assert both.blocks == ("0", "1", "2", "outside the blocks")
    assert [name for name, _ in both.rows] == ["a", "b"]
    cells = [(cell.bits, cell.zeros, cell.level) for cell in both.rows[0][1]]
    assert cells == [("8", "", 8), ("5.33", "25.0 %", 4), ("removed", "", 0), ("32", "", 32)]
    assert [(cell.bits, cell.zeros) for cell in alone.rows[0][1]] == [("other", "50.0 %")]


def test_policy_names_the_page_s_own_style_and_script(
    wild_results: Results, wild_errors: ErrorTable
) -> None:
    """The hashes are those of what stands between the tags, and nothing inline is beside it."""
    text = render(Findings(wild_results, errors=wild_errors), "html")
    page = Page(text)
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in page.attributes
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    names = {name for _, attributes in page.attributes for name in attributes}
    assert "style" not in names
    assert not any(name.startswith("on") for name in names)

"""The page: whole, loading nothing, readable without colour, and everything in it text."""

from __future__ import annotations

import json
import re

from asrcompress.core.error_table import ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render
from tests.report.pages import Page

HOSTILE = "=a|b\n<script>alert(1)</script>[red]@me[/red]\x1b[2J"


def renamed(results: Results, name: str) -> Results:
    """The results with another name for the artefact int8."""
    return Results.model_validate_json(
        results.model_dump_json().replace('"int8"', json.dumps(name))
    )


def test_html_is_whole_and_loads_nothing(results: Results, costs: CostTable) -> None:
    """Tags are nested, no address is loaded, and the policy forbids it."""
    text = render(Findings(results, costs), "html")
    page = Page(text)
    assert page.addresses == []
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert page.counts["script"] == 1


def test_html_has_the_matrix_chart_and_readable_marks(results: Results, costs: CostTable) -> None:
    """50 cells, charts of 5 x 6 and 5 x 3 points, verdicts in words for who sees no marks."""
    text = render(Findings(results, costs), "html")
    page = Page(text)
    assert text.count('data-value="0.125"') == 2  # on the heat map, and with its interval
    assert text.count("<strong>") == 50
    assert text.count('<span class="wer">') == 1 + 50
    assert text.count('class="whisker"') == 30 + 15
    assert '<span class="sr">inconclusive</span>' in text
    # Two measures in two conditions; a heat map; the numbers of both charts; subgroups.
    assert page.counts["caption"] == page.counts["table"] == 6 + 4 + 1 + 2 + 1


def test_html_escapes_names(results: Results, costs: CostTable) -> None:
    """A name with a script in it stays text."""
    text = render(Findings(renamed(results, HOSTILE), costs), "html")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert Page(text).counts["script"] == 1


def test_html_leaves_out_fields_of_too_many_values(results: Results, costs: CostTable) -> None:
    """Forty-one speakers are counted and referred to results.json, not printed."""
    group = results.cells[0].groups[0]
    many = tuple(
        group.model_copy(update={"field": "speaker", "value": f"s{index}"}) for index in range(41)
    )
    cells = (results.cells[0].model_copy(update={"groups": many}), *results.cells[1:])
    text = render(Findings(results.model_copy(update={"cells": cells}), costs), "html")
    assert "speaker has 41 values, too many for this page" in text
    assert "WER by gender" in text
    assert "WER by speaker" not in text


def test_html_of_everything_is_whole(wild_results: Results, wild_errors: ErrorTable) -> None:
    """Margins, figures, tests, a paper, broken utterances: nested, captioned, loading nothing."""
    text = render(Findings(wild_results, CostTable(), wild_errors), "html")
    page = Page(text)
    assert page.addresses == []
    assert page.counts["script"] == 1
    assert page.counts["svg"] > 40  # 5 figures of 2 models, and a swatch for each of their lines
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert headings == [
        "Word error rate",
        "Word error rate against size and speed",
        "By noise type, SNR and room",
        "Does compression cost more than under clean?",
        "Word error rate against signal-to-noise ratio",
        "Word error rate against the room",
        "Word error rate against the pruning rate, by signal-to-noise ratio",
        "Word error rate against the pruning rate, by room",
        "Word error rate against the room, with noise, by pruning rate",
        "Beside Pimentel et al. 2023",
        "What compression broke",
        "Size and speed",
        "Tests",
        "Errors by kind",
        "Subgroups",
        "Provenance",
    ]


def test_html_says_what_inconclusive_cells_could_show(wild_results: Results) -> None:
    """One line for each inconclusive cell and margin, none for the others."""
    cells = [*wild_results.cells, *wild_results.margins]
    verdicts = [row.comparison.verdict.value for row in cells if row.comparison]
    text = render(Findings(wild_results, CostTable()), "html")
    assert text.count("least to show") == verdicts.count("inconclusive") > 0


def test_html_marks_interactions_in_words_too(wild_results: Results) -> None:
    """A star, and a word for who does not see it, where the interval excludes 0."""
    found = [row.comparison.interaction for row in wild_results.cells if row.comparison]
    clear = [row for row in found if row and (row.interval.low > 0 or row.interval.high < 0)]
    text = render(Findings(wild_results, CostTable()), "html")
    assert text.count('<span class="sr">the interval excludes 0</span>') == len(clear) > 0


def test_html_keeps_joiners_and_drops_controls(wild_results: Results) -> None:
    """Persian is written with U+200C; an escape code or a change of direction is not text."""
    title = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \x1b[2J \u202e"
    text = render(Findings(wild_results.model_copy(update={"title": title}), CostTable()), "html")
    assert "\u06cc\u200c\u062e" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_html_says_what_sums_are_adjusted_for(wild_results: Results) -> None:
    """The tables by noise type, SNR and room have verdicts of their own family."""
    text = render(Findings(wild_results, CostTable()), "html")
    section = text[text.index('<h2 id="margins">') :]
    assert "adjusted (Holm) for all these sums together" in section
    assert "not adjusted" not in section

"""What compression broke: marks beside colours, the worst first, and nothing from the text acts."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from asrcompress.cli.boundary import run
from asrcompress.core.error_table import AlignedWord, ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import flips, render, tables, without_text, write
from asrcompress.report.console import plain
from tests.report import broken

HOSTILE = "[red]<script>alert(1)</script>|@me\x1b[2J\u202e"


def _hostile(errors: ErrorTable) -> ErrorTable:
    """The first cell's first flip and confusion with hostile words and a hostile name."""
    first = errors.cells[0]
    word = AlignedWord(operation="substitute", reference=HOSTILE, hypothesis="x")
    flip = first.flips[0].model_copy(update={"id": HOSTILE, "alignment": (word,), "errors": 99})
    confusion = first.confusions[0].model_copy(update={"hypothesis": HOSTILE})
    cell = first.model_copy(update={"flips": (flip,), "confusions": (confusion,)})
    return ErrorTable(cells=(cell, *errors.cells[1:]))


def test_marks_are_read_without_colour() -> None:
    """Substituted, deleted and inserted words, each with its own mark."""
    flip = broken.flip("u", "he hoped for a stew", "he hope for stew too", "=s=d=i")
    words = [flips.marked(word) for word in flip.alignment]
    assert words == ["he", "[hoped->hope]", "for", "-a-", "stew", "+too+"]


def test_terminal_shows_the_worst_of_each_cell(
    wild_results: Results, wild_errors: ErrorTable
) -> None:
    """Two of thirty-one, how many there are in all, and the confusions; nothing without flips."""
    text = plain(tables(Findings(wild_results, CostTable(), wild_errors), flips=2))
    flat = " ".join(text.split())
    assert "robust/prune30 under noise-babble-0dB: 31 utterances right with robust/fp32" in flat
    assert "the worst 2:" in text
    assert text.count("he [hoped->hope] there -would- be stew +too+") == 2
    assert "1089-134686-0001" not in text
    assert re.search(r"^in +\(deleted\) +9 +1 +\+8$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80
    assert "hoped" not in plain(tables(Findings(wild_results, CostTable(), wild_errors)))


def test_terminal_colours_what_the_marks_mark(
    wild_results: Results, wild_errors: ErrorTable
) -> None:
    """Substitutions yellow (33), deletions red (31), insertions cyan (36)."""
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system="standard")
    console.print(*tables(Findings(wild_results, CostTable(), wild_errors), flips=1))
    text = stream.getvalue()
    for mark in ("\x1b[33m[café->caffè]", "\x1b[31m-était-"):
        assert mark in text


def test_no_errors_beside_the_results_is_said(wild_results: Results) -> None:
    """--flips without errors.json is not passed over in silence."""
    text = plain(tables(Findings(wild_results, CostTable()), flips=3))
    assert "No errors are recorded beside these results" in text


def test_without_a_baseline_nothing_is_missed(wild_results: Results) -> None:
    """evaluate shows flips by default; a single model's report says once that it has none."""
    cells = tuple(row.model_copy(update={"comparison": None}) for row in wild_results.cells)
    alone = tuple(row.model_copy(update={"baseline": None}) for row in wild_results.artefacts)
    results = wild_results.model_copy(update={"cells": cells, "artefacts": alone})
    text = plain(tables(Findings(results, CostTable()), flips=5))
    assert text.startswith("No baseline: nothing was compared.")
    assert "No errors" not in text


def test_markdown_has_a_few_folded(wild_results: Results, wild_errors: ErrorTable) -> None:
    """The totals, five utterances at most, long ones cut to their errors, and the confusions."""
    text = render(Findings(wild_results, CostTable(), wild_errors), "markdown")
    part = text.partition("<summary>What compression broke</summary>")[2].partition("</details>")[0]
    assert "33 utterances right with the baseline and wrong when compressed, 3 the other" in part
    assert part.count("\n| robust/") == 5 + 4
    assert "| robust/prune30 | noise-babble-0dB | the | a | 17 | 4 | 13 |" in part
    assert "| ... fox jumps over the \\[lazy-&gt;crazy\\] dog while" in part
    assert "the quick brown" not in part


def test_html_folds_every_cell(wild_results: Results, wild_errors: ErrorTable) -> None:
    """The worst ten of all, then a fold for each cell with ten at most; words for ears too."""
    text = render(Findings(wild_results, CostTable(), wild_errors), "html")
    assert "robust/prune30 under noise-babble-0dB: 31 newly wrong, 2 newly right" in text
    assert "robust/int8 under room-small: 0" not in text
    assert text.count('<p class="alignment"') == 10 + 2 + 10
    worst, by_cell = text.index("The worst of all"), text.index("By artefact and condition")
    assert text[worst:by_cell].count('<p class="alignment"') == 10
    assert "21 more are not shown" in text
    missed = '<span class="delete"><span class="sr">missed: </span><bdi>-would-</bdi></span>'
    assert missed in text


@pytest.mark.parametrize("name", ["table", "markdown", "html", "json"])
def test_hostile_transcripts_stay_text(
    wild_results: Results, wild_errors: ErrorTable, name: str
) -> None:
    """No tag, no mention, no escape code and no markup comes out of a transcript."""
    errors = _hostile(wild_errors)
    text = render(Findings(wild_results, CostTable(), errors), name)
    if name == "table":
        text = plain(tables(Findings(wild_results, CostTable(), errors), flips=2))
        assert "[red]<script>" in text
        assert "\u202e" not in text
    elif name != "json":
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
    if name == "markdown":
        assert "@me" not in text
        assert "\u202e" not in text
    assert "\x1b" not in text


def test_without_text_keeps_the_counts(wild_results: Results, wild_errors: ErrorTable) -> None:
    """A page to share: how many broke, and not a word of what was said."""
    page = render(Findings(wild_results, CostTable(), without_text(wild_errors)), "html")
    assert "31 newly wrong" in page
    for word in ("crazy", "fermé", "1089-134686"):
        assert word not in page


def test_the_command_reads_errors_beside_the_results(
    tmp_path: Path,
    wild_results: Results,
    wild_errors: ErrorTable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--flips in the terminal and in a file; --no-text leaves the words out."""
    write(tmp_path / "run", Findings(wild_results, CostTable(), wild_errors), {})
    page = tmp_path / "flips.txt"
    assert run(["report", str(tmp_path / "run"), "--flips", "1"]) == 0
    assert "[lazy->crazy]" in capsys.readouterr().out
    assert run(["report", str(tmp_path / "run"), "--flips", "1", "-o", str(page), "-q"]) == 0
    assert "[lazy->crazy]" in page.read_text(encoding="utf-8")
    assert run(["report", str(tmp_path / "run"), "--flips", "1", "--no-text"]) == 0
    text = capsys.readouterr().out
    assert "crazy" not in text
    assert "31 utterances right" in text

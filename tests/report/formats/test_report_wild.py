"""Formats over the large matrix: tidy files, Kaldi's lines, tests, and what is too long."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from asrcompress.core.cost import Sizes
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.evaluation import STORED_HYPOTHESES, Decoding
from asrcompress.core.files import write_json
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render, tables
from asrcompress.report.console import plain
from asrcompress.report.formats.csv import COLUMNS
from asrcompress.report.markdown.pieces import escape, escape_html


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_kaldi_lines_are_greppable(wild_results: Results) -> None:
    """As Kaldi prints it, then artefact and condition; a line per cell."""
    lines = render(Findings(wild_results, CostTable()), "kaldi").splitlines()
    assert lines[0] == "%WER 4.00 [ 40 / 1000, 4 ins, 12 del, 24 sub ] wav2vec2/fp32 clean"
    assert len(lines) == 10 * 20
    pattern = r"%WER \d+\.\d\d \[ \d+ / \d+, \d+ ins, \d+ del, \d+ sub \] \S+ \S+"
    assert all(re.fullmatch(pattern, line) for line in lines)


def test_cells_hold_places_and_tests(wild_results: Results) -> None:
    """Old columns first and unchanged; then where a cell stands, and what was tested."""
    text = render(Findings(wild_results, CostTable()), "csv")
    assert COLUMNS[:3] == ("artefact", "compression", "condition")
    assert COLUMNS[19] == "zipped_bytes"
    rows = {(row["artefact"], row["condition"]): row for row in _rows(text)}
    row = rows["robust/prune10", "room-small+noise-0dB"]
    assert [row[name] for name in ("snr_db", "noise_type", "room", "pruning_rate")] == [
        "0.0",
        "any",
        "small",
        "0.1",
    ]
    cell = wild_results.cell("robust/prune10", "room-small+noise-0dB")
    assert cell is not None
    found = cell.comparison
    assert found is not None
    assert found.mapsswe is not None
    assert found.interaction is not None
    assert float(row["adjusted_p_inferior"]) == pytest.approx(found.adjusted_p_inferior, rel=1e-5)
    assert float(row["mapsswe_p"]) == pytest.approx(found.mapsswe.p_value, rel=1e-5)
    assert 0 < float(row["mapsswe_p"]) < 1e-6  # small, and not rounded to nothing
    assert float(row["interaction_low"]) == pytest.approx(found.interaction.interval.low, abs=1e-6)
    clean = rows["robust/int8", "clean"]
    names = ("snr_db", "noise_type", "room", "interaction")
    assert [clean[name] for name in names] == ["", "", "", ""]
    assert clean["pruning_rate"] == "0.0"


def test_figures_are_tidy(wild_results: Results) -> None:
    """Points of the five figures, margins and subgroups, each with its counts."""
    rows = _rows(render(Findings(wild_results, CostTable()), "figures"))
    assert {row["figure"] for row in rows} == {
        *("1a", "1b", "2a", "2b", "3", "margin", "group", "pareto"),
    }
    (point,) = [
        row
        for row in rows
        if (row["figure"], row["artefact"], row["series"])
        == ("2a", "robust/prune30", "noise (any type); global pruning, 0 dB")
    ]
    # 32 x 6 x (1 + 0.6 x 1.6) = 376.3 errors
    assert (point["model"], point["x_name"], point["x"]) == ("robust", "pruning_rate", "0.3")
    assert [point[name] for name in "sdin"] == ["225", "112", "39", "1000"]
    assert (float(point["wer"]), float(point["wer_low"])) == (0.376, 0.3384)
    margins = [row for row in rows if row["figure"] == "margin"]
    assert len(margins) == len(wild_results.margins)
    assert ("noise_type", "babble") in {(row["x_name"], row["x"]) for row in margins}
    groups = [row for row in rows if row["figure"] == "group"]
    assert len(groups) == 10 * 20 * 2
    assert {row["x_name"] for row in groups} == {"accent"}


def test_terminal_fits_80_columns_with_everything(
    wild_results: Results, wild_errors: ErrorTable
) -> None:
    """Long names, every table, broken utterances: nothing is wider, nothing is cut."""
    parts = tables(
        Findings(wild_results, CostTable(), wild_errors),
        groups=True,
        intervals=True,
        margins=True,
        flips=20,
    )
    text = plain(parts)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert re.search(r"^noise-babble-20dB .* <0\.001$", text, re.MULTILINE)


def test_terminal_intervals_have_tests(wild_results: Results) -> None:
    """MAPSSWE beside the interval; adjusted p-values and the least dWER in a table of their own."""
    text = plain(tables(Findings(wild_results, CostTable()), intervals=True))
    table = text.partition("robust/prune20: WER in %, dWER to the baseline in points")[2]
    assert re.search(r"^clean +3\.9 +\[3\.5, 4\.3\] +\+0\.70 +\[.*\] +0\.002$", table, re.MULTILINE)
    tests = text.partition("robust/prune20: verdicts, adjusted p")[2]
    assert re.search(
        r"^clean +inconclusive +0\.204 +1\.000 +0\.00 +0\.66 +0\.8$", tests, re.MULTILINE
    )


def test_terminal_answers_whether_compression_costs_more(wild_results: Results) -> None:
    """Points beyond the clean's, a star where the interval excludes 0, the interval on request."""
    short = plain(tables(Findings(wild_results, CostTable())))
    assert "Interaction: dWER minus dWER under clean, in points; * interval excludes 0" in short
    row = re.search(r"^noise-0dB +\+0\.60 +\+1\.70 \* +\+7\.50 \*", short, re.MULTILINE)
    assert row
    long = plain(tables(Findings(wild_results, CostTable()), intervals=True))
    assert "+1.70 * [+0.97, +2.43]" in long


def test_markdown_leaves_out_what_no_comment_takes(wild_results: Results) -> None:
    """160 conditions stay under GitHub's limit, and the page says what was left out."""
    conditions = [
        row.model_copy(update={"name": f"{row.name}-{index}"})
        for index in range(8)
        for row in wild_results.conditions
    ]
    cells = [
        row.model_copy(update={"condition": f"{row.condition}-{index}"})
        for index in range(8)
        for row in wild_results.cells
    ]
    large = wild_results.model_copy(update={"conditions": tuple(conditions), "cells": tuple(cells)})
    text = render(Findings(large, CostTable()), "markdown")
    assert len(text) < 65_536
    assert text.endswith(
        "Too long for a comment, report.html has all. Cut short: Differences with intervals.\n"
    )
    assert "<summary>Provenance</summary>" in text


def test_markdown_makes_no_links_and_no_mentions() -> None:
    """Addresses, people and issues in a name or a transcript stay letters."""
    assert escape("see https://x.org www.x.org @me #7") == (
        "see https:&#8203;//x.org www&#8203;.x.org @&#8203;me #&#8203;7"
    )
    assert escape("[a](b) `c` *d* | e") == r"\[a\](b) \`c\` \*d\* \| e"
    assert escape_html("<b>a_b</b>") == "&lt;b&gt;a_b&lt;/b&gt;"


def test_older_results_are_refused_in_one_clear_line(
    tmp_path: Path, wild_results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    """Results of schema 1 name the file and the version that is expected."""
    value = {**wild_results.model_dump(mode="json"), "schema_version": 1}
    write_json(tmp_path / "results.json", value)
    assert run(["report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "results.json" in error
    assert "schema_version" in error


@pytest.mark.parametrize("name", ["table", "markdown", "html", "csv", "figures", "kaldi", "json"])
def test_stored_hypotheses_have_no_model_to_speak_of(wild_results: Results, name: str) -> None:
    """Sizes, threads and seconds that are not known are left open, never None or 0."""
    decoding = Decoding(recogniser=STORED_HYPOTHESES, device="n/a", threads=None, batch_plan="n/a")
    unknown = {"sizes": Sizes(), "decoding": decoding, "sparsity": None}
    results = wild_results.model_copy(
        update={
            "artefacts": tuple(row.model_copy(update=unknown) for row in wild_results.artefacts),
            "conditions": tuple(
                row.model_copy(update={"audio_s": None}) for row in wild_results.conditions
            ),
        }
    )
    text = render(Findings(results, CostTable()), name)
    assert "None" not in text
    if name in ("markdown", "html"):
        assert "stored hypotheses" in text
        assert "threads" not in text


def test_json_has_margins_and_errors(wild_results: Results, wild_errors: ErrorTable) -> None:
    """Rates beside the margins' counts; what broke, where it is known."""
    value = json.loads(render(Findings(wild_results, CostTable(), wild_errors), "json"))
    assert value["margins"][0]["wer"] == pytest.approx(504 / 3000)
    assert value["errors"][2]["flips_total"] == 31
    assert "errors" not in json.loads(render(Findings(wild_results, CostTable()), "json"))

"""Speed of one run: ratios to its own baseline, in every format, and nothing without a run."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from asrcompress.cli.boundary import run
from asrcompress.core.files import write_json
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable
from asrcompress.report import render, tables
from asrcompress.report.console import plain, spaced
from asrcompress.report.formats.json import PrintedResults
from asrcompress.report.speed_view import SpeedView, speed_view
from asrcompress.report.terminal.speed import speed_renderables
from tests.report.pages import Page
from tests.report.speeds import NOTE, deployed, speeds

HOSTILE = "=a|b\n<script>alert(1)</script>[red]@me[/red]\x1b[2J" + 60 * "very-long-"


def _view(table: SpeedTable) -> SpeedView:
    view = speed_view(table)
    assert view is not None
    return view


def _with(table: SpeedTable, name: str, **changes: Any) -> SpeedTable:
    """The run with one model's record changed."""
    changed = table.speeds[name].model_copy(update=changes)
    return table.model_copy(update={"speeds": {**table.speeds, name: changed}})


def _one_by_one(table: SpeedTable, name: str) -> SpeedTable:
    """The run in whose every batch that model took its recordings one by one."""
    runs = speeds().speeds[name].throughputs[:1]
    return _with(table, name, throughputs=runs, batch_note="batches change its output")


def _only_batches(table: SpeedTable) -> SpeedTable:
    """The run timed in batches of 8 alone."""
    found = {
        name: row.model_copy(update={"throughputs": row.throughputs[1:]})
        for name, row in table.speeds.items()
    }
    return table.model_copy(update={"speeds": found})


def _renamed(table: SpeedTable, name: str, new: str) -> SpeedTable:
    text = table.model_dump_json().replace(json.dumps(name), json.dumps(new))
    return SpeedTable.model_validate_json(text)


def _text(table: SpeedTable) -> str:
    return plain(spaced(speed_renderables(_view(table))))


def _rows(table: SpeedTable, results: Results) -> dict[tuple[str, ...], dict[str, str]]:
    text = render(Findings(results, CostTable(), speed=table), "speed")
    found = csv.DictReader(io.StringIO(text))
    names = ("model", "measure", "batch_size", "audio_s")
    return {tuple(row[name] for name in names): row for row in found}


def test_ratios_are_to_the_baseline_of_the_run() -> None:
    """60 / 25 at batch 8, 44 / 20 at batch 1; 377.9 MB / 98.3 MB on disk."""
    row = next(row for row in _view(speeds()).rows if row.name == "int8-openvino")
    assert row.ratios == {1: pytest.approx(2.2), 8: pytest.approx(2.4)}
    assert row.disk_rate == pytest.approx(377.9 / 98.3)


@pytest.mark.parametrize("baseline", [None, "not in the run"])
def test_without_the_baseline_in_the_run_there_are_no_ratios(baseline: str | None) -> None:
    """A ratio to what was measured another time would be a guess: no column is there for it."""
    table = speeds().model_copy(update={"baseline": baseline})
    view = _view(table)
    assert view.baseline is None
    assert all(row.ratios == {} and row.disk_rate is None for row in view.rows)
    assert "baseline" not in _text(table)
    assert "n/a" not in _text(table)


def test_one_by_one_is_held_against_batches_and_says_so() -> None:
    """44.0 at batch 1 over fp32's 25.0 at batch 8, of the same recordings; with the reason."""
    table = _one_by_one(_only_batches(speeds()), "int8-openvino")
    view = _view(table)
    assert view.batch_sizes == (8,)
    assert view.rows[2].ratios == {8: pytest.approx(44 / 25)}
    text = _text(table)
    assert re.search(r"^RTFx batch 8 .* 44\.0 at 1 ", text, re.MULTILINE)
    assert "int8-openvino: batches change its output" in text


def test_a_baseline_that_is_slow_one_by_one_has_ratios_too() -> None:
    """60 at batch 8 over fp32's 20 one by one: what a user of both would meet."""
    table = _one_by_one(_only_batches(speeds()), "fp32")
    assert _view(table).rows[2].ratios == {8: pytest.approx(3.0)}


def test_a_batch_size_that_was_not_measured_is_left_open() -> None:
    """Without a reason to take batch 1 alone, nothing stands in for batch 8."""
    runs = speeds().speeds["int4-onnx"].throughputs[:1]
    table = _with(speeds(), "int4-onnx", throughputs=runs)
    row = _view(table).rows[3]
    assert row.rtfx(8) is None
    assert set(row.ratios) == {1}
    assert re.search(r"^RTFx batch 8 .* n/a$", _text(table), re.MULTILINE)


def test_terminal_has_every_figure() -> None:
    """fp32 hears 2 s in 100 ms (95 % within 120) and int8-openvino in 45 (55); loads, memory."""
    text = _text(speeds(energy=True))
    assert max(map(len, text.splitlines())) <= 80
    for line in (
        r"RTFx batch 8 +25\.0 +22\.5 +60\.0 +27\.5",
        r"batch 8 to baseline +1\.00x +0\.90x +2\.40x +1\.10x",
        r"rate \(disk\) +1\.00x +3\.60x +3\.84x +6\.15x",
        r"ms for 2 s +100 \(120\) +143 \(171\) +45 \(55\) +77 \(92\)",
        r"load s +1\.5 +1\.9 +0\.8 +0\.6",
        r"loaded MB +750\.0 +540\.0 +246\.0 +210\.0",
        r"peak MB +1250\.0 +900\.0 +410\.0 +350\.0",
        r"J per hour of audio +1800 +2571 +818 +1385",
    ):
        assert re.search(f"^{line}$", text, re.MULTILINE), line
    assert "Machine: Intel Xeon, 2 cores, AVX512-VNNI; models in turn, 5 rounds." in text
    assert "int8-openvino ran on OpenVINO, cpu, 2 threads: brgemm_avx512_vnni_i8," in text
    assert NOTE in text
    assert "Energy: RAPL package-0, above the 11.5 W of the idle machine" in text


def test_many_models_have_a_row_each() -> None:
    """More models than columns: models down, in tables of at most 80 characters."""
    found = {f"{name}-{index}": row for index in range(6) for name, row in speeds().speeds.items()}
    table = speeds().model_copy(update={"speeds": found, "baseline": "fp32-0"})
    text = _text(table)
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"^int8-openvino-5 +OpenVINO +8-bit +44\.0 +2\.20x", text, re.MULTILINE)


def test_energy_is_left_out_where_it_was_not_measured() -> None:
    """No column, and the reason in a line."""
    text = _text(speeds())
    assert "J per hour" not in text
    assert "no energy: RAPL cannot be read here" in text


def test_devices_have_a_column_where_they_differ() -> None:
    """One on a GPU: both devices are in the table."""
    table = _with(speeds(), "int8", device="cuda:0")
    assert re.search(r"^device +cpu +cuda:0 +cpu +cpu$", _text(table), re.MULTILINE)
    assert "\ndevice" not in _text(speeds())


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_pages_say_what_ran_and_what_it_means(name: str, results: Results) -> None:
    """Kernels, the machine and the notes beside the numbers; none of them without a run."""
    text = render(Findings(deployed(results), CostTable(), speed=speeds()), name)
    for words in (
        "Speed on this machine",
        "2.40x",
        "AVX512-VNNI",
        "OpenVINO",
        "ONNX Runtime",
        "MatMulNBits",
    ):
        assert words in text, words
    assert "Speed on this machine" not in render(Findings(deployed(results), CostTable()), name)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_costs_of_the_same_run_are_not_shown_twice(
    name: str, results: Results, costs: CostTable
) -> None:
    """The run has all artefacts: its table alone; where it lacks one, both stay."""
    kept = CostTable(costs={name: costs.costs[name] for name in ("fp32", "int8")})
    shown = render(Findings(deployed(results), kept, speed=speeds()), name)
    assert "cpu, 2 threads, batch 8" not in shown
    assert "was not measured" not in shown.replace("Not measured", "")
    assert "cpu, 2 threads, batch 8" in render(
        Findings(deployed(results), costs, speed=speeds()), name
    )


@pytest.mark.parametrize("name", ["table", "markdown", "html", "json"])
def test_hostile_names_stay_text(name: str, results: Results) -> None:
    """A model's name in the run can hold anything; no line is wider, nothing acts."""
    text = render(Findings(results, CostTable(), speed=_renamed(speeds(), "int8", HOSTILE)), name)
    assert "\x1b" not in text
    if name == "table":
        assert max(map(len, text.splitlines())) <= 80
        assert "[red]" in text
    elif name == "html":
        assert "<script>alert" not in text
        assert Page(text).counts["script"] == 1
    elif name == "markdown":
        assert "<script" not in text
        assert "@me" not in text


def test_csv_is_tidy_with_units_in_the_names(results: Results) -> None:
    """A row a number; to_baseline is the value over fp32's in the same place."""
    rows = _rows(speeds(energy=True), results)
    fast = rows["int8-openvino", "rtfx", "8", ""]
    assert (fast["value"], fast["to_baseline"]) == ("60.0", "2.4")
    assert (fast["runtime"], fast["weights"], fast["threads"]) == ("openvino_ctc", "8-bit", "2")
    slow = rows["int8", "latency_p95_ms", "1", "5.0"]
    assert float(slow["value"]) == pytest.approx(1200 * 5 / 14, abs=1e-5)
    assert float(slow["to_baseline"]) == pytest.approx(20 / 14, abs=1e-5)
    assert rows["int4-onnx", "disk_bytes", "", ""]["value"] == "61400000"
    assert rows["fp32", "joules_per_audio_hour", "", ""]["to_baseline"] == "1.0"


def test_csv_runs_no_formula(results: Results) -> None:
    """A name that begins with = gets an apostrophe."""
    rows = _rows(_renamed(speeds(), "int8", HOSTILE), results)
    assert f"'{HOSTILE}" in {model for model, *_ in rows}


def test_csv_holds_one_by_one_against_batches(results: Results) -> None:
    """The row has the batch size that was measured, and the ratio of the table."""
    rows = _rows(_one_by_one(_only_batches(speeds()), "int8-openvino"), results)
    assert rows["int8-openvino", "rtfx", "1", ""]["to_baseline"] == "1.76"


def test_json_has_the_run_with_its_ratios(results: Results) -> None:
    """speed.json's own keys, and ratios by batch size; as its schema says."""
    value = json.loads(render(Findings(results, CostTable(), speed=speeds()), "json"))["speed"]
    assert value["ratios"]["int8-openvino"]["rtfx"] == {"1": 2.2, "8": 2.4}
    own = speeds().model_dump(mode="json")
    assert {name: value[name] for name in own} == own
    schema = PrintedResults.model_json_schema(mode="serialization")
    assert set(value) == set(schema["$defs"]["PrintedSpeed"]["properties"])


def test_html_sorts_by_the_numbers_behind_the_words(results: Results) -> None:
    """45 (55) ms sorts as its median."""
    text = render(Findings(results, CostTable(), speed=speeds()), "html")
    assert re.search(r'data-value="45\.45\d*">45 \(55\)</td>', text)


def test_slowness_in_torch_is_said_of_torch_alone(results: Results) -> None:
    """int8 in PyTorch is named with the speed of the run; OpenVINO's int8 is another matter."""
    found = deployed(results)
    artefacts = tuple(
        row.model_copy(
            update={"decoding": row.decoding.model_copy(update={"recogniser": "openvino_ctc"})}
        )
        if "-" in row.name
        else row
        for row in found.artefacts
    )
    found = found.model_copy(update={"artefacts": artefacts})
    text = " ".join(plain(tables(Findings(found, CostTable(), speed=speeds()))).split())
    assert "Note: int8: 8-bit weights (or fewer) in torch" in text
    assert "measured against the baseline: speed int8 0.90x." in text


def test_report_of_a_folder_shows_its_speed(
    tmp_path: Path, results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    """speed.json beside results.json is read; without it --format speed says what to do."""
    write_json(tmp_path / "results.json", deployed(results).model_dump(mode="json"))
    assert run(["report", str(tmp_path), "--format", "speed"]) == 2
    assert "evaluate --speed" in capsys.readouterr().err
    write_json(tmp_path / "speed.json", speeds().model_dump(mode="json"))
    assert run(["report", str(tmp_path), "--format", "speed"]) == 0
    assert capsys.readouterr().out.startswith("model,runtime,weights,")
    assert run(["report", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "Speed on this machine" in out
    assert "Pareto front (WER under clean, speed): fp32, int8-openvino" in out

"""The files in a finished folder: complete, deterministic, and read back as they were."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from asrcompress.core.cost import Sizes
from asrcompress.core.error_table import ErrorTable, read_errors
from asrcompress.core.evaluation import Decoding, ErrorCounts, Evaluation, UtteranceScore
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results, read_results
from asrcompress.report import write
from asrcompress.report.folder import FILE_NAMES
from asrcompress.report.utterances import utterance_lines, utterance_record
from tests.report import gates

SCORE = UtteranceScore(
    id="u1",
    audio_filepath="audio/u1.flac",
    duration_s=2.5,
    text="le café",
    pred_text="le cafe",
    words=ErrorCounts(s=1, n=2),
    chars=ErrorCounts(s=1, n=7),
    speaker="17",
    fields={"achieved_snr_db": float("nan"), "noise_id": "bus-3", "text": "mine", "speaker": "17"},
)


def _evaluation(name: str) -> Evaluation:
    return Evaluation(
        model=name,
        model_sha256="0" * 64,
        corpus="test-other",
        corpus_sha256="0" * 64,
        normaliser="basic-1",
        decoding=Decoding(recogniser="torch_ctc", device="cpu", threads=2, batch_plan="1"),
        sizes=Sizes(memory_bytes=1, disk_bytes=1),
        utterances=(SCORE,),
    )


def test_an_utterance_is_a_nemo_line_with_its_counts() -> None:
    """NeMo's four names, counts of words and characters, the cell, and the corpus's fields."""
    assert utterance_record(SCORE, artefact="int8", condition="clean") == {
        "audio_filepath": "audio/u1.flac",
        "text": "le café",
        "pred_text": "le cafe",
        "duration": 2.5,
        "id": "u1",
        "artefact": "int8",
        "condition": "clean",
        "speaker": "17",
        "s": 1,
        "d": 0,
        "i": 0,
        "n": 2,
        "char_s": 1,
        "char_d": 0,
        "char_i": 0,
        "char_n": 7,
        "achieved_snr_db": None,
        "noise_id": "bus-3",
        "field_text": "mine",
    }


def test_lines_follow_the_results_not_the_mapping(results: Results) -> None:
    """Cells finished in another order give the same file."""
    keys = [("int8", "clean"), ("fp32", "noise-0dB"), ("fp32", "clean")]
    lines = list(utterance_lines(results, {key: _evaluation(key[0]) for key in keys}))
    cells = [(row["artefact"], row["condition"]) for row in map(json.loads, lines)]
    assert cells == [("fp32", "clean"), ("fp32", "noise-0dB"), ("int8", "clean")]
    assert "café".encode() in lines[0]


def test_an_evaluation_of_no_cell_is_refused(results: Results) -> None:
    """Nothing is left out silently."""
    with pytest.raises(ValueError, match="no cell"):
        list(utterance_lines(results, {("int3", "clean"): _evaluation("int3")}))


def test_folder_is_complete_and_reads_back(
    tmp_path: Path, results: Results, costs: CostTable
) -> None:
    """Nine files where nothing else was measured, and read_results gives what was written."""
    write(tmp_path, Findings(results, costs), {("fp32", "clean"): _evaluation("fp32")})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cells.csv",
        "cost.json",
        "errors.json",
        "figures.csv",
        "junit.xml",
        "report.html",
        "report.md",
        "results.json",
        "utterances.jsonl",
    ]
    beside = {"speed.json", "gates.json", "ledgers.json"}
    assert {*FILE_NAMES} == {path.name for path in tmp_path.iterdir()} | beside
    assert read_results(tmp_path) == (results, costs)
    assert read_errors(tmp_path) == ErrorTable()
    with (tmp_path / "cells.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == 51


def test_a_junit_file_needs_verdicts(tmp_path: Path, results: Results, costs: CostTable) -> None:
    """One model alone has none, and that of an earlier run is removed; gates alone have one."""
    write(tmp_path, Findings(results, costs), {})
    alone = Findings(results.model_copy(update={"cells": results.cells[:10]}), costs)
    write(tmp_path, alone, {})
    assert not (tmp_path / "junit.xml").exists()
    write(tmp_path, replace(alone, gates=gates.table()), {})
    assert 'tests="7"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_errors_read_back(tmp_path: Path, wild_results: Results, wild_errors: ErrorTable) -> None:
    """errors.json is what was given, whatever is in its words."""
    write(tmp_path, Findings(wild_results, CostTable(), wild_errors), {})
    assert read_errors(tmp_path) == wild_errors


def test_same_results_same_bytes_whatever_the_timings(
    tmp_path: Path, results: Results, costs: CostTable
) -> None:
    """No file of results knows how fast the machine was."""
    evaluations = {("fp32", "clean"): _evaluation("fp32")}
    write(tmp_path / "a", Findings(results, costs), evaluations)
    write(tmp_path / "b", Findings(results, CostTable()), evaluations)
    for name in ("results.json", "cells.csv", "figures.csv", "errors.json", "utterances.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nan_stops_the_writing_before_the_first_file(
    tmp_path: Path, results: Results, costs: CostTable
) -> None:
    """A nan in the results is a bug; no half-written folder is left by it."""
    spoilt = results.conditions[0].model_copy(update={"audio_s": float("nan")})
    odd = results.model_copy(update={"conditions": (spoilt, *results.conditions[1:])})
    with pytest.raises(ValueError, match="JSON"):
        write(tmp_path / "out", Findings(odd, costs), {})
    assert not (tmp_path / "out").exists()

"""The gates' exit codes from the command line, the same in every output mode."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from asrcompress.cli.boundary import run as run_program
from asrcompress.core.gates import GateTable
from tests.audit.tiny_audits import tiny_recipe

RECIPE = """\
title: Tiny
models: {{tiny: {model}}}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
corpus: {corpus}
conditions: {{noise: {{snr_db: [0]}}}}
evaluate: {{measure_cost: false, replicates: 200}}
"""
# A model of random weights hears nothing: its WER is about 1.
PASSES = "{metric: wer, max: 9}"
FAILS = "{metric: wer, max: 0.001, hold: estimate}"
UNCLEAR = "{metric: dwer, absolute: 0}"
MISSES = '{metric: wer, max: 9, artefacts: ["int4*"]}'
# Rules and their exit code.
CASES = {
    "passed": ([PASSES], 0),
    "failed": ([PASSES, UNCLEAR, FAILS], 1),
    "inconclusive": ([PASSES, UNCLEAR], 4),
    "missing": ([FAILS, UNCLEAR, MISSES], 3),
    "mistaken": (["{metric: wer}"], 2),
}
MODES = {
    "table": [],
    "json": ["--json"],
    "quiet": ["-q"],
    "junit": ["--format", "junit"],
    "markdown": ["--format", "markdown"],
}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of 2 artefacts x 2 conditions on a tiny model and corpus."""
    return tiny_recipe(tmp_path_factory.mktemp("gate"), RECIPE)


@pytest.fixture(scope="module")
def audited(recipe: Path) -> Path:
    """The folder of its audit, without gates."""
    folder = recipe.parent / "audited"
    audit = ["audit", str(recipe), "-o", str(folder), "--device", "cpu", "--jobs", "0", "-q"]
    assert run_program(audit) == 0
    return folder


def gate_file(folder: Path, rules: list[str]) -> Path:
    file = folder / "gates.yaml"
    file.write_text("".join(f"- {rule}\n" for rule in rules), encoding="utf-8")
    return file


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_check_ends_alike_in_every_mode(
    case: str, mode: str, audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of the outcomes; what did not pass is told on stderr even with -q."""
    rules, code = CASES[case]
    file = gate_file(tmp_path, rules)
    capsys.readouterr()
    assert run_program(["gate", "check", str(audited), "--gate", str(file), *MODES[mode]]) == code
    printed = capsys.readouterr()
    if code == 2:
        assert printed.out == ""
        assert printed.err == f"error: {file}: line 1: [0].max: is missing\n"
        return
    if code == 0:
        assert printed.err == ("" if mode == "quiet" else "gates: all 2 passed\n")
    else:
        assert printed.err.startswith("gates: ")
        assert {1: "failed", 3: "missing", 4: "inconclusive"}[code] in printed.err
    if mode == "json":
        table = GateTable.model_validate_json(printed.out)
        assert table.exit_code == code
        assert table.source == "gates.yaml"
    elif mode == "junit":
        assert Xml.fromstring(printed.out).tag == "testsuites"
    else:
        assert "Gates: " in printed.out
    assert not (audited / "gates.json").exists()


@pytest.mark.parametrize("mode", ["table", "json", "quiet"])
@pytest.mark.parametrize("case", ["passed", "failed", "inconclusive", "mistaken"])
def test_audit_ends_with_the_gates(
    case: str,
    mode: str,
    recipe: Path,
    audited: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """audit --gate: all cells from the cache; gates.json and the exit code say how they ended."""
    rules, code = CASES[case]
    folder = tmp_path / "out"
    audit = ["audit", str(recipe), "-o", str(folder), "--cache", str(audited / "cache")]
    audit += ["--device", "cpu", "--jobs", "0", "--gate", str(gate_file(tmp_path, rules))]
    capsys.readouterr()
    assert run_program([*audit, *MODES[mode]]) == code
    printed = capsys.readouterr()
    if code == 2:
        assert not folder.exists()
        assert "line 1: [0].max: is missing" in printed.err
        return
    written = GateTable.model_validate_json((folder / "gates.json").read_text())
    assert written.exit_code == code
    last = printed.err.splitlines()[-1] if printed.err else ""
    if code or mode != "quiet":
        assert last.startswith("gates: ")
    if mode == "json":
        assert json.loads(printed.out)["gates"]["checks"]


def test_gates_in_a_recipe_hold(
    recipe: Path, audited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As those of a file; a name that the recipe does not have is told before anything runs."""
    text = recipe.read_text() + f"gates:\n  - {FAILS}\n"
    gated = recipe.with_name("gated.yaml")
    gated.write_text(text, encoding="utf-8")
    folder = recipe.parent / "gated"
    audit = ["audit", str(gated), "-o", str(folder), "--cache", str(audited / "cache"), "-q"]
    audit += ["--device", "cpu", "--jobs", "0"]
    assert run_program(audit) == 1
    assert GateTable.model_validate_json((folder / "gates.json").read_text()).source == "gated"
    assert "Gates: FAILED" in capsys.readouterr().out
    gated.write_text(text.replace("max: 0.001", "max: 1, artefacts: [int9]"), encoding="utf-8")
    assert run_program([*audit, "--dry-run"]) == 2
    assert (
        "gates[0].artefacts[0]: got 'int9'; expected one of fp32, int8" in capsys.readouterr().err
    )


def test_columns_are_checked_before_anything_runs(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that the corpus does not have would leave the rule without a figure."""
    file = gate_file(tmp_path, ["{metric: wer, max: 1, by: dialect}"])
    audit = ["audit", str(recipe), "-o", str(tmp_path / "out"), "--gate", str(file)]
    assert run_program([*audit, "--device", "cpu"]) == 2
    assert "no such column for a gate to break results down by" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_results_without_cells_are_nothing_to_evaluate(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 5, and no verdict."""
    results = json.loads((audited / "results.json").read_text())
    (tmp_path / "results.json").write_text(json.dumps({**results, "cells": [], "margins": []}))
    file = gate_file(tmp_path, [PASSES])
    assert run_program(["gate", "check", str(tmp_path), "--gate", str(file)]) == 5
    assert "no cell to hold gates against" in capsys.readouterr().err


def test_an_incomplete_audit_has_missing_checks(audited: Path, tmp_path: Path) -> None:
    """audit.json says what was to be there; what is not is missing, though no rule names it."""
    for name in ("results.json", "utterances.jsonl", "audit.json"):
        (tmp_path / name).write_text((audited / name).read_text())
    results = json.loads((tmp_path / "results.json").read_text())
    results["cells"] = [one for one in results["cells"] if one["condition"] == "clean"]
    (tmp_path / "results.json").write_text(json.dumps(results))
    file = gate_file(tmp_path, [PASSES])
    assert run_program(["gate", "check", str(tmp_path), "--gate", str(file), "--write"]) == 3
    table = GateTable.model_validate_json((tmp_path / "gates.json").read_text())
    assert [(one.condition, one.outcome.value) for one in table.checks] == [
        ("clean", "passed"),
        ("noise-0dB", "missing"),
    ]


def test_evaluate_is_held_to_gates(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """evaluate --gate: rules on losses need --baseline, and the exit code is theirs."""
    model, corpus = str(recipe.parent / "model"), str(recipe.parent / "corpus")
    command = ["evaluate", model, corpus, "--no-cost", "--device", "cpu", "--replicates", "200"]
    command += ["--gate", str(gate_file(tmp_path, [FAILS, UNCLEAR]))]
    assert run_program(command) == 2
    assert "dwer needs a baseline to compare with" in capsys.readouterr().err
    folder = tmp_path / "out"
    assert run_program([*command, "--baseline", model, "-o", str(folder), "--json"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("gates: 1 of 2 failed, 1 inconcl")
    assert GateTable.model_validate_json((folder / "gates.json").read_text()).exit_code == 1


def test_calibrate_check_and_baseline_fit_together(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What calibrate writes passes; a baseline with utterances serves the same gates."""
    gates, base = tmp_path / "g" / "gates.yaml", tmp_path / "baseline.json"
    (tmp_path / "g").mkdir()
    calibrate = ["gate", "calibrate", str(audited), "-o", str(gates)]
    assert run_program([*calibrate, "--baseline-out", str(base)]) == 0
    assert run_program(["gate", "check", str(audited), "--gate", str(gates)]) == 0
    assert run_program(calibrate) == 2  # it is there
    assert "output exists" in capsys.readouterr().err
    other = ["gate", "baseline", str(audited), "--utterances", "-o", str(tmp_path / "other.json")]
    assert run_program(other) == 0
    check = ["gate", "check", str(audited), "--gate", str(gates)]
    code = run_program([*check, "--baseline", str(tmp_path / "other.json")])
    assert code in (0, 4)  # the same counts, now with their uncertainty


def test_output_goes_to_a_file(audited: Path, tmp_path: Path) -> None:
    """-o takes what would be printed, in any format, and nothing else is written."""
    file = gate_file(tmp_path, [PASSES])
    for name in ("gates.json", "gates.xml", "gates.md", "gates.txt"):
        form = {"json": "json", "xml": "junit", "md": "markdown", "txt": "table"}[name[6:]]
        check = ["gate", "check", str(audited), "--gate", str(file), "--format", form]
        assert run_program([*check, "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size > 0
    assert max(map(len, (tmp_path / "gates.txt").read_text().splitlines())) <= 80

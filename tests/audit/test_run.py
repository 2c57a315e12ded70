"""An audit does what is missing and nothing else, and always ends in the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asrcompress.audit import AuditRequest, plan_cost, plan_of, run
from asrcompress.audit.cache import locked
from asrcompress.cli.boundary import run as run_program
from asrcompress.core.errors import InputError, OutputError
from asrcompress.evaluate import torch_options
from tests.audit.tiny_audits import tiny_recipe
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

DETERMINISTIC = ("results.json", "cells.csv", "utterances.jsonl")
RECIPE = """\
title: Tiny
models:
  tiny: {model}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
  prune50: {{prune: 0.5}}
corpus: {corpus}
conditions:
  noise: {{snr_db: [10, 0]}}
  rooms: {{sizes: [small]}}
evaluate:
  measure_cost: false
  replicates: 200
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of 3 artefacts x 4 conditions on a tiny model and corpus."""
    return tiny_recipe(tmp_path_factory.mktemp("audit"), RECIPE)


@pytest.fixture(scope="module")
def finished(recipe: Path) -> Path:
    """The folder of an uninterrupted audit of it."""
    folder = recipe.parent / "finished"
    outcome = run(AuditRequest(str(recipe), output=folder, workers=1))
    assert (outcome.cells_run, outcome.cells_cached) == (12, 0)
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DETERMINISTIC}


def test_results_hold_the_whole_matrix(finished: Path) -> None:
    """Every artefact under every condition, each compared with the original there."""
    results = json.loads((finished / "results.json").read_text())
    assert [row["name"] for row in results["artefacts"]] == ["fp32", "int8", "prune50"]
    names = [row["name"] for row in results["conditions"]]
    assert names == ["clean", "noise-10dB", "noise-0dB", "room-small"]
    assert len(results["cells"]) == 12
    compared = [c for c in results["cells"] if c["comparison"]]
    assert {c["artefact"] for c in compared} == {"int8", "prune50"}
    assert all(c["comparison"]["baseline"] == "fp32" for c in compared)
    noisy = results["conditions"][1]
    assert noisy["is_simulated"]
    assert abs(noisy["achieved_snr_db"]["low"] - 10) < 0.01


def test_utterances_name_audio_that_is_there(finished: Path) -> None:
    """Paths in utterances.jsonl are relative to it, or absolute; the files exist."""
    lines = (finished / "utterances.jsonl").read_text().splitlines()
    assert len(lines) == 12 * 6
    for line in lines:
        assert (finished / json.loads(line)["audio_filepath"]).is_file()


def test_second_run_does_no_inference(recipe: Path, finished: Path) -> None:
    """Everything comes from the cache, and the files are the same bytes."""
    before = _bytes(finished)
    outcome = run(AuditRequest(str(recipe), output=finished, workers=1))
    assert (outcome.cells_run, outcome.cells_cached) == (0, 12)
    assert _bytes(finished) == before


def test_only_what_is_missing_runs(recipe: Path, finished: Path) -> None:
    """A cell lost from the cache is run again, alone, and gives the same bytes."""
    before = _bytes(finished)
    lost = sorted((finished / "cache" / "cells").glob("*.json"))[:2]
    lost[0].unlink()
    lost[1].write_text("{ damaged", encoding="utf-8")
    cost = plan_cost(plan_of(AuditRequest(str(recipe), output=finished)))
    assert cost["cells_to_run"] == 2
    outcome = run(AuditRequest(str(recipe), output=finished, workers=1))
    assert (outcome.cells_run, outcome.cells_cached) == (2, 10)
    assert _bytes(finished) == before


def test_changed_audio_is_another_cell(recipe: Path, tmp_path: Path) -> None:
    """Keys hold the bytes of the audio: a changed recording makes every cell anew."""
    old = {cell.key for cell in plan_of(AuditRequest(str(recipe), output=tmp_path)).cells}
    other = tiny_corpus(tmp_path / "corpus", seed=1)
    text = recipe.read_text().replace(str(recipe.parent / "corpus"), str(other))
    changed = tmp_path / "changed.yaml"
    changed.write_text(text, encoding="utf-8")
    new = {cell.key for cell in plan_of(AuditRequest(str(changed), output=tmp_path)).cells}
    assert not old & new


def test_killed_and_resumed_is_the_same_as_uninterrupted(recipe: Path, finished: Path) -> None:
    """SIGKILL half-way, then again: only the missing cells run; results are the same bytes."""
    folder = recipe.parent / "killed"
    arguments = ["audit", str(recipe), "-o", str(folder), "--workers", "1", "--device", "cpu"]
    code = "from asrcompress.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], start_new_session=True)
    cells = folder / "cache" / "cells"
    deadline = time.monotonic() + 300
    while len(list(cells.glob("*.json"))) < 4 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = len(list(cells.glob("*.json")))
    assert 4 <= done < 12
    assert not (folder / "results.json").exists()

    outcome = run(AuditRequest(str(recipe), output=folder, workers=1))
    assert (outcome.cells_run, outcome.cells_cached) == (12 - done, done)
    assert _bytes(folder) == _bytes(finished)
    assert not [path for path in folder.rglob(".*") if path.name != ".lock"]


def test_foreign_output_is_left_alone(recipe: Path, tmp_path: Path) -> None:
    """A folder with other things in it is refused, and nothing in it changes."""
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(OutputError, match="not an audit's"):
        run(AuditRequest(str(recipe), output=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_two_audits_never_share_an_output(recipe: Path, finished: Path) -> None:
    """The second is told to wait."""
    with locked(finished), pytest.raises(OutputError, match="another audit"):
        run(AuditRequest(str(recipe), output=finished))


def test_dry_run_writes_nothing(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan with its cost, and no file."""
    output = tmp_path / "out"
    arguments = ["audit", str(recipe), "-o", str(output), "--dry-run", "--json"]
    assert run_program(arguments) == 0
    cost = json.loads(capsys.readouterr().out)
    assert (cost["cells"], cost["cells_to_run"], cost["artefacts_to_make"]) == (12, 12, 2)
    assert not output.exists()


def test_two_models_have_each_their_own_baseline(recipe: Path, tmp_path: Path) -> None:
    """An artefact is compared with its own model's original, never with another model's."""
    other = tiny_checkpoint(tmp_path / "other", "wav2vec2-layer-norm", seed=1)
    text = recipe.read_text().replace("compressions:", f"  other: {other}\ncompressions:")
    text = text.replace("  rooms: {sizes: [small]}\n", "").replace("[10, 0]", "[10]")
    path = tmp_path / "two.yaml"
    path.write_text(text, encoding="utf-8")
    results = run(AuditRequest(str(path), output=tmp_path / "out", workers=1)).results
    names = [row.name for row in results.artefacts]
    assert names == [f"{m}/{c}" for m in ("tiny", "other") for c in ("fp32", "int8", "prune50")]
    for cell in results.cells:
        model, _, compression = cell.artefact.partition("/")
        expected = None if compression == "fp32" else f"{model}/fp32"
        assert (cell.comparison and cell.comparison.baseline) == expected


def _folder_of(recipe: Path, tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The tiny recipe in a folder of its own under the same name, changed."""
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / recipe.name
    path.write_text(text, encoding="utf-8")
    return path


ONE_CELL = (
    ("  int8: {bits: 8}\n  prune50: {prune: 0.5}\n", ""),
    ("  rooms: {sizes: [small]}\n", ""),
    ("snr_db: [10, 0]", "snr_db: [10]"),
)


def test_another_recipe_is_refused_and_a_changed_one_replaces_results(
    recipe: Path, tmp_path: Path
) -> None:
    """Results never stand beside a recipe that did not make them."""
    path = _folder_of(recipe, tmp_path, *ONE_CELL)
    folder = tmp_path / "out"
    run(AuditRequest(str(path), output=folder, workers=1))
    other = path.with_name("other.yaml")
    other.write_text(path.read_text(), encoding="utf-8")
    with pytest.raises(OutputError, match="another recipe"):
        run(AuditRequest(str(other), output=folder))
    path.write_text(path.read_text().replace("[10]", "[5]"), encoding="utf-8")
    outcome = run(AuditRequest(str(path), output=folder, workers=1))
    assert (outcome.cells_run, outcome.cells_cached) == (1, 1)
    assert [row.name for row in outcome.results.conditions] == ["clean", "noise-5dB"]


def test_bad_files_are_counted_and_their_limit_holds_on_a_full_cache(
    recipe: Path, tmp_path: Path
) -> None:
    """A recording that cannot be read is in every condition's total and notes, or stops the run."""
    corpus = tiny_corpus(tmp_path / "corpus")
    (corpus / "s0-0.wav").write_bytes(b"not audio")
    here = (str(recipe.parent / "corpus"), str(corpus))
    path = _folder_of(recipe, tmp_path, *ONE_CELL, here, ("  repl", "  max_bad_files: 1\n  repl"))
    folder = tmp_path / "out"
    results = run(AuditRequest(str(path), output=folder, workers=1)).results
    assert [row.utterances for row in results.conditions] == [6, 6]
    assert [cell.utterances for cell in results.cells] == [5, 5]
    assert sum("could not be read" in note for note in results.notes) == 2
    path.write_text(path.read_text().replace("files: 1", "files: 0"), encoding="utf-8")
    with pytest.raises(InputError, match="at most 0"):
        run(AuditRequest(str(path), output=folder, workers=1))
    assert not (folder / "results.json").exists()


def test_patterns_reach_compress_and_the_key(recipe: Path, tmp_path: Path) -> None:
    """include and exclude are options of a recipe's compressions too."""
    excluding = ("{bits: 8}", "{bits: 8, exclude: lm_head}")
    path = _folder_of(recipe, tmp_path, excluding)
    plans = [plan_of(AuditRequest(str(p), output=tmp_path / "out")) for p in (recipe, path)]
    assert plans[1].artefacts[1].options.selection.exclude == ("lm_head",)
    keys = [[job.key for job in plan.artefacts] for plan in plans]
    assert keys[0][0] == keys[1][0]
    assert keys[0][1] != keys[1][1]


def test_subgroup_columns_are_checked_before_any_work(recipe: Path, tmp_path: Path) -> None:
    """A column that the corpus lacks is refused with what there is."""
    path = _folder_of(recipe, tmp_path, ("  repl", "  by: [accent]\n  repl"))
    with pytest.raises(InputError, match="no such column"):
        plan_of(AuditRequest(str(path), output=tmp_path / "out"))


def test_threads_are_part_of_the_key(recipe: Path, tmp_path: Path) -> None:
    """Another number of threads may round otherwise: its cells and costs are its own."""
    plans = [
        plan_of(AuditRequest(str(recipe), output=tmp_path, threads=threads)) for threads in (1, 2)
    ]
    assert not {cell.key for cell in plans[0].cells} & {cell.key for cell in plans[1].cells}
    costs = [plan.cost_key(plan.artefacts[0]) for plan in plans]
    assert costs[0] != costs[1]


def test_dtype_and_compile_are_part_of_the_keys(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the recipe or the request, the request's dtype before the recipe's; all keys differ."""
    monkeypatch.setattr(torch_options, "check_device", lambda *_, **__: None)
    half = _folder_of(recipe, tmp_path, ("  repl", "  dtype: bf16\n  compile: true\n  repl"))
    plans = [
        plan_of(AuditRequest(str(path), output=tmp_path / "out", threads=1, **options))
        for path, options in (
            (recipe, {}),
            (recipe, {"dtype": "bf16"}),
            (recipe, {"compile": True}),
            (half, {}),
            (half, {"dtype": "float32"}),
        )
    ]
    assert [(plan.machine.dtype, plan.machine.compile) for plan in plans] == [
        ("float32", False),
        ("bfloat16", False),
        ("float32", True),
        ("bfloat16", True),
        ("float32", True),
    ]
    cells = [plan.cells[0].key for plan in plans]
    costs = [plan.cost_key(plan.artefacts[0]) for plan in plans]
    assert len({*cells}) == len({*costs}) == 4
    assert (cells[2], costs[2]) == (cells[4], costs[4])

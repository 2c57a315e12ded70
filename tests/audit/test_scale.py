"""What an audit does grows with its cells and no faster, and it holds one cell at a time."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from asrcompress.audit import assemble as assembling
from asrcompress.audit import scored
from asrcompress.audit.assemble import assemble
from asrcompress.audit.cache import read_cached
from asrcompress.core.errors import IncompleteError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.files import parse_json
from asrcompress.evaluate import Matrix, Statistics, errors_of, summarise
from asrcompress.report import write
from tests.benchmarks.simulated_audit import (
    Size,
    plan_in,
    write_cells,
    write_conditions,
    write_recipe,
)

SIZE = Size(models=2, compressions=3, conditions=4, utterances=12, words=6, speakers=4)
CELLS = 2 * 3 * 4


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("scale") / "sim", SIZE)


@pytest.fixture
def output(recipe: Path, tmp_path: Path) -> Path:
    """The folder of an audit whose cells are all in its cache."""
    plan = plan_in(recipe, tmp_path)
    write_conditions(plan)
    assert write_cells(plan, plan.missing_cells()) == CELLS
    return tmp_path


def test_a_plan_reads_no_cell_and_no_recording_twice(
    recipe: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recordings and models are read by the first plan; what is in a cell by none."""
    monkeypatch.setattr("asrcompress.core.digests.RACY_NS", 0)  # the files are new
    assert plan_in(recipe, output).digests.reads == SIZE.utterances + _model_files(recipe)
    parsed = []
    monkeypatch.setattr(
        "asrcompress.core.files.parse_json",
        lambda text, *, where: parsed.append(str(where)) or parse_json(text, where=where),
    )
    plan = plan_in(recipe, output)
    assert plan.digests.reads == 0
    assert plan.missing_cells() == []
    assert [place for place in parsed if "/cells/" in place] == []


def _model_files(recipe: Path) -> int:
    """What a checkpoint's hash is made of: all that save_pretrained and the processor write."""
    return sum(1 for path in recipe.parent.glob("model-*/*") if path.is_file())


def test_every_cell_is_read_and_scored_once(
    recipe: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more than one evaluation is alive while the next one is made."""
    read: list[Path] = []
    alive: list[weakref.ref[Evaluation]] = []
    most = 0

    def reading(path: Path, form: type) -> object:
        nonlocal most
        gc.collect()
        most = max(most, sum(one() is not None for one in alive))
        read.append(path)
        return read_cached(path, form)

    class Lines(assembling.KeptLines):
        def add(self, cell: tuple[str, str], evaluation: Evaluation) -> None:
            alive.append(weakref.ref(evaluation))
            super().add(cell, evaluation)

    monkeypatch.setattr(scored, "read_cached", reading)
    monkeypatch.setattr(assembling, "KeptLines", Lines)
    found = assemble(plan_in(recipe, output))
    assert len(found.findings.results.cells) == CELLS
    assert len(read) == len(set(read)) == CELLS
    assert most <= 1


def test_the_results_are_those_of_all_evaluations_in_memory(recipe: Path, output: Path) -> None:
    """One by one from the cache or all at once: the same results, errors and lines."""
    plan = plan_in(recipe, output)
    found = assemble(plan)
    at_once = dict(found.evaluations)
    results = found.findings.results
    matrix = Matrix(
        title=results.title,
        artefacts=assembling.notes_of(plan, {}),
        conditions=results.conditions,
        evaluations=at_once,
        notes=plan.notes,
    )
    again = summarise(matrix, Statistics(seed=plan.recipe.seed))
    assert again.model_dump_json() == results.model_dump_json()
    assert errors_of(matrix) == found.findings.errors
    assert any(cell.flips for cell in found.findings.errors.cells)
    one, other = output / "one", output / "other"
    write(one, found.findings, found.lines)
    write(other, found.findings, at_once)
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_a_cell_that_cannot_be_read_is_missing_and_named(recipe: Path, output: Path) -> None:
    """It looks whole, so that only scoring finds out; it is gone then, and made by the next run."""
    plan = plan_in(recipe, output)
    cell = plan.cells[5]
    plan.cache.cell(cell.key).write_text('{"model": 3}\n')
    assert plan.missing_cells() == []
    results = assemble(plan).findings.results
    assert len(results.cells) == CELLS - 1
    place = cell.artefact.name, cell.condition.condition.name
    assert results.cell(*place) is None
    assert results.notes[0] == (
        f"Incomplete: 1 of {CELLS} cells were not run: {place[0]} under {place[1]}."
    )
    assert plan.missing_cells() == [cell]


def test_nothing_readable_is_an_error(recipe: Path, output: Path) -> None:
    plan = plan_in(recipe, output)
    for cell in plan.cells:
        plan.cache.cell(cell.key).write_text("{}\n")
    with pytest.raises(IncompleteError, match="no cell could be run"):
        assemble(plan)

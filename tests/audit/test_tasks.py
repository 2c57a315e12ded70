"""An audit's work as tasks: only what is missing, in an order that can be followed."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from asrcompress.audit import plan_of, run
from asrcompress.audit import work as work_module
from asrcompress.audit.failures import reason_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.tasks import Task, tasks_of
from asrcompress.audit.work import Worker
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.progress import silent
from tests.audit.tiny_audits import CELLS, asked, tiny_recipe


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_recipe(tmp_path_factory.mktemp("tasks"))


@pytest.fixture
def plan(recipe: Path, tmp_path: Path) -> Plan:
    """Of nothing done yet."""
    return plan_of(asked(recipe, tmp_path / "out"))


def test_every_missing_piece_is_one_task_after_those_it_needs(plan: Plan) -> None:
    """2 artefacts, 1 corpus and 6 cells; a cell needs its artefact and its corpus alone."""
    tasks = tasks_of(plan)
    kinds = [task.kind for task in tasks]
    assert kinds == ["artefact"] * 2 + ["corpus"] + ["cell"] * CELLS
    seen: set[str] = set()
    for task in tasks:
        assert {*task.needs, *task.after} <= seen
        seen.add(task.id)
    needs = {task.words: [one.partition("-")[0] for one in task.needs] for task in tasks}
    assert needs["fp32 under clean"] == []
    assert needs["fp32 under noise-10dB"] == ["corpus"]
    assert needs["int8 under noise-10dB"] == ["artefact", "corpus"]
    assert len({task.group for task in tasks if task.kind == "cell"}) == 3


def test_cost_is_measured_alone_after_all_artefacts_even_if_one_fails(
    recipe: Path, tmp_path: Path
) -> None:
    """It is the last task, waits for both artefacts, and needs none of them to succeed."""
    path = tmp_path / "cost.yaml"
    path.write_text(recipe.read_text().replace("measure_cost: false", "measure_cost: true"))
    *others, cost = tasks_of(plan_of(asked(path, tmp_path / "out")))
    assert (cost.kind, cost.is_alone, cost.needs) == ("cost", True, ())
    assert set(cost.after) == {task.id for task in others if task.kind == "artefact"}
    assert not any(task.is_alone for task in others)


def test_a_plan_and_its_tasks_reach_another_process_as_they_are(plan: Plan) -> None:
    """Both are what a worker is sent."""
    sent = pickle.loads(pickle.dumps((plan, tasks_of(plan))))
    assert sent == (plan, tasks_of(plan))


def test_a_finished_audit_has_no_task_and_opens_no_model(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run opens each of 3 models once; the second none, and writes the same bytes."""
    evaluate = sys.modules["asrcompress.evaluate"]  # the name in the package is the function
    opened: list[str] = []
    original = evaluate.open_recogniser

    def counted(model: str, how: object) -> object:
        opened.append(model)
        return original(model, how)

    monkeypatch.setattr(evaluate, "open_recogniser", counted)
    request = asked(recipe, tmp_path / "out")
    run(request)
    before = (tmp_path / "out" / "results.json").read_bytes()
    assert len(opened) == len(set(opened)) == 3
    assert tasks_of(plan_of(request)) == ()
    outcome = run(request)
    assert (outcome.cells_run, outcome.cells_cached, len(opened)) == (0, CELLS, 3)
    assert (tmp_path / "out" / "results.json").read_bytes() == before


def _words(plan: Plan, *, jobs: int) -> list[list[str]]:
    """What a number of workers do at the same time, round by round, each as long as any other."""
    schedule, rounds = Schedule(plan, silent), []
    groups: list[str | None] = [None] * jobs
    while not schedule.is_over:
        taken: list[Task] = []
        for number in range(jobs):
            if (task := schedule.next(groups[number])) is not None:
                groups[number] = task.group
                taken.append(task)
        for task in taken:
            schedule.done(task)
        rounds.append([task.words for task in taken])
    return rounds


def test_one_worker_stays_with_a_model_and_two_take_different_ones(plan: Plan) -> None:
    """So that each model is loaded as rarely as can be."""
    alone = [words for (words,) in _words(plan, jobs=1)]
    assert [words.partition(" ")[0] for words in alone[3:]] == (
        ["fp32"] * 2 + ["int8"] * 2 + ["prune50"] * 2
    )
    together = _words(plan, jobs=2)
    assert together[0] == ["artefact int8", "corpus noise-10dB"]
    assert together[1][0] == "artefact prune50"
    for pair in together[2:]:
        assert len({words.partition(" ")[0] for words in pair}) == len(pair)


def test_what_needs_a_failed_task_is_not_done_and_is_named(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One artefact fails: its 2 cells have no result, the other 4 have, with their comparisons.

    The error is remembered: the next run tries nothing again, until it is asked to.
    """
    tried: list[str] = []
    original = Worker._artefact

    def failing(self: Worker, key: str, progress: object) -> None:
        tried.append(key)
        job = next(job for job in self._plan.artefacts if job.key == key)
        if job.compression == "int8" and broken:
            raise InputError("no such thing", where="here")
        original(self, key, progress)

    monkeypatch.setattr(Worker, "_artefact", failing)
    broken, output = True, tmp_path / "out"
    first = run(asked(recipe, output))
    lines = [failure.line for failure in first.failures]
    assert lines[0] == "artefact int8: no such thing: here"
    assert lines[1:] == [
        f"int8 under {name}: needs artefact int8, which could not be made"
        for name in ("clean", "noise-10dB")
    ]
    assert {cell.artefact for cell in first.results.cells} == {"fp32", "prune50"}
    assert all(cell.comparison for cell in first.results.cells if cell.artefact == "prune50")
    assert any(
        note == "Incomplete: 2 of 6 cells were not run: int8 under clean, int8 under noise-10dB."
        for note in first.results.notes
    )
    assert (first.cells_run, len(tried)) == (4, 2)

    again = run(asked(recipe, output))
    assert len(tried) == 2
    assert "as in an earlier run; --rerun failed" in again.failures[0].line
    broken = False
    assert len(run(asked(recipe, output)).failures) == 3
    mended = run(asked(recipe, output, rerun="failed"))
    assert (mended.failures, mended.cells_run, len(mended.results.cells)) == ((), 2, CELLS)
    assert not list((output / "cache" / "failures").glob("*.json"))


def test_everything_is_done_again_on_request(recipe: Path, tmp_path: Path) -> None:
    """All of the plan's pieces are made anew, with the same bytes, and no other is touched."""
    output = tmp_path / "out"
    run(asked(recipe, output))
    before = (output / "results.json").read_bytes()
    others = output / "cache" / "cells" / f"{'0' * 64}.json"
    others.write_text("{}\n", encoding="utf-8")
    outcome = run(asked(recipe, output, rerun="all"))
    assert (outcome.cells_run, outcome.cells_cached) == (CELLS, 0)
    assert (output / "results.json").read_bytes() == before
    assert others.is_file()


def test_reasons_tell_what_may_go_well_the_next_time(plan: Plan) -> None:
    """A mistake in the input will not; a full disk, memory and bugs may."""
    task = tasks_of(plan)[0]
    assert not reason_of(InputError("bad audio"), task).is_retried_next_run
    assert reason_of(OutputError("cannot write"), task).is_retried_next_run
    out_of_memory = reason_of(MemoryError(), task)
    assert out_of_memory.is_retried_next_run
    assert "batch_size" in out_of_memory.cause
    bug = reason_of(KeyError("x"), task)
    assert bug.is_retried_next_run
    assert bug.cause.startswith("internal error: KeyError")
    assert bug.trace is not None
    assert "KeyError" in bug.trace


def test_the_worker_forgets_a_model_whose_work_failed(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that a failed cell took is free for the next one."""
    request = asked(recipe, tmp_path / "out")
    plan = plan_of(request)
    worker = Worker(plan, request)
    task = next(task for task in tasks_of(plan) if task.words == "fp32 under clean")

    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(work_module, "write_json", full)
    with pytest.raises(MemoryError):
        worker.perform(task)
    assert worker._opened is None

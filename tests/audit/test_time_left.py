"""The time left: near the truth as soon as there is anything to go by, and never made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from asrcompress.audit import plan_cost
from asrcompress.audit.jobs import Cell
from asrcompress.audit.plan import Plan
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.tasks import Task, task_id, tasks_of
from asrcompress.audit.time_left import time_left
from asrcompress.audit.timings import keep_timing, read_timings, timed
from asrcompress.core.files import write_text
from asrcompress.core.seeds import generator_for
from tests.benchmarks.simulated_audit import Size, plan_in, write_recipe

CONDITIONS = 10


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 models x 4 compressions x 10 conditions."""
    return write_recipe(tmp_path_factory.mktemp("left") / "sim", Size(3, 4, CONDITIONS, 4))


@pytest.fixture
def plan(recipe: Path, tmp_path: Path) -> Plan:
    found = plan_in(recipe, tmp_path)
    found.cache.folder.mkdir(parents=True)
    return found


def _duration_s(plan: Plan, task: Task) -> float:
    """What a task takes in the synthetic run: an hour a cell or less, each with its own noise."""
    noise = float(generator_for(0, task.id).lognormal(0.0, 0.1))
    if task.kind == "artefact":
        return 60.0 * noise
    if task.kind == "corpus":
        return 60.0 * noise
    cell = next(cell for cell in plan.cells if cell.key == task.key)
    model, compression = int(cell.artefact.model[-1]), int(cell.artefact.compression[-1])
    return (1000.0 + 800.0 * model) * (1.0 - 0.05 * (compression % 4)) * noise


def _make(plan: Plan, task: Task) -> None:
    """What a look takes for the finished piece."""
    names = {"artefact": "asrcompress.json", "corpus": "corpus.json"}
    path = plan.cache.piece(task.kind, task.key)
    write_text(path / names[task.kind] if task.kind in names else path, "{}\n")


@dataclass
class _Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def _run(plan: Plan, clock: _Clock) -> Iterator[tuple[float, str]]:
    """The synthetic run, task by task: the time now, and what was last said."""
    said = ["nothing"]

    def hear(what: str, done: int, total: int) -> None:
        said.append(what)

    schedule = Schedule(plan, hear, clock)
    while (task := schedule.next()) is not None:
        clock.now_s += _duration_s(plan, task)
        _make(plan, task)
        keep_timing(plan, task.id, _duration_s(plan, task))
        schedule.done(task)
        yield clock.now_s, said[-1]


@pytest.mark.parametrize("models", ["one", "all"])
def test_the_estimate_is_near_what_it_then_took(recipe: Path, tmp_path: Path, models: str) -> None:
    """At 10, 50 and 90 % of a synthetic run what is said is within 20 % of what is still to come.

    Of models that have not had a turn nothing is known: at 10 % it says only `at least`, and that
    is less than what came. From the last model's first cell on it is within 20 % again.
    """
    plan = plan_in(recipe, tmp_path)
    if models == "one":
        one = [job for job in plan.artefacts if job.model == plan.artefacts[0].model]
        cells = tuple(cell for cell in plan.cells if cell.artefact in one)
        plan = _of(plan, tuple(one), cells)
    plan.cache.folder.mkdir(parents=True)
    whole_s = sum(_duration_s(plan, task) for task in tasks_of(plan))
    marks = [0.1, 0.5, 0.9]
    for now_s, _ in _run(plan, _Clock()):
        if marks and now_s >= marks[0] * whole_s:
            marks.pop(0)
            left, came_s = time_left(plan), whole_s - now_s
            if left.unknown:
                assert models == "all"
                assert left.words is not None
                assert left.words.startswith("at least")
                assert left.low_s < 1.2 * came_s
                assert plan_cost(plan)["seconds_left"] is None
            else:
                assert left.expected_s == pytest.approx(came_s, rel=0.2)
                assert left.low_s <= left.expected_s <= left.high_s
    assert not marks
    assert (time_left(plan).expected_s, time_left(plan).line) == (0.0, "none")


def _of(plan: Plan, artefacts: tuple[object, ...], cells: tuple[Cell, ...]) -> Plan:
    from dataclasses import replace

    return replace(plan, artefacts=artefacts, cells=cells)  # type: ignore[arg-type]


def test_nothing_timed_is_nothing_said(plan: Plan) -> None:
    """Before the first run there is no number; what is to be done is counted instead."""
    left = time_left(plan)
    assert left.words is None
    assert left.line == (
        "unknown; not timed yet: 9 artefacts to make, 9 corpora to write, 120 cells to recognise"
    )
    assert plan_cost(plan)["seconds_left"] is None


def test_an_artefact_not_timed_is_between_those_of_its_model(plan: Plan) -> None:
    """fp32 took 100 s a cell and p1 200 s: p2's and p3's cells take 100 to 200 s each."""
    fp32, p1 = plan.artefacts[:2]
    cells = {job.name: [c for c in plan.cells if c.artefact is job] for job in plan.artefacts}
    timings = {task_id("cell", cells[fp32.name][0].key): 100.0}
    timings[task_id("cell", cells[p1.name][0].key)] = 200.0
    left = time_left(plan, timings)
    ours = 2 * CONDITIONS  # cells of p2 and p3; those of fp32 and p1 take 100 and 200 s
    assert left.low_s == CONDITIONS * 300.0 + ours * 100.0
    assert left.high_s == CONDITIONS * 300.0 + ours * 200.0
    assert left.expected_s == CONDITIONS * 300.0 + ours * 150.0
    assert left.unknown["cells to recognise"] == 8 * CONDITIONS
    assert left.timed_cells == 2


def test_a_running_task_counts_for_what_is_left_of_it(plan: Plan) -> None:
    """Three quarters of a cell of 100 s are done: 25 s of it are left."""
    first, second = (task_id("cell", cell.key) for cell in plan.cells[:2])
    whole = time_left(plan, {first: 100.0})
    part = time_left(plan, {first: 100.0}, {second: 0.75})
    assert whole.low_s - part.low_s == pytest.approx(75.0)


def test_a_run_says_the_time_left_in_its_progress(plan: Plan) -> None:
    """First nothing, then what is left at least, and near the end about how much.

    Where only models that have not had a turn are left, that the time is not known.
    """
    said = [words for _, words in _run(plan, _Clock())]
    cells = [words for words in said if words.startswith("recognising")]
    assert cells[5].startswith("recognising: at least ")
    assert cells[-4].startswith("recognising: about ")
    assert [words for words in cells[5:] if not words.endswith(" left")] == []
    assert "recognising: unknown time left" in cells[5:]


def test_only_what_is_made_is_timed(plan: Plan) -> None:
    """A piece that was there already, or work that failed, says nothing of how long it takes."""
    task, other = tasks_of(plan)[:2]
    with pytest.raises(RuntimeError), timed(plan, task, 1):
        raise RuntimeError
    assert read_timings(plan) == {}
    with timed(plan, task, 2):
        _make(plan, task)
    assert list(read_timings(plan)) == [task.id]
    _make(plan, other)
    with timed(plan, other, 1):
        pass
    assert list(read_timings(plan)) == [task.id]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '{"task": 3, "duration_s": 1}',
        '{"task": "a"}',
        "\0\0",
        '{"task": "a", "duration_s": NaN}',
        '{"task": "a", "duration_s": -1}',
    ],
)
def test_lines_that_cannot_be_read_count_for_nothing(plan: Plan, line: str) -> None:
    """The lines around them do; the last of a task counts."""
    keep_timing(plan, "cell-a", 1.0)
    file = plan.cache.folder / "timings.jsonl"
    file.write_text(file.read_text() + line + "\n")
    keep_timing(plan, "cell-b", 2.0)
    keep_timing(plan, "cell-a", 3.0)
    assert read_timings(plan) == {"cell-a": 3.0, "cell-b": 2.0}


def test_a_cache_that_cannot_be_written_is_no_error(plan: Plan) -> None:
    (plan.cache.folder / "timings.jsonl").mkdir()
    keep_timing(plan, "cell-a", 1.0)
    assert read_timings(plan) == {}

"""A cluster gives the same bytes as one machine, whatever dies, and measures on a node at rest."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit import AuditRequest, plan_of, run
from asrcompress.audit.engines import ray as engine
from asrcompress.audit.engines._ray_cluster import ClusterError
from asrcompress.audit.engines._ray_look import look, paths_of, versions, what_is_wrong
from asrcompress.audit.plan import Plan
from asrcompress.audit.recipe_text import load_recipe
from asrcompress.audit.run import _begin
from asrcompress.audit.tasks import task_id
from asrcompress.cli.boundary import run as run_program
from asrcompress.core.errors import InputError
from tests.audit.tiny_audits import tiny_recipe

DETERMINISTIC = ("results.json", "cells.csv", "utterances.jsonl", "errors.json")
RECIPE = """\
title: Tiny
models:
  tiny: {model}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
corpus: {corpus}
conditions:
  noise: {{snr_db: [10]}}
evaluate:
  measure_cost: false
  replicates: 200
"""
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 << 20}
_STEP = re.compile(r"(\S+) (begins|ends) on \S+, node (\S+)")
_TIMEOUT_S = 180.0


class Course(logging.Handler):
    """What the engine told of tasks: (task, begins or ends, node), in order, and its warnings."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.steps: list[tuple[str, str, str]] = []
        self.warnings: list[str] = []
        self.retries: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if (found := _STEP.match(text)) is not None:
            self.steps.append((found[1], found[2], found[3]))
        elif (count := re.match(r"(\d+) tasks were started again", text)) is not None:
            self.retries = int(count[1])
        elif record.levelno >= logging.WARNING:
            self.warnings.append(text)

    def running(self) -> dict[str, str]:
        """The tasks that have begun and not ended, with their nodes."""
        found: dict[str, str] = {}
        for task, what, node in list(self.steps):
            if what == "begins":
                found[task] = node
            else:
                found.pop(task, None)
        return found


@pytest.fixture
def course() -> Iterator[Course]:
    """What the engine tells from now on."""
    handler, logger = Course(), logging.getLogger(engine.__name__)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(before)
    logger.removeHandler(handler)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each, on this machine; tests that kill one add one."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    head = {**NODE, "include_dashboard": False}
    found = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    found.add_node(**NODE)
    yield found
    found.shutdown()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of 2 artefacts x 2 conditions on a tiny model and corpus."""
    return tiny_recipe(tmp_path_factory.mktemp("cluster"), RECIPE)


@pytest.fixture(scope="module")
def expected(recipe: Path) -> dict[str, bytes]:
    """The results of the local engine."""
    folder = recipe.parent / "local"
    run(AuditRequest(str(recipe), output=folder, workers=1, threads=1, jobs=0))
    return _bytes(folder)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DETERMINISTIC}


def _request(recipe: Path, output: Path, cluster: Any, **changes: Any) -> AuditRequest:
    request = AuditRequest(
        str(recipe), output=output, threads=1, engine="ray", address=cluster.address
    )
    return replace(request, **changes)


def test_two_nodes_give_the_same_bytes(
    recipe: Path, expected: dict[str, bytes], cluster: Any, tmp_path: Path, course: Course
) -> None:
    """Both nodes work, nothing is tried twice, and the results are those of one machine."""
    outcome = run(_request(recipe, tmp_path / "out", cluster))
    assert outcome.failures == ()
    assert outcome.cells_run == 4
    assert _bytes(tmp_path / "out") == expected
    assert len({node for _, _, node in course.steps}) == 2
    assert (course.retries, course.warnings, course.running()) == (0, [], {})
    assert not list((tmp_path / "out" / "cache").rglob(".*"))

    again = run(_request(recipe, tmp_path / "out", cluster, address="192.0.2.1:1"))
    assert (again.cells_run, again.cells_cached) == (0, 4)  # without any cluster


@contextmanager
def _held_cells(request: AuditRequest, most: int | None = None) -> Iterator[Plan]:
    """No cell, or not the first ones, can be done meanwhile: who begins one waits in the middle."""
    plan = plan_of(request)
    _begin(plan.cache.folder.parent, load_recipe(request.recipe, ()))
    plan.cache.prepare()
    with ExitStack() as stack:
        for cell in plan.cells[:most]:
            name = task_id("cell", cell.key)
            stack.enter_context(plan.cache.locks.held(name, lambda: None))
        yield plan


def _in_background(request: AuditRequest) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def work() -> None:
        found.append(run(request))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, found


def _wait_until(condition: Callable[[], bool], thread: threading.Thread | None = None) -> None:
    until_s = time.monotonic() + _TIMEOUT_S
    while not condition():
        assert time.monotonic() < until_s
        assert thread is None or thread.is_alive()
        time.sleep(0.1)


def _cells(course: Course) -> list[str]:
    return [node for task, node in course.running().items() if task.startswith("cell-")]


@pytest.mark.slow
def test_a_node_killed_in_the_middle_of_a_cell_costs_that_cell_alone(
    recipe: Path, expected: dict[str, bytes], cluster: Any, tmp_path: Path, course: Course
) -> None:
    """Its cell starts again on another node, it is told once, and the bytes are the same."""
    doomed = cluster.add_node(**NODE)
    request = _request(recipe, tmp_path / "out", cluster)
    with _held_cells(request):
        thread, found = _in_background(request)
        _wait_until(lambda: doomed.node_id in _cells(course), thread)
        cluster.remove_node(doomed, allow_graceful=False)
        _wait_until(lambda: bool(course.warnings), thread)
    thread.join(_TIMEOUT_S)
    assert found[0].failures == ()
    assert _bytes(tmp_path / "out") == expected
    assert course.retries == 1
    told = [text for text in course.warnings if "waiting for another process" not in text]
    assert len(told) == 2
    assert re.search(r"fp32 under .*: its process died on node \S+; it starts again", told[0])
    assert re.search(r"node \S+ was lost; 2 left", told[1])


@pytest.mark.slow
def test_a_killed_process_costs_its_task_alone(
    recipe: Path, expected: dict[str, bytes], cluster: Any, tmp_path: Path, course: Course
) -> None:
    """The kernel kills what takes too much memory; the node goes on, and so does the audit."""
    request = _request(recipe, tmp_path / "out", cluster)
    with _held_cells(request):
        thread, found = _in_background(request)
        _wait_until(lambda: len(_cells(course)) == 2, thread)
        for pid in _slots(cluster):
            os.kill(pid, signal.SIGKILL)
        _wait_until(lambda: len(course.warnings) == 2, thread)
    thread.join(_TIMEOUT_S)
    assert found[0].failures == ()
    assert _bytes(tmp_path / "out") == expected
    assert course.retries == 2
    told = [text for text in course.warnings if "waiting for another process" not in text]
    assert all("its process died on node" in text for text in told)


@pytest.mark.slow
def test_a_cell_under_which_processes_keep_dying_fails_alone(
    recipe: Path, expected: dict[str, bytes], cluster: Any, tmp_path: Path, course: Course
) -> None:
    """After four attempts it is given up, the others are done, and the next run tries it again."""
    request = _request(recipe, tmp_path / "out", cluster)
    with _held_cells(request, most=1) as plan:
        held = task_id("cell", plan.cells[0].key)
        thread, found = _in_background(request)
        while thread.is_alive():
            if list(course.running()) == [held] and len(plan.missing_cells()) == 1:
                for pid in _slots(cluster):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            thread.join(0.5)
    (outcome,) = found
    (failure,) = outcome.failures
    assert re.match(r"its process died on node \S+, at attempt 4", failure.cause)
    assert failure.words == "fp32 under clean"
    assert failure.is_retried_next_run
    assert (outcome.cells_run, course.retries) == (3, 4)

    again = run(replace(request, engine="local", address=None, jobs=0))
    assert (again.failures, again.cells_run) == ((), 1)
    assert _bytes(tmp_path / "out") == expected


def _slots(cluster: Any) -> list[int]:
    """The processes of the cluster that are slots, by the title that Ray gives them."""
    raylets = {node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_slot = (place / "cmdline").read_bytes().startswith(b"ray::Slot")
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if is_slot and parent in raylets:
                found.append(int(place.name))
    return found


@pytest.mark.slow
def test_what_is_measured_has_its_node_for_itself(
    recipe: Path, cluster: Any, tmp_path: Path, course: Course
) -> None:
    """Nothing begins or ends on that node meanwhile; the cells are all done, the cost is there."""
    text = recipe.read_text().replace("measure_cost: false", "cost_rounds: 1")
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    outcome = run(_request(path, tmp_path / "out", cluster))
    assert outcome.failures == ()
    assert sorted(outcome.costs.costs) == ["fp32", "int8"]
    (measured,) = [task for task, what, _ in course.steps if what == "begins" and "cost-" in task]
    begin, end = (index for index, (task, _, _) in enumerate(course.steps) if task == measured)
    node = course.steps[begin][2]
    running = [task for task, what, where in course.steps[:begin] if where == node]
    assert all(running.count(task) == 2 for task in running)
    assert [step for step in course.steps[begin + 1 : end] if step[2] == node] == []
    assert sum(task.startswith("cell-") for task, what, _ in course.steps if what == "ends") == 4


@pytest.mark.slow
def test_nodes_that_share_nothing_exchange_pieces_through_a_url(
    recipe: Path, expected: dict[str, bytes], tmp_path: Path, course: Course
) -> None:
    """Each node has a cache of its own; the results are the same, and so is a second audit's."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    apart = [{"XDG_CACHE_HOME": str(tmp_path / name)} for name in ("node-1", "node-2")]
    head = {**NODE, "include_dashboard": False, "env_vars": apart[0]}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(**NODE, env_vars=apart[1])
        store = f"file://{tmp_path}/far"
        outcome = run(_request(recipe, tmp_path / "out", cluster, store=store))
    finally:
        cluster.shutdown()
    assert outcome.failures == ()
    assert _bytes(tmp_path / "out") == expected
    assert len({node for _, _, node in course.steps}) == 2
    for name in ("node-1", "node-2"):
        assert list((tmp_path / name).rglob("cells/*.json"))

    request = _request(recipe, tmp_path / "second", cluster, store=store, address="192.0.2.1:1")
    again = run(request)  # all is in the store: no cluster is needed
    assert _bytes(tmp_path / "second") == expected
    assert again.failures == ()
    assert not list((tmp_path / "far").rglob("*.part"))


@pytest.mark.slow
def test_ctrl_c_ends_everything_and_the_local_engine_goes_on(
    recipe: Path, expected: dict[str, bytes], cluster: Any, tmp_path: Path
) -> None:
    """Exit 130, one line, no process left on the nodes, nothing half-written."""
    request = _request(recipe, tmp_path / "out", cluster)
    with _held_cells(request) as plan:
        process = _program(request)
        _wait_until(lambda: not plan.missing_artefacts() and not plan.missing_conditions())
        _wait_until(lambda: bool(_slots(cluster)))
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert errors.strip().splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in errors
    _wait_until(lambda: not _slots(cluster))
    assert len(plan.missing_cells()) == 4
    outcome = run(replace(request, engine="local", address=None, jobs=0))
    assert outcome.cells_run == 4
    assert _bytes(tmp_path / "out") == expected


@pytest.mark.slow
def test_a_lost_head_is_one_line_and_the_local_engine_goes_on(
    recipe: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """Exit 3 and what to do, though Ray itself ends without a word."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    head = {**NODE, "include_dashboard": False}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    request = _request(recipe, tmp_path / "out", cluster)
    with _held_cells(request) as plan:
        process = _program(request)
        _wait_until(lambda: not plan.missing_artefacts() and not plan.missing_conditions())
        cluster.head_node.kill_gcs_server(check_alive=False)
        out, errors = process.communicate(timeout=120)
    cluster.shutdown()
    assert (process.returncode, out) == (3, "")
    last = errors.strip().splitlines()[-1]
    assert last.startswith("error: the cluster")
    assert "run the audit again" in last
    assert "Traceback" not in errors
    outcome = run(replace(request, engine="local", address=None, jobs=0))
    assert outcome.failures == ()
    assert _bytes(tmp_path / "out") == expected


def _program(request: AuditRequest) -> subprocess.Popen[str]:
    """The command line of a request, started."""
    words = [
        "audit",
        request.recipe,
        "-o",
        str(request.output),
        "--threads",
        "1",
        "--device",
        "cpu",
    ]
    words += ["--engine", "ray", "--address", str(request.address), "--json"]
    code = "import sys; from asrcompress.cli import main; sys.argv[0] = 'asrcompress'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_address_where_nothing_is_takes_no_minutes(recipe: Path, tmp_path: Path) -> None:
    """One clear line with what to do, and exit 3: nothing is wrong with the input."""
    pytest.importorskip("ray")
    request = AuditRequest(
        str(recipe), output=tmp_path, threads=1, engine="ray", address="127.0.0.1:9"
    )
    with pytest.raises(ClusterError, match=r"cannot join .*127\.0\.0\.1:9.*ray start --head"):
        run(request)
    assert ClusterError("x").exit_code == 3


def test_without_ray_the_line_says_what_to_install(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra, as pip wants it."""
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'asrcompress\[cluster\]'"):
        run(AuditRequest(str(recipe), output=tmp_path, threads=1, engine="ray"))


def test_one_gpu_of_this_machine_means_nothing_on_a_cluster(recipe: Path, tmp_path: Path) -> None:
    """Ray gives each task a GPU, and hides the others."""
    pytest.importorskip("ray")
    request = AuditRequest(str(recipe), output=tmp_path, threads=1, engine="ray", device="cuda:1")
    with pytest.raises(InputError, match="got --device cuda:1; expected cpu or cuda"):
        run(request)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--address", "h:1"], "--address is for a cluster; got h:1; add --engine ray"),
        (["--cache", "s3://b/c"], "a URL as --cache is for a cluster; got s3://b/c"),
        (["--engine", "rey"], "unknown name among engines; got 'rey'; expected one of local, ray"),
    ],
)
def test_options_of_a_cluster_are_refused_without_one(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Nothing that was asked for is passed over."""
    code = run_program(["audit", str(recipe), "-o", str(tmp_path / "out"), *words])
    assert code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nodes_are_held_against_what_the_plan_needs(recipe: Path, tmp_path: Path) -> None:
    """Other versions, a path that is not there, a cache that is not shared: the first is told."""
    plan = plan_of(AuditRequest(str(recipe), output=tmp_path, threads=1))
    with engine._probe(plan) as probe:
        work = engine._work(plan, AuditRequest(str(recipe)), probe)
        assert str(recipe.parent / "model") in work.paths
        here = look(work)
        assert what_is_wrong(here, work) is None
        other = replace(here, versions={**versions(), "torch": "1.0"})
        assert re.search(r"it has torch 1\.0 instead of \S+", str(what_is_wrong(other, work)))
        blind = replace(here, missing_path="/data/a.wav")
        assert "does not see /data/a.wav" in str(what_is_wrong(blind, work))
        apart = replace(here, has_probe=False)
        assert "does not share the cache" in str(what_is_wrong(apart, work))
    assert not look(work).has_probe


def test_recordings_are_looked_for_in_every_part_of_a_large_corpus(
    recipe: Path, tmp_path: Path
) -> None:
    """At most 200 of them, from the first to near the last."""
    plan = plan_of(AuditRequest(str(recipe), output=tmp_path, threads=1))
    many = []
    for number in range(1000):
        file = tmp_path / f"{number:04}.wav"
        file.touch()
        many.append(replace(plan.corpus.utterances[0], id=str(number), path=file))
    corpus = replace(plan.corpus, utterances=tuple(many))
    names = [Path(name).name for name in paths_of(replace(plan, corpus=corpus))]
    sampled = [name for name in names if name.endswith(".wav")]
    assert len(sampled) == 200
    assert (sampled[0], sampled[1], sampled[-1]) == ("0000.wav", "0005.wav", "0995.wav")

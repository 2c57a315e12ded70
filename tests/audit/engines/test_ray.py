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
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit import AuditRequest, plan_of, run
from asrcompress.audit.engines import ray as engine
from asrcompress.audit.engines._ray_cluster import ClusterError
from asrcompress.audit.engines._ray_look import Facts, versions, what_is_wrong
from asrcompress.audit.plan import Plan
from asrcompress.audit.tasks import task_id
from asrcompress.cli.boundary import run as run_program
from asrcompress.core.errors import InputError
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

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
# A killed node is missed after 3 missed looks; Ray's own settings take 15 s for that.
QUICK_TO_MISS: dict[str, Any] = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
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
    head = {**NODE, "include_dashboard": False, "_system_config": QUICK_TO_MISS}
    found = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    found.add_node(**NODE)
    yield found
    found.shutdown()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of 2 artefacts x 2 conditions on a tiny model and corpus."""
    folder = tmp_path_factory.mktemp("cluster")
    model = tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    corpus = tiny_corpus(folder / "corpus")
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.format(model=model, corpus=corpus), encoding="utf-8")
    return path


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

"""The Ray engine: tasks on the nodes of a cluster, with the same results as on one machine.

Nodes share the cache folder, or exchange pieces through a store behind a URL. A node that dies
costs only the tasks that it was doing, which start again elsewhere.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from asrcompress.audit.engines._ray_cluster import ClusterError
from asrcompress.audit.engines._ray_look import paths_of
from asrcompress.audit.engines._ray_slot import Work
from asrcompress.audit.failures import Failure
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.store import Store
from asrcompress.core import errors
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.progress import Progress, silent

_LOG = logging.getLogger(__name__)
_MODULE = "asrcompress.audit.engines._ray_process"
_HOME = Path(__file__).resolve().parents[3]  # the folder that asrcompress is imported from
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anyone
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns that it will not hide GPUs one day
}
_GRACE_S = 15.0  # for a process that was told to end; then it is ended
_LAST_WORDS_BYTES = 1 << 12
_RESUME = "run the audit again to go on: what is done is kept"


def execute(plan: Plan, request: AuditRequest, progress: Progress = silent) -> tuple[Failure, ...]:
    """Make every piece of the plan that the cache does not have, on a Ray cluster.

    Raises:
        InputError: Ray is not installed, or the device is one GPU of this machine.
        ClusterError: the cluster cannot be reached, lacks something, or was lost.
    """
    schedule = Schedule(plan, silent)
    if schedule.is_over:
        return schedule.failures
    _check(plan, request)
    with _probe(plan) as probe, tempfile.TemporaryFile() as said:
        work = _work(plan, request, probe)
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=_HOME,  # the user's folder could hold a torch.py, and -m would import it
            env={**os.environ, **_SETTINGS},
            start_new_session=True,  # an interrupt comes from here alone, and once
        )
        try:
            _send(process, pickle.dumps((work, request.address)))
            return _relayed(process, progress, said)
        finally:
            _end(process)


def _check(plan: Plan, request: AuditRequest) -> None:
    if importlib.util.find_spec("ray") is None:
        raise InputError("the Ray engine needs Ray", next_step="pip install 'asrcompress[cluster]'")
    if plan.machine.device not in ("cpu", "cuda"):
        raise InputError(
            "a cluster gives every task a GPU of its own",
            got=f"--device {plan.machine.device}",
            expected="cpu or cuda",
        )
    if request.store is not None and request.rerun == "all":
        raise InputError(
            "all is to be done again, but the store would give it back",
            where=request.store,
            next_step="choose another URL with --cache",
        )


@contextmanager
def _probe(plan: Plan) -> Iterator[tuple[Path, str]]:
    """A file in the cache folder, for nodes to see, and its text."""
    text = uuid.uuid4().hex
    folder = plan.cache.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".probe-{text}"
    path.write_text(text, encoding="utf-8")
    try:
        yield path, text
    finally:
        path.unlink(missing_ok=True)


def _work(plan: Plan, request: AuditRequest, probe: tuple[Path, str]) -> Work:
    cache = replace(plan.cache, folder=plan.cache.folder.absolute())
    return Work(
        plan=replace(plan, cache=cache),
        request=request,
        home=Path.cwd(),
        paths=paths_of(plan),
        store=None if request.store is None else Store(request.store),
        probe=probe,
    )


def _send(process: subprocess.Popen[bytes], data: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(data)
        process.stdin.flush()


def _relayed(
    process: subprocess.Popen[bytes], progress: Progress, said: IO[bytes]
) -> tuple[Failure, ...]:
    """Pass on what the process tells, until it is over."""
    for line in process.stdout or ():
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "progress":
            progress(event["what"], event["done"], event["total"])
        elif event["event"] == "warning":
            _LOG.warning("%s", event["text"])
        elif event["event"] == "note":
            _LOG.info("%s", event["text"])
        elif event["event"] == "error":
            raise _error(event["kind"], event["text"])
        elif event["event"] == "bug":
            raise RuntimeError(event["text"])
        elif event["event"] == "over":
            _LOG.info("%d tasks were started again", event["retries"])
            return tuple(Failure.model_validate(row) for row in event["failures"])
    raise ClusterError("the cluster was lost", got=_last_words(said), next_step=_RESUME)


def _error(kind: str, text: str) -> AsrcompressError:
    """The process's error as it was, for the exit code depends on its kind."""
    if kind == ClusterError.__name__:
        return ClusterError(text)
    found: type[AsrcompressError] = getattr(errors, kind, AsrcompressError)
    return found(text)


def _last_words(said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _LAST_WORDS_BYTES))
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no message"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end what it has started, which it does when nobody waits; else end it."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""The process that speaks with a Ray cluster: `python -m asrcompress.audit.engines._ray_process`.

It is one of its own because Ray prints to stdout, takes over signals, and ends the process when the
cluster's head is lost. Its work comes pickled on stdin from the process that started it; what
happens goes back as lines of JSON on stdout; the end of stdin means that nobody waits any more.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import sys
import threading
import time
import traceback
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asrcompress.audit.engines._ray_slot import Work

_POLL_S = 2.0
_HEAD_GRACE_S = 20.0  # a busy head may be slow; Ray itself gives up after 60 s, without a word
_CONNECT_TIMEOUT_S = 5.0
_RESUME = "run the audit again to go on: what is done is kept"


class _Events:
    """Lines of JSON for the process that waits."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, event: str, **values: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps({"event": event, **values}) + "\n")
            self._stream.flush()


def main() -> None:
    """Do the work on stdin."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed from now on is no event
    events = _Events(stream)
    work: Work
    address: str | None
    work, address = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that started this
    stop = threading.Event()
    threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    _serve(work, address, events, stop)
    stream.flush()
    os._exit(0)  # Ray's own farewell waits for what may be gone


def _wait_for_end(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(1):
        pass
    stop.set()


def _serve(work: Work, address: str | None, events: _Events, stop: threading.Event) -> None:
    import ray

    from asrcompress.audit.engines._ray_cluster import connect
    from asrcompress.audit.engines._ray_driver import Driver, Interrupted
    from asrcompress.audit.engines._ray_pieces import mirror
    from asrcompress.audit.engines._ray_slot import enter
    from asrcompress.audit.schedule import Schedule
    from asrcompress.core.errors import AsrcompressError

    def tell(what: str, done: int, total: int) -> None:
        events.send("progress", what=what, done=done, total=total)

    try:
        if work.store is not None:
            mirror(work.plan, work.store)
        schedule = Schedule(work.plan, tell)
        retries = 0
        if not schedule.is_over:
            connect(address)
            enter(work.home)  # only now: Ray puts its driver's folder before a worker's packages
            _watch_head(ray.get_runtime_context().gcs_address, events)
            driver = Driver(work, schedule, lambda level, text: events.send(level, text=text), stop)
            try:
                driver.run()
            finally:
                driver.close()
                ray.shutdown()
            retries = driver.retries
        failures = [failure.model_dump(mode="json") for failure in schedule.failures]
        events.send("over", failures=failures, retries=retries)
    except Interrupted:
        events.send("interrupted")
    except AsrcompressError as error:
        events.send("error", kind=type(error).__name__, text=str(error))
    except ray.exceptions.RayError as error:
        events.send("error", kind="ClusterError", text=_lost(error))
    except Exception as error:
        events.send("bug", text=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        raise


def _lost(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0]
    return f"the cluster was lost; got {type(error).__name__}: {said}; {_RESUME}"


def _watch_head(address: str, events: _Events) -> None:
    """End this process when the head has been out of reach for a while."""
    host, _, port = address.rpartition(":")

    def watch() -> None:
        seen_s = time.monotonic()
        while time.monotonic() - seen_s < _HEAD_GRACE_S:
            time.sleep(_POLL_S)
            try:
                with socket.create_connection((host, int(port)), _CONNECT_TIMEOUT_S):
                    seen_s = time.monotonic()
            except OSError:
                continue
        text = f"the cluster's head was lost: {address}; {_RESUME}"
        events.send("error", kind="ClusterError", text=text)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()

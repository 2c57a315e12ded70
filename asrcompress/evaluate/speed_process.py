"""One of the processes that measure speed side by side: tasks on stdin, answers on stdout.

Run by `measure_speed`; nothing else runs it. It computes only between a task and its answer.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import locate
from asrcompress.core.corpus import Utterance
from asrcompress.evaluate.batches import BatchPlan
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions, open_recogniser
from asrcompress.evaluate.timing import (
    answer,
    import_libraries,
    memory_bytes,
    open_answers,
    wait_for,
    work_of,
)
from asrcompress.evaluate.torch_options import casts_kept


def main() -> None:
    """Open the model of the first task, then do the others until there are no more."""
    opened: Opened | None = None

    def do(task: dict[str, Any]) -> dict[str, Any]:
        nonlocal opened
        if opened is None:
            opened = Opened.of(task)
            kept.enter_context(casts_kept(opened.recogniser.device, opened.recogniser.dtype))
            return opened.described
        return opened.do(task)

    with open_answers() as answers, ExitStack() as kept:
        for line in sys.stdin:
            answer(answers, partial(do, json.loads(line)))


@dataclass(frozen=True, slots=True)
class Opened:
    """A loaded model with the recordings that it will hear, in memory at its own rate."""

    recogniser: Recogniser
    audio: tuple[Samples, ...]
    plan: BatchPlan
    chunk_s: float
    described: dict[str, Any]

    @classmethod
    def of(cls, task: dict[str, Any]) -> Opened:
        """The task's model; this process should have done nothing before.

        Raises:
            AsrcompressError: the model cannot be used.
        """
        checkpoint = locate(task["model"])
        import_libraries(checkpoint.runtime)
        options = RecogniserOptions(**task["options"])
        start = time.perf_counter()
        recogniser = open_recogniser(checkpoint, options)
        wait_for(recogniser.device)
        load_s = time.perf_counter() - start
        gc.collect()
        memory_after_load_bytes = memory_bytes(recogniser.device, now=True)
        audio = _read(task["recordings"], recogniser.sample_rate_hz)
        batching = recogniser.batching(task["batch_size"])
        described = {
            "runtime": recogniser.runtime,
            "device": recogniser.device,
            "threads": recogniser.threads,
            "sizes": recogniser.sizes.model_dump(),
            "load_s": load_s,
            "memory_after_load_bytes": memory_after_load_bytes,
            "batch_size": batching.batch_size,
            "batch_note": batching.note,
        }
        plan = BatchPlan(batching.batch_size, inf)  # a batch's length is the measurement's choice
        return cls(recogniser, audio, plan, recogniser.chunk_s(task["chunk_s"]), described)

    def do(self, task: dict[str, Any]) -> dict[str, Any]:
        """The answer to a task: the seconds that hearing takes, or what is known at the end."""
        if "hear" in task:
            return self._hear(task["hear"], task.get("at_least_s", 0.0))
        device = self.recogniser.device
        after_load = int(self.described["memory_after_load_bytes"])
        return {
            "peak_memory_bytes": max(after_load, memory_bytes(device, now=False)),
            "kernels": self.recogniser.kernels,
        }

    def _hear(self, recordings: Sequence[int], at_least_s: float) -> dict[str, Any]:
        """The time of features, inference and decoding: once, or until so much of it is over."""
        audio = [self.audio[number] for number in recordings]
        work = work_of(self.recogniser, audio, self.plan, self.chunk_s)
        device = self.recogniser.device
        passes, seconds = 0, 0.0
        wait_for(device)
        start = time.perf_counter()
        while passes == 0 or seconds < at_least_s:
            for recognise in work:
                recognise()
            wait_for(device)
            passes += 1
            seconds = time.perf_counter() - start
        return {"seconds": seconds, "passes": passes}


def _read(files: Sequence[str], sample_rate_hz: int) -> tuple[Samples, ...]:
    return tuple(Utterance(name, Path(name), 0.0).audio(sample_rate_hz) for name in files)


if __name__ == "__main__":
    main()

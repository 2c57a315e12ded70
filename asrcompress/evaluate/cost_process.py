"""The process that measures one model's cost: a task on stdin, the cost on stdout, both JSON.

Run by `measure_cost`; nothing else runs it.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import locate
from asrcompress.core.corpus import Utterance
from asrcompress.core.cost import Cost
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.evaluate.batches import Batching, BatchPlan
from asrcompress.evaluate.cost import CostOptions
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
    """Answer the task; an error that one line explains is an answer too."""
    with open_answers() as answers:
        task = json.load(sys.stdin)
        answer(answers, lambda: measured(task).model_dump())


def measured(task: dict[str, Any]) -> Cost:
    """The cost of the task's model; this process should have done nothing before.

    Raises:
        AsrcompressError: the model or all of the audio cannot be used.
    """
    options = CostOptions(**task["options"])
    checkpoint = locate(task["model"])
    import_libraries(checkpoint.runtime)
    start = time.perf_counter()
    recogniser = open_recogniser(
        checkpoint,
        RecogniserOptions(
            device=options.device,
            threads=options.threads,
            trust_remote_code=options.trust_remote_code,
            language=options.language,
            max_tokens_per_s=options.max_tokens_per_s,
            dtype=options.dtype,
            compile=options.compile,
        ),
    )
    wait_for(recogniser.device)
    load_s = time.perf_counter() - start
    gc.collect()
    after_load_bytes = memory_bytes(recogniser.device, now=True)
    utterances = [_utterance(span) for span in task["utterances"]]
    audio = _read(utterances, recogniser.sample_rate_hz)
    plan = plan_of(recogniser, options)
    work = work_of(recogniser, audio, plan, recogniser.chunk_s(options.chunk_s))
    with casts_kept(recogniser.device, recogniser.dtype):
        work[0]()  # the warm-up, with the longest batch
        processing_s = _processing_s(recogniser.device, work, options.passes)
    return Cost(
        device=recogniser.device,
        threads=recogniser.threads,
        batch_size=plan.batch_size,
        audio_s=sum(len(samples) for samples in audio) / recogniser.sample_rate_hz,
        processing_s=processing_s,
        load_s=load_s,
        memory_after_load_bytes=after_load_bytes,
        peak_memory_bytes=max(after_load_bytes, memory_bytes(recogniser.device, now=False)),
    )


def _processing_s(device: str, work: Sequence[Callable[[], object]], passes: int) -> float:
    """Seconds for features, inference and decoding of everything: the median of the passes."""
    seconds = []
    for _ in range(passes):
        wait_for(device)
        start = time.perf_counter()
        for recognise in work:
            recognise()
        wait_for(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def plan_of(recogniser: Recogniser, options: CostOptions) -> BatchPlan:
    """The plan that transcribing takes, so that what is timed is what is scored."""
    batching = options.batching or recogniser.batching(options.batch_size)
    return BatchPlan(min(options.batch_size, Batching(*batching).batch_size), options.max_batch_s)


def _utterance(span: dict[str, Any]) -> Utterance:
    return Utterance(**{**span, "path": Path(span["path"])})


def _read(utterances: Sequence[Utterance], sample_rate_hz: int) -> list[Samples]:
    audio = []
    for utterance in utterances:
        try:
            audio.append(utterance.audio(sample_rate_hz))
        except InputError:
            continue  # transcribing counts and reports it; here it is no part of the audio timed
    if not audio:
        raise NothingToEvaluateError("no readable audio to time", where=utterances[0].path)
    return audio


if __name__ == "__main__":
    main()

"""The process that measures one model's cost: a task on stdin, the cost on stdout, both JSON.

Run by `measure_cost`; nothing else runs it.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import locate
from asrcompress.core.corpus import Utterance
from asrcompress.core.cost import Cost
from asrcompress.core.errors import AsrcompressError, InputError, NothingToEvaluateError
from asrcompress.evaluate.batches import Batching, BatchPlan
from asrcompress.evaluate.cost import CostOptions
from asrcompress.evaluate.memory import peak_resident_bytes, resident_bytes
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions, open_recogniser
from asrcompress.evaluate.recording import Recording


def main() -> None:
    """Answer the task; an error that one line explains is an answer too."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes to stderr, so that stdout holds the answer alone
    logging.disable()  # the parent has warned of bad files already
    task = json.load(sys.stdin)
    try:
        answer = measured(task).model_dump()
    except AsrcompressError as error:
        answer = {"error": str(error), "kind": type(error).__name__}
    with answers:
        json.dump(answer, answers)


def measured(task: dict[str, Any]) -> Cost:
    """The cost of the task's model; this process should have done nothing before.

    Raises:
        AsrcompressError: the model or all of the audio cannot be used.
    """
    options = CostOptions(**task["options"])
    checkpoint = locate(task["model"])
    _import_libraries()
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
    _wait(options.device)
    load_s = time.perf_counter() - start
    gc.collect()
    after_load_bytes = _memory(options.device, now=True)
    utterances = [_utterance(span) for span in task["utterances"]]
    audio = _read(utterances, recogniser.sample_rate_hz)
    plan = plan_of(recogniser, options)
    work = _work(recogniser, audio, plan, recogniser.chunk_s(options.chunk_s))
    work[0]()  # the warm-up, with the longest batch
    return Cost(
        device=options.device,
        threads=recogniser.threads,
        batch_size=plan.batch_size,
        audio_s=sum(len(samples) for samples in audio) / recogniser.sample_rate_hz,
        processing_s=_processing_s(recogniser.device, work, options.passes),
        load_s=load_s,
        memory_after_load_bytes=after_load_bytes,
        peak_memory_bytes=max(after_load_bytes, _memory(options.device, now=False)),
    )


def _work(
    recogniser: Recogniser, audio: Sequence[Samples], plan: BatchPlan, chunk_s: float
) -> list[Callable[[], object]]:
    """What transcribing does with this audio: long recordings in chunks, the others in batches."""
    rate_hz = recogniser.sample_rate_hz
    long = [samples for samples in audio if len(samples) > chunk_s * rate_hz]
    short = [samples for samples in audio if len(samples) <= chunk_s * rate_hz]
    batches = plan.batches([len(samples) / rate_hz for samples in short])
    return [
        *(partial(recogniser.transcribe_long, Recording.of(one), chunk_s) for one in long),
        *(partial(recogniser.transcribe, [short[index] for index in batch]) for batch in batches),
    ]


def _processing_s(device: str, work: Sequence[Callable[[], object]], passes: int) -> float:
    """Seconds for features, inference and decoding of everything: the median of the passes."""
    seconds = []
    for _ in range(passes):
        _wait(device)
        start = time.perf_counter()
        for recognise in work:
            recognise()
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _import_libraries() -> None:
    """Import what every model needs, so that the load time is the model's own."""
    import torch  # noqa: F401
    from transformers import AutoConfig, AutoProcessor  # noqa: F401


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


def _wait(device: str) -> None:
    """CUDA works on while Python goes on; a clock must wait for it."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


def _memory(device: str, *, now: bool) -> int:
    if not device.startswith("cuda"):
        return resident_bytes() if now else peak_resident_bytes()
    import torch

    read = torch.cuda.memory_allocated if now else torch.cuda.max_memory_allocated
    return int(read(device))


if __name__ == "__main__":
    main()

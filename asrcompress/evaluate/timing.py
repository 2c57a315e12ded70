"""What processes that measure do alike: import first, wait for the device, read the memory."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Any

from asrcompress.core.audio import Samples
from asrcompress.core.errors import AsrcompressError
from asrcompress.core.manifest import Runtime
from asrcompress.evaluate.batches import BatchPlan
from asrcompress.evaluate.memory import peak_resident_bytes, resident_bytes
from asrcompress.evaluate.recogniser import Recogniser
from asrcompress.evaluate.recording import Recording

_LIBRARIES: dict[Runtime, str] = {"onnx": "onnxruntime", "openvino": "openvino"}


def open_answers() -> IO[str]:
    """Where answers go: stdout, which from now on is closed to whatever libraries print."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable()  # the parent has warned of bad files already
    return answers


def answer(answers: IO[str], work: Callable[[], dict[str, Any]]) -> None:
    """Write what the work gives as a line; an error that one line explains is an answer too."""
    try:
        found = work()
    except AsrcompressError as error:
        found = {"error": str(error), "kind": type(error).__name__}
    json.dump(found, answers)
    answers.write("\n")
    answers.flush()


def import_libraries(runtime: Runtime = "torch") -> None:
    """Import what every model of a runtime needs, so that the load time is the model's own.

    A runtime that is not installed is left for opening the model to tell of.
    """
    import torch  # noqa: F401
    from transformers import AutoConfig, AutoProcessor  # noqa: F401

    if runtime in _LIBRARIES and _LIBRARIES[runtime] not in sys.modules:
        try:
            importlib.import_module(_LIBRARIES[runtime])
        except ImportError:
            return


def work_of(
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


def wait_for(device: str) -> None:
    """CUDA works on while Python goes on; a clock must wait for it."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


def memory_bytes(device: str, *, now: bool) -> int:
    """The resident set on a CPU, the allocator's on CUDA; the largest so far unless `now`."""
    if not device.startswith("cuda"):
        return resident_bytes() if now else peak_resident_bytes()
    import torch

    read = torch.cuda.memory_allocated if now else torch.cuda.max_memory_allocated
    return int(read(device))

"""Speed and memory of a model, measured in a fresh process of its own.

A process that has loaded other models or audio before tells nothing of this one's memory, and
cached predictions nothing of its speed. The child gets its task as JSON on stdin and answers with
JSON on stdout; no shell is involved.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.cost import Cost
from asrcompress.core.errors import ModelError, NothingToEvaluateError
from asrcompress.core.precision import FLOAT32, Dtype
from asrcompress.core.seeds import generator_for
from asrcompress.evaluate.batches import Batching, BatchPlan
from asrcompress.evaluate.child import HOME, died, error_of, place_of
from asrcompress.evaluate.recording import check_chunk

COST_VERSION = 3  # a change of what is timed is a new version: cached costs are then not used
CHILD = "asrcompress.evaluate.cost_process"


@dataclass(frozen=True, slots=True)
class CostOptions:
    """What to time.

    batching: None asks the recogniser. max_audio_s: seconds of audio to time, about; one
    recording, or its beginning, at least. chunk_s: longer recordings are decoded in chunks, None
    asks the recogniser. passes: the processing time is their median. timeout_s: None waits.

    Raises:
        InputError: chunks too short to recognise anything in.
    """

    device: str = "cpu"
    threads: int | None = None
    batch_size: int = 8
    max_batch_s: float = 60.0
    batching: Batching | None = None
    max_audio_s: float = 60.0
    passes: int = 3
    seed: int = 0
    timeout_s: float | None = None
    trust_remote_code: bool = False
    language: str | None = None
    max_tokens_per_s: float | None = None
    chunk_s: float | None = None
    dtype: Dtype = FLOAT32
    compile: bool = False

    def __post_init__(self) -> None:
        check_chunk(self.chunk_s)


def measure_cost(model: str | Path, corpus: Corpus, options: CostOptions | None = None) -> Cost:
    """Load time, memory and processing time of MODEL on a sample of the corpus.

    Nothing else should run on the machine meanwhile. Audio that cannot be read is left out of the
    sample.

    Raises:
        AsrcompressError: whatever kept the child from measuring, in its own words.
    """
    options = options or CostOptions()
    BatchPlan(options.batch_size, options.max_batch_s)
    sample = cost_sample(corpus, options.max_audio_s, seed=options.seed)
    task = {
        "model": place_of(model),
        "options": asdict(options),
        "utterances": [_span(utterance) for utterance in sample],
    }
    return Cost.model_validate(_answer(task, options.timeout_s))


def cost_sample(corpus: Corpus, max_audio_s: float, *, seed: int = 0) -> tuple[Utterance, ...]:
    """Utterances of `max_audio_s` seconds in total at most, drawn evenly, in the corpus's order.

    Where none is that short, the beginning of the shortest one, so that memory is bounded.

    Raises:
        NothingToEvaluateError: the corpus is empty.
    """
    if not corpus.utterances:
        raise NothingToEvaluateError("empty corpus", where=corpus.name)
    order = generator_for(seed, "cost sample").permutation(len(corpus.utterances))
    chosen: list[int] = []
    left_s = max_audio_s
    for index in order:
        duration_s = corpus.utterances[index].duration_s
        if duration_s <= left_s:
            chosen.append(int(index))
            left_s -= duration_s
    if not chosen:
        shortest = min(corpus.utterances, key=lambda utterance: utterance.duration_s)
        return (replace(shortest, duration_s=max_audio_s, is_segment=True),)
    return tuple(corpus.utterances[index] for index in sorted(chosen))


def _span(utterance: Utterance) -> dict[str, Any]:
    return {
        "id": utterance.id,
        "path": str(utterance.path.absolute()),
        "duration_s": utterance.duration_s,
        "offset_s": utterance.offset_s,
        "is_segment": utterance.is_segment,
        "channel": utterance.channel,
    }


def _answer(task: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
    """What the child measured; its error raised here as the same kind of error."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", CHILD],
            input=json.dumps(task),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            cwd=HOME,  # the user's folder could hold a torch.py, and -m would import it
            check=False,
        )
    except subprocess.TimeoutExpired:
        got = f"no answer in {timeout_s} s"
        raise ModelError("cannot measure the cost", where=task["model"], got=got) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise ModelError(
            "cannot measure the cost",
            where=task["model"],
            got=died(done.returncode, done.stderr),
            next_step="leave it out with measure_cost: false (--no-cost)",
        ) from None
    if "error" in answer:
        raise error_of(answer["kind"], answer["error"])
    return answer

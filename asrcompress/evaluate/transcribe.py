"""From a recogniser and a corpus to hypotheses: audio read lazily, a batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asrcompress.core.audio import Samples
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import Decoding
from asrcompress.core.progress import Progress, silent
from asrcompress.evaluate.batches import Batching, BatchPlan
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.recogniser import Recogniser

_LOG = logging.getLogger(__name__)
ReadAudio = Callable[[Utterance, int], Samples]


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a corpus is gone through.

    batching: None asks the recogniser; a comparison gives all its models the same one.
    read: (utterance, sample_rate_hz) to (time,) float32; corruption can happen in it.
    corpus_sha256: known already, so that the audio need not be hashed again.
    """

    plan: BatchPlan = field(default_factory=BatchPlan)
    batching: Batching | None = None
    max_bad_files: int = 0
    read: ReadAudio = Utterance.audio
    corpus_sha256: str | None = None


def transcribe(
    recogniser: Recogniser,
    corpus: Corpus,
    *,
    options: TranscribeOptions | None = None,
    progress: Progress = silent,
) -> Hypotheses:
    """What the recogniser says to every utterance, with or without a reference.

    Audio that cannot be read is logged as a warning with its cause and counted; the others are
    transcribed nevertheless. Memory holds one batch of audio at a time.

    Raises:
        InputError: more files than `max_bad_files` could not be read.
        NothingToEvaluateError: not a single one could.
    """
    options = options or TranscribeOptions()
    batching = options.batching or recogniser.batching(options.plan.batch_size)
    plan = BatchPlan(min(options.plan.batch_size, batching.batch_size), options.plan.max_batch_s)
    heard: dict[str, str] = {}
    bad_files: dict[str, str] = {}
    what = f"transcribing {corpus.name}"
    for indices in plan.batches([utterance.duration_s for utterance in corpus.utterances]):
        utterances = [corpus.utterances[index] for index in indices]
        readable, batch = _read(utterances, recogniser.sample_rate_hz, options.read, bad_files)
        heard.update(zip(readable, recogniser.transcribe(batch), strict=True))
        progress(what, len(heard) + len(bad_files), len(corpus.utterances))
    _check_bad(bad_files, corpus, options.max_bad_files)
    order = [utterance.id for utterance in corpus.utterances]
    return Hypotheses(
        model=recogniser.model,
        model_sha256=recogniser.model_sha256,
        corpus=corpus.name,
        corpus_sha256=options.corpus_sha256 or corpus.sha256(),
        decoding=_decoding(recogniser, plan, batching.note),
        sizes=recogniser.sizes,
        pred_texts={identifier: heard[identifier] for identifier in order if identifier in heard},
        bad_files={key: bad_files[key] for key in order if key in bad_files},
    )


def _read(
    utterances: Sequence[Utterance], rate_hz: int, read: ReadAudio, bad_files: dict[str, str]
) -> tuple[list[str], list[Samples]]:
    """Ids and audio of those that can be read; the others go into `bad_files` with the cause."""
    readable: list[str] = []
    batch: list[Samples] = []
    for utterance in utterances:
        try:
            batch.append(read(utterance, rate_hz))
        except InputError as error:
            _LOG.warning("%s: %s", utterance.id, error)
            bad_files[utterance.id] = str(error)
        else:
            readable.append(utterance.id)
    return readable, batch


def _check_bad(bad_files: dict[str, str], corpus: Corpus, allowed: int) -> None:
    if len(bad_files) > allowed:
        raise InputError(
            "audio that cannot be read",
            where=corpus.name,
            got=f"{len(bad_files)} of {len(corpus.utterances)} files, first: "
            + next(iter(bad_files.values())),
            expected=f"at most {allowed}",
            next_step="repair or remove them, "
            f"or allow {len(bad_files)} with max_bad_files (--max-bad-files)",
        )
    if len(bad_files) == len(corpus.utterances):
        raise NothingToEvaluateError("no readable audio", where=corpus.name)


def _decoding(recogniser: Recogniser, plan: BatchPlan, note: str | None) -> Decoding:
    return Decoding(
        recogniser=recogniser.runtime,
        device=recogniser.device,
        threads=recogniser.threads,
        batch_plan=plan.name,
        batch_note=note,
    )

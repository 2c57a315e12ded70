"""From a recogniser and a corpus to hypotheses: audio read lazily, a batch or a chunk at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from asrcompress.core.audio import Samples
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import Decoding
from asrcompress.core.progress import Progress, silent
from asrcompress.evaluate.batches import Batching, BatchPlan
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.recogniser import Recogniser
from asrcompress.evaluate.recording import Recording, check_chunk
from asrcompress.evaluate.torch_options import casts_kept

_LOG = logging.getLogger(__name__)
_BLOCK_S = 10.0  # of a long recording, read at a time
ReadAudio = Callable[[Utterance, int], Samples]


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a corpus is gone through.

    batching: None asks the recogniser; a comparison gives all its models the same one.
    read: (utterance, sample_rate_hz) to (time,) float32; corruption can happen in it. It runs in
    a thread beside the recogniser's, one call at a time, and gives long recordings whole.
    corpus_sha256: known already, so that the audio need not be hashed again.
    chunk_s: longer recordings are decoded in overlapping chunks; None leaves it to the recogniser.

    Raises:
        InputError: chunks too short to recognise anything in.
    """

    plan: BatchPlan = field(default_factory=BatchPlan)
    batching: Batching | None = None
    max_bad_files: int = 0
    read: ReadAudio = Utterance.audio
    corpus_sha256: str | None = None
    chunk_s: float | None = None

    def __post_init__(self) -> None:
        check_chunk(self.chunk_s)


def transcribe(
    recogniser: Recogniser,
    corpus: Corpus,
    *,
    options: TranscribeOptions | None = None,
    progress: Progress = silent,
) -> Hypotheses:
    """What the recogniser says to every utterance, with or without a reference.

    Audio that cannot be read is logged as a warning with its cause and counted; the others are
    transcribed nevertheless. Memory holds two batches of audio at a time, or one chunk: the next
    batch is read while one is recognised.

    Raises:
        InputError: more files than `max_bad_files` could not be read.
        NothingToEvaluateError: not a single one could.
    """
    options = options or TranscribeOptions()
    batching = options.batching or recogniser.batching(options.plan.batch_size)
    plan = BatchPlan(min(options.plan.batch_size, batching.batch_size), options.plan.max_batch_s)
    chunk_s = recogniser.chunk_s(options.chunk_s)
    work = _Work(recogniser, options.read, chunk_s, _Meter(corpus, progress))
    with casts_kept(recogniser.device, recogniser.dtype):
        work.run(corpus.utterances, plan)
    _check_bad(work.bad_files, corpus, options.max_bad_files)
    order = [utterance.id for utterance in corpus.utterances]
    return Hypotheses(
        model=recogniser.model,
        model_sha256=recogniser.model_sha256,
        corpus=corpus.name,
        corpus_sha256=options.corpus_sha256 or corpus.sha256(),
        decoding=Decoding(
            recogniser=recogniser.runtime,
            device=recogniser.device,
            threads=recogniser.threads,
            dtype=recogniser.dtype,
            compiled=recogniser.compiled,
            batch_plan=plan.name,
            batch_note=batching.note,
            chunk_s=chunk_s,
            chunked=work.chunked,
        ),
        sizes=recogniser.sizes,
        pred_texts={key: work.texts[key] for key in order if key in work.texts},
        bad_files={key: work.bad_files[key] for key in order if key in work.bad_files},
    )


class _Read(NamedTuple):
    """A batch as read: the utterances with audio, and those without, with the cause."""

    utterances: list[Utterance]
    audio: list[Samples]
    failures: list[tuple[Utterance, InputError]]


@dataclass(slots=True)
class _Work:
    """What is recognised so far: texts and causes by utterance id, and how many were cut."""

    recogniser: Recogniser
    read: ReadAudio
    chunk_s: float
    meter: _Meter
    texts: dict[str, str] = field(default_factory=dict)
    bad_files: dict[str, str] = field(default_factory=dict)
    chunked: int = 0

    def run(self, utterances: Sequence[Utterance], plan: BatchPlan) -> None:
        """Long recordings one by one, then the others in the plan's batches."""
        short = []
        for utterance in utterances:
            if utterance.duration_s > self.chunk_s:
                self._hear_long(utterance)
            else:
                short.append(utterance)
        batches = plan.batches([utterance.duration_s for utterance in short])
        for batch in self._read_ahead([[short[index] for index in batch] for batch in batches]):
            self._hear(batch)

    def _read_ahead(self, batches: Sequence[Sequence[Utterance]]) -> Iterator[_Read]:
        """Each batch as read; the next one is read meanwhile, in a thread."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = [pool.submit(self._read, batch) for batch in batches[:1]]
            for batch in batches[1:]:
                found = coming.pop().result()
                coming.append(pool.submit(self._read, batch))
                yield found
            for last in coming:
                yield last.result()

    def _read(self, utterances: Sequence[Utterance]) -> _Read:
        found = _Read([], [], [])
        for utterance in utterances:
            try:
                found.audio.append(self.read(utterance, self.recogniser.sample_rate_hz))
            except InputError as error:
                found.failures.append((utterance, error))
            else:
                found.utterances.append(utterance)
        return found

    def _hear(self, batch: _Read) -> None:
        """Recognise a batch; what is longer than its manifest says, as a long recording."""
        together: list[tuple[Utterance, Samples]] = []
        for utterance, samples in zip(batch.utterances, batch.audio, strict=True):
            if len(samples) > self.chunk_s * self.recogniser.sample_rate_hz:
                self._hear_chunks(utterance, Recording.of(samples))
            else:
                together.append((utterance, samples))
        texts = self.recogniser.transcribe([samples for _, samples in together])
        for (utterance, _), text in zip(together, texts, strict=True):
            self.texts[utterance.id] = text
        for utterance, error in batch.failures:
            self._note_bad(utterance, error)
        self.meter.done([*batch.utterances, *(utterance for utterance, _ in batch.failures)])

    def _hear_long(self, utterance: Utterance) -> None:
        """Recognise one recording in chunks, straight from its file unless `read` makes it."""
        rate_hz = self.recogniser.sample_rate_hz

        def heard(samples: int) -> None:
            self.meter.within(utterance, samples / rate_hz)

        try:
            if self.read is Utterance.audio:
                recording = Recording(lambda: _blocks(utterance, rate_hz), heard)
            else:
                recording = Recording.of(self.read(utterance, rate_hz), heard)
            self._hear_chunks(utterance, recording)
        except InputError as error:
            self._note_bad(utterance, error)
        self.meter.done([utterance])

    def _hear_chunks(self, utterance: Utterance, recording: Recording) -> None:
        self.texts[utterance.id] = self.recogniser.transcribe_long(recording, self.chunk_s)
        self.chunked += 1

    def _note_bad(self, utterance: Utterance, error: InputError) -> None:
        _LOG.warning("%s: %s", utterance.id, error)
        self.bad_files[utterance.id] = str(error)


class _Meter:
    """Progress in milliseconds of audio, so that it moves within a long recording too."""

    def __init__(self, corpus: Corpus, progress: Progress) -> None:
        self._what = f"transcribing {corpus.name}"
        self._progress = progress
        self._total = sum(_ms(utterance) for utterance in corpus.utterances)
        self._done = 0

    def within(self, utterance: Utterance, heard_s: float) -> None:
        """So many seconds of an utterance are recognised."""
        heard = min(round(heard_s * 1000), _ms(utterance))
        self._progress(self._what, self._done + heard, self._total)

    def done(self, utterances: Sequence[Utterance]) -> None:
        """These are finished, recognised or not."""
        self._done += sum(_ms(utterance) for utterance in utterances)
        self._progress(self._what, self._done, self._total)


def _ms(utterance: Utterance) -> int:
    """At least 1, for the header of a bad file may tell of no duration."""
    return max(1, round(utterance.duration_s * 1000))


def _blocks(utterance: Utterance, sample_rate_hz: int) -> Iterator[Samples]:
    for _, samples in utterance.chunks(
        chunk_s=_BLOCK_S, overlap_s=0.0, sample_rate_hz=sample_rate_hz
    ):
        yield samples


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

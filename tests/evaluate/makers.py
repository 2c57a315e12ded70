"""Small evaluations made by hand, audio corpora of noise, and a recogniser that knows the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from asrcompress.core.audio import Samples, write_audio
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.cost import Sizes
from asrcompress.core.evaluation import Decoding, ErrorCounts, Evaluation, UtteranceScore
from asrcompress.core.precision import Dtype
from asrcompress.evaluate import Batching
from asrcompress.evaluate.recording import Recording

RATE_HZ = 16_000
DECODING = Decoding(recogniser="fake", device="cpu", threads=1, batch_plan="longest-first-1")
SIZES = Sizes(memory_bytes=4, disk_bytes=5)


def utterance(
    identifier: str,
    *,
    errors: int,
    n: int,
    speaker: str | None = None,
    **more: Any,
) -> UtteranceScore:
    """A scored utterance of one second with substitutions only."""
    counts = ErrorCounts(s=errors, n=n)
    return UtteranceScore(
        id=identifier,
        audio_filepath=more.pop("audio_filepath", f"{identifier}.flac"),
        duration_s=1.0,
        text="t",
        pred_text="p",
        words=counts,
        chars=counts,
        speaker=speaker,
        fields=more,
    )


def evaluation(
    rows: Sequence[UtteranceScore],
    *,
    model: str = "model",
    unscored: Mapping[str, str] | None = None,
) -> Evaluation:
    """An evaluation of these utterances."""
    return Evaluation(
        model=model,
        model_sha256="0" * 64,
        corpus="corpus",
        corpus_sha256="1" * 64,
        normaliser="basic-1",
        decoding=DECODING,
        sizes=SIZES,
        utterances=tuple(rows),
        unscored=unscored or {},
    )


def audio_corpus(folder: Path, texts: Mapping[str, str | None], **more: Any) -> Corpus:
    """One FLAC file of seeded noise an utterance, 0.2 s longer each; `more` goes to Utterance."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    utterances = []
    for place, (identifier, text) in enumerate(texts.items(), start=1):
        samples = 0.1 * generator.standard_normal(round(0.2 * place * RATE_HZ))
        path = folder / f"{identifier}.flac"
        write_audio(path, np.clip(samples, -1, 1).astype(np.float32), kind="flac16")
        utterances.append(Utterance(identifier, path, 0.2 * place, text, **more))
    return Corpus(folder.name, tuple(utterances))


@dataclass
class FakeRecogniser:
    """Answers with each recording's length in samples, and notes the batches it was given."""

    most: int = 8
    note: str | None = None
    runtime: str = "fake"
    model: str = "fake-model"
    model_sha256: str = "2" * 64
    sizes: Sizes = SIZES
    sample_rate_hz: int = RATE_HZ
    device: str = "cpu"
    threads: int = 1
    dtype: Dtype = "float32"
    compiled: bool = False
    batches: list[list[int]] = field(default_factory=list)

    def batching(self, batch_size: int) -> Batching:
        return Batching(min(batch_size, self.most), self.note)

    def chunk_s(self, asked_s: float | None) -> float:
        return 40.0 if asked_s is None else asked_s

    def transcribe_long(self, recording: Recording, chunk_s: float) -> str:
        total = 0
        for block in recording.blocks():
            total += len(block)
            recording.heard(total)
        return f"{total} samples in chunks of {chunk_s:g} s"

    def transcribe(self, batch: Sequence[Samples]) -> list[str]:
        self.batches.append([len(samples) for samples in batch])
        return [f"{len(samples)} samples" for samples in batch]

"""Counts of recognition errors, and one model's result on one corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.bounds import Count
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.precision import Dtype

STORED_HYPOTHESES = "stored hypotheses"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorCounts(_Model):
    """Substitutions, deletions, insertions and reference length; counts add, rates are derived."""

    s: Count = 0
    d: Count = 0
    i: Count = 0
    n: Count = 0

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(
            s=self.s + other.s, d=self.d + other.d, i=self.i + other.i, n=self.n + other.n
        )

    @classmethod
    def total(cls, counts: Iterable[ErrorCounts]) -> ErrorCounts:
        """The sum of many: one validation in place of one for each."""
        s = d = i = n = 0
        for one in counts:
            s, d, i, n = s + one.s, d + one.d, i + one.i, n + one.n
        return cls(s=s, d=d, i=i, n=n)

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.s + self.d + self.i

    @property
    def rate(self) -> float | None:
        """errors / n; None where n is 0, and never capped at 1."""
        return self.errors / self.n if self.n else None


class UtteranceScore(_Model):
    """One utterance: raw texts, error counts after normalisation, and its subgroup fields.

    audio_filepath, duration_s: None where only texts are known.
    """

    id: str
    audio_filepath: str | None
    duration_s: float | None
    text: str
    pred_text: str
    words: ErrorCounts
    chars: ErrorCounts
    speaker: str | None = None
    fields: Mapping[str, Any] = Field(default_factory=dict)


class Decoding(_Model):
    """How the hypotheses came about: what a cached cell depends on beside model and audio.

    Of hypotheses that were not recognised here the recogniser is STORED_HYPOTHESES, and nothing
    else is known.
    """

    recogniser: str
    decoder: str = "greedy"
    device: str
    threads: int | None
    dtype: Dtype = Field(
        default="float32",
        description="of matrix products; others than float32 by autocast, with quantised "
        "weights unpacked at opening",
    )
    compiled: bool = Field(default=False, description="whether torch.compile made its kernels")
    batch_plan: str
    batch_note: str | None = Field(default=None, description="why batches were not used, if so")
    chunk_s: float | None = Field(
        default=None, description="longer recordings were decoded in chunks of so many seconds"
    )
    chunked: int = Field(default=0, description="how many recordings were that long")


class Evaluation(_Model):
    """One model on one corpus. Rates are derived from the utterances' counts, never stored."""

    model: str
    model_sha256: str
    corpus: str
    corpus_sha256: str
    normaliser: str
    decoding: Decoding
    sizes: Sizes
    utterances: tuple[UtteranceScore, ...]
    unscored: Mapping[str, str] = Field(
        default_factory=dict, description="utterance id to why it has no score"
    )
    cost: Cost | None = None

    @property
    def words(self) -> ErrorCounts:
        """The word counts of all utterances, summed."""
        return ErrorCounts.total(row.words for row in self.utterances)

    @property
    def chars(self) -> ErrorCounts:
        """The character counts of all utterances, summed."""
        return ErrorCounts.total(row.chars for row in self.utterances)

    @property
    def audio_s(self) -> float | None:
        """Seconds of audio that were scored; None where any utterance's are not known."""
        durations_s = [row.duration_s for row in self.utterances]
        known_s = [duration_s for duration_s in durations_s if duration_s is not None]
        return sum(known_s) if len(known_s) == len(durations_s) else None

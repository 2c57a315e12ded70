"""What the recogniser is trained on: CTC, the word in each span, and a first rough alignment."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from network import Recogniser, frame_of
from torch import Tensor
from torch.nn import functional
from utterances import Batch

LABEL_SMOOTHING = 0.1
SEPARATOR = 4


@dataclass(frozen=True, slots=True)
class Spans:
    """Each word's utterance and its frames ``first`` to ``last`` (not included)."""

    rows: Tensor
    first: Tensor
    last: Tensor

    @classmethod
    def of(cls, batch: Batch, scale: Tensor, frames: int) -> Spans:
        """The spans of a batch whose utterance ``i`` was stretched by ``scale[i]``."""
        rows = batch.spans[:, 0]
        first = frame_of(batch.spans[:, 1] * scale[rows]).clamp(0, frames - 1)
        last = (frame_of(batch.spans[:, 2] * scale[rows]) + 1).clamp(1, frames)
        return cls(rows, first, torch.maximum(last, first + 1))


def ctc_loss(net: Recogniser, hidden: Tensor, counts: Tensor, batch: Batch) -> Tensor:
    """Connectionist temporal classification (Graves et al. 2006), mean over letters."""
    scores = net.letters(hidden).float().log_softmax(-1).transpose(0, 1)
    return functional.ctc_loss(
        scores, batch.targets, counts, batch.target_sizes, blank=0, zero_infinity=True
    )


def word_loss(net: Recogniser, hidden: Tensor, spans: Spans, classes: Tensor) -> Tensor:
    """Cross-entropy of each word from the mean of its frames."""
    sums = functional.pad(hidden.float().cumsum(1), (0, 0, 1, 0))
    total = sums[spans.rows, spans.last] - sums[spans.rows, spans.first]
    scores = net.words(total / (spans.last - spans.first)[:, None]).float()
    return functional.cross_entropy(scores, classes, label_smoothing=LABEL_SMOOTHING)


def alignment_loss(
    net: Recogniser, hidden: Tensor, spans: Spans, batch: Batch, rows: Tensor | None = None
) -> Tensor:
    """Cross-entropy of each frame when a word's letters share its span evenly.

    A rough truth, good only to start with: CTC alone spends its first epochs on blanks.
    ``rows``, (batch,) bool, says which utterances count; 0 where none does.
    """
    aligned = torch.full(hidden.shape[:2], -100)
    places = zip(spans.rows.tolist(), spans.first.tolist(), spans.last.tolist(), strict=True)
    for (row, first, last), word in zip(places, _letters(batch), strict=True):
        place = torch.arange(last - first) * len(word) // (last - first)
        aligned[row, first:last] = torch.tensor(word)[place]
    if rows is not None:
        aligned[~rows] = -100
    scores = net.letters(hidden).float().flatten(0, 1)
    total = functional.cross_entropy(scores, aligned.flatten(), ignore_index=-100, reduction="sum")
    return total / (aligned != -100).sum().clamp(min=1)


def _letters(batch: Batch) -> list[list[int]]:
    """The tokens of every word, in the order of the batch's spans."""
    words: list[list[int]] = []
    for target in batch.targets.split(batch.target_sizes.tolist()):
        word: list[int] = []
        for token in [*target.tolist(), SEPARATOR]:
            if token == SEPARATOR:
                words.append(word)
                word = []
            else:
                word.append(token)
    return words

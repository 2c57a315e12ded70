"""What a reader of the numbers has to know: what was left out, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from asrcompress.evaluate.intervals import FEW_BLOCKS
from asrcompress.evaluate.matrix import Cell, Matrix
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.survey import CellFacts
from asrcompress.evaluate.tails import LEVEL
from asrcompress.evaluate.tally import Tally

Facts = Mapping[Cell, CellFacts]


def notes_of(matrix: Matrix, facts: Facts, rolls: Rolls, margin: float) -> Iterator[str]:
    """The notes on these cells of a matrix, each once."""
    yield from dict.fromkeys(_unscored_notes(facts))
    yield from dict.fromkeys(
        note for found in facts.values() for note in _block_notes(found.tally, rolls)
    )
    if any(matrix.baseline_of(name) for name, _ in facts):
        yield from _too_small_notes(matrix, facts, margin)


def _unscored_notes(facts: Facts) -> Iterator[str]:
    for (_, condition), found in facts.items():
        silent, missing, unreadable = found.unscored
        if silent:
            utterances = _count(silent, "utterance")
            yield f"Not scored under {condition}: {utterances} without a reference."
        if missing:
            utterances = _count(missing, "utterance")
            yield f"Not scored under {condition}: {utterances} without a hypothesis."
        if unreadable:
            files = _count(unreadable, "audio file")
            yield f"Not scored under {condition}: {files} that could not be read."


def _block_notes(tally: Tally, rolls: Rolls) -> Iterator[str]:
    blocks = rolls.blocks((tally.roll,))
    if tally.sums.words.n == 0:
        yield "No reference words: the word error rate is undefined."
    elif blocks.count < 2:
        yield "One utterance only: no interval and no verdict."
    elif blocks.count < FEW_BLOCKS:
        yield f"Intervals resample {blocks.count} {blocks.of}s only and may be too narrow."
    else:
        yield f"Intervals resample {blocks.count} {blocks.of}s."


def _too_small_notes(matrix: Matrix, facts: Facts, margin: float) -> Iterator[str]:
    """Where even models without any difference could not be told from a loss of the margin.

    To see no change has a score of sqrt(words * margin / (1 - margin)) (see `sparse`); with Holm's
    correction one of m cells has to pass the tail of 1 / m of the level's.
    """
    from scipy.special import ndtri

    compared = [cell for cell in facts if matrix.baseline_of(cell[0]) is not None]
    counts = (facts[cell].tally.sums.words.n for cell in compared)
    words = min((count for count in counts if count), default=0)
    if not words or not margin:
        return
    score = float(ndtri((1 - LEVEL) / 2 / len(compared)))
    square = score * score
    enough = ceil(square * (1 - margin) / margin)
    if words < enough:
        yield (
            f"{words} words are few for a margin of {100 * margin:g} points of WER over "
            f"{_count(len(compared), 'cell')}: models without any difference can be told from a "
            f"loss of it from {enough} words on, or with a margin of "
            f"{100 * square / (words + square):.2g} points."
        )


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

"""Uncertainty of a word error rate, and of the difference of two, by a blocked bootstrap.

Percentile bootstrap over blocks of utterances (Bisani & Ney, "Bootstrap estimates for confidence
intervals in ASR performance evaluation", ICASSP 2004). What one speaker says is dependent, so
whole speakers are drawn, with replacement; without speakers whole source recordings, else
utterances. With few blocks the intervals are too narrow: see `FEW_BLOCKS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.condition import SOURCE_COLUMN
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.seeds import generator_for

FEW_BLOCKS = 10  # below, measured coverage of the 95 % interval falls under about 90 %
_DRAWS_AT_ONCE = 1 << 21  # indices in memory at a time: 16 MB
_LEVEL = 0.95
REPLICATES = 10_000
MARGIN = 0.005  # absolute WER: half an error in a hundred words
_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is resampled: `of` is speaker, source or utterance; `index` the block of each row."""

    of: str
    index: _Integers
    count: int


def blocks_of(rows: Sequence[UtteranceScore]) -> Blocks:
    """Speakers where every utterance has one and there are two, else recordings, else utterances.

    Blocks are numbered by their names in order, so that every condition and every model of one
    corpus meets the same resamples.
    """
    found: tuple[tuple[str, list[str | None]], ...] = (
        ("speaker", [row.speaker for row in rows]),
        ("source", _recordings(rows)),
    )
    for name, names in found:
        known = sorted({value for value in names if value is not None})
        if None not in names and 2 <= len(known) < len(rows):
            return _numbered(name, names, known)
    identifiers = [row.id for row in rows]
    return _numbered("utterance", identifiers, sorted(identifiers))


def wer_interval(
    evaluation: Evaluation, *, seed: int = 0, replicates: int = REPLICATES
) -> Interval | None:
    """The 95 % interval of the word error rate, as fractions.

    None where there is no reference word or only one block, so that nothing can be resampled.
    """
    blocks = blocks_of(evaluation.utterances)
    if blocks.count < 2 or evaluation.words.n == 0:
        return None
    counts = _per_block(blocks, [_errors(evaluation), _lengths(evaluation)])
    errors, lengths = _resampled(counts, seed, replicates).T
    rates = errors[lengths > 0] / lengths[lengths > 0]
    return _percentiles(rates)


def compare(
    evaluation: Evaluation,
    baseline: Evaluation,
    *,
    margin: float = MARGIN,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> Comparison | None:
    """dWER = evaluation - baseline with its 95 % interval, both sides in the same resamples.

    `margin` is the largest loss that is still acceptable, in absolute WER; the verdict depends on
    it. The probability of improvement is the share of resamples with dWER < 0 (Bisani & Ney 2004):
    0 for two models without any difference. None where there is no reference word or only one
    block, so that nothing can be said.

    Raises:
        InputError: the two did not score the same utterances with the same normaliser.
    """
    baseline = _paired(evaluation, baseline)
    blocks = blocks_of(evaluation.utterances)
    delta = _rate_difference(evaluation, baseline)
    if blocks.count < 2 or delta is None:
        return None
    more = [a - b for a, b in zip(_errors(evaluation), _errors(baseline), strict=True)]
    counts = _per_block(blocks, [more, _lengths(evaluation)])
    errors, lengths = _resampled(counts, seed, replicates).T
    deltas = errors[lengths > 0] / lengths[lengths > 0]
    return Comparison(
        baseline=baseline.model,
        delta_wer=delta,
        interval=_percentiles(deltas),
        probability_of_improvement=float(np.mean(deltas < 0)),
        margin=margin,
        block=blocks.of,
        blocks=blocks.count,
        replicates=replicates,
    )


def _recordings(rows: Sequence[UtteranceScore]) -> list[str | None]:
    """Each row's source recording, named by the least id of its utterances.

    Under noise every segment has a file of its own, and its row says which recording it is from;
    the ids are the same under every condition.
    """
    sources = [str(row.fields.get(SOURCE_COLUMN) or row.audio_filepath) for row in rows]
    least: dict[str, str] = {}
    for row, source in zip(rows, sources, strict=True):
        least[source] = min(row.id, least.get(source, row.id))
    return [least[source] for source in sources]


def _numbered(of: str, names: Sequence[str | None], known: Sequence[str]) -> Blocks:
    places = {name: place for place, name in enumerate(known)}
    index = np.array([places[name] for name in names if name is not None], dtype=np.int64)
    return Blocks(of, index, len(known))


def _paired(evaluation: Evaluation, baseline: Evaluation) -> Evaluation:
    """The baseline with its utterances in the evaluation's order."""
    rows = {row.id: row for row in baseline.utterances}
    ids = [row.id for row in evaluation.utterances]
    if set(ids) != set(rows) or any(
        row.words.n != rows[row.id].words.n for row in evaluation.utterances
    ):
        only = sorted(set(ids) ^ set(rows))
        raise InputError(
            "the two models were not scored on the same utterances and references",
            where=evaluation.corpus,
            got=f"{len(only)} on one side only" + (f", first {only[0]}" if only else ""),
            next_step="evaluate both on the same corpus",
        )
    if evaluation.normaliser != baseline.normaliser:
        raise InputError(
            "the two models were scored with different normalisers",
            got=f"{evaluation.normaliser} and {baseline.normaliser}",
        )
    ordered = tuple(rows[identifier] for identifier in ids)
    return baseline.model_copy(update={"utterances": ordered})


def _errors(evaluation: Evaluation) -> list[int]:
    return [row.words.errors for row in evaluation.utterances]


def _lengths(evaluation: Evaluation) -> list[int]:
    return [row.words.n for row in evaluation.utterances]


def _rate_difference(evaluation: Evaluation, baseline: Evaluation) -> float | None:
    length = evaluation.words.n
    return (evaluation.words.errors - baseline.words.errors) / length if length else None


def _per_block(blocks: Blocks, columns: Sequence[Sequence[int]]) -> _Integers:
    """(blocks, columns) sums of the utterances' counts."""
    sums = np.zeros((blocks.count, len(columns)), dtype=np.int64)
    np.add.at(sums, blocks.index, np.array(columns, dtype=np.int64).T)
    return sums


def _resampled(counts: _Integers, seed: int, replicates: int) -> _Integers:
    """(replicates, columns) sums over as many blocks as there are, drawn with replacement.

    The draws depend on the seed and the number of blocks alone: every model and condition meets
    the same ones.
    """
    generator = generator_for(seed, "bootstrap", len(counts))
    return np.concatenate(list(_chunks(counts, replicates, generator)))


def _chunks(
    counts: _Integers, replicates: int, generator: np.random.Generator
) -> Iterator[_Integers]:
    blocks = len(counts)
    step = max(1, _DRAWS_AT_ONCE // blocks)
    for start in range(0, replicates, step):
        size = (min(step, replicates - start), blocks)
        drawn = generator.integers(blocks, size=size)
        yield np.stack([column[drawn].sum(axis=1) for column in counts.T], axis=1)


def _percentiles(values: _Floats) -> Interval:
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high), level=_LEVEL)

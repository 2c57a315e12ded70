"""The matched-pairs sentence-segment word error test (MAPSSWE).

Gillick & Cox, "Some Statistical Issues in the Comparison of Speech Recognition Algorithms", ICASSP
1989, section 4; in the form of Pallett, Fisher & Fiscus, "Tools for the Analysis of Benchmark
Speech Recognition Tests", ICASSP 1990, which NIST's sc_stats computes: two errors of either model
are in one segment unless two words between them, one after the other, were recognised by both.
The difference of the two models' errors is taken to be independent from segment to segment.
Deviation: words are aligned with the fewest errors; sclite weighs a substitution 4 and an
insertion or deletion 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from asrcompress.core.comparison import Mapsswe
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.alignment import WordPair, align, confusions_in, sides_of
from asrcompress.evaluate.blocks import Integers
from asrcompress.evaluate.normalise import normaliser_for

if TYPE_CHECKING:
    from jiwer import AlignmentChunk, WordOutput

_REMEMBERED = 1 << 13  # texts of some hundred bytes; those of a small corpus come again
GOOD_WORDS = 2  # sc_stats' default: so many words right by both end a segment


@dataclass(frozen=True, slots=True, eq=False)
class ErrorPlaces:
    """Where a model's errors are on one line through all references, in ascending order.

    `place` is 2k for insertions before a reference's word k and 2k + 1 for that word itself, plus
    the utterance's start; `errors` how many are there. Utterances are in the order of their ids,
    further apart than a segment reaches.
    """

    place: Integers
    errors: Integers


@dataclass(frozen=True, slots=True)
class Aligned:
    """The utterances of an evaluation that have errors, in the order of their ids, aligned.

    starts: where each one's reference begins on the line through all.
    """

    starts: Sequence[int]
    output: WordOutput | None

    def places(self) -> ErrorPlaces:
        """Where the errors are."""
        found = np.array(
            [
                (start + place, errors)
                for start, (chunks, _, _) in zip(self.starts, sides_of(self.output), strict=True)
                for chunk in chunks
                for place, errors in _places(chunk)
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        return ErrorPlaces(found[:, 0], found[:, 1])

    def confusions(self) -> Counter[WordPair]:
        """How often each word was taken for another, left out or put in."""
        return confusions_in(self.output)


@dataclass(frozen=True, slots=True)
class Aligner:
    """Finds the places of errors; `normalise` remembers what comes again in every cell."""

    normaliser: str
    normalise: Callable[[str], str] = field(init=False)

    def __post_init__(self) -> None:
        remembering = lru_cache(maxsize=_REMEMBERED)(normaliser_for(self.normaliser).apply)
        object.__setattr__(self, "normalise", remembering)

    def aligned(self, evaluation: Evaluation) -> Aligned:
        """The alignment of an evaluation that was scored with this normaliser."""
        rows = sorted(evaluation.utterances, key=lambda row: row.id)
        wrong = [(row, start) for row, start in _started(rows) if row.words.errors]
        output = align(
            [self.normalise(row.text) for row, _ in wrong],
            [self.normalise(row.pred_text) for row, _ in wrong],
        )
        return Aligned([start for _, start in wrong], output)

    def places(self, evaluation: Evaluation) -> ErrorPlaces:
        """The errors of an evaluation that was scored with this normaliser."""
        return self.aligned(evaluation).places()


def mapsswe(evaluation: Evaluation, baseline: Evaluation) -> Mapsswe | None:
    """The test of two evaluations of the same utterances; None where neither has an error."""
    aligner = Aligner(evaluation.normaliser)
    return mapsswe_of(aligner.places(evaluation), aligner.places(baseline))


def mapsswe_of(places: ErrorPlaces, baseline: ErrorPlaces) -> Mapsswe | None:
    """The test of two models' errors; None where neither has one.

    The statistic is normal under the hypothesis of no difference, sqrt(n) * mean / deviation. As
    in sc_stats it is 0 where all segments differ equally, one segment among them.
    """
    from scipy.special import ndtr

    segments = segment_errors(places, baseline)
    if not len(segments):
        return None
    more = segments[:, 0] - segments[:, 1]
    mean = float(more.mean())
    deviation = float(more.std(ddof=1)) if len(more) > 1 else 0.0
    statistic = sqrt(len(more)) * mean / deviation if deviation else 0.0
    return Mapsswe(
        segments=len(more), mean_difference=mean, p_value=2 * float(ndtr(-abs(statistic)))
    )


def segment_errors(places: ErrorPlaces, baseline: ErrorPlaces) -> Integers:
    """(segments, 2) the errors of the two models in each segment."""
    place = np.concatenate([places.place, baseline.place])
    if not len(place):
        return np.zeros((0, 2), dtype=np.int64)
    order = np.argsort(place, kind="stable")
    ordered = place[order]
    # Words wholly between two errors: the later one's word less the first word after the earlier.
    good_words = ordered[1:] // 2 - (ordered[:-1] + 1) // 2
    segment = np.empty(len(place), dtype=np.int64)
    segment[order] = np.concatenate([[0], np.cumsum(good_words >= GOOD_WORDS)])
    sums = np.zeros((int(segment.max()) + 1, 2), dtype=np.int64)
    first = len(places.place)
    np.add.at(sums[:, 0], segment[:first], places.errors)
    np.add.at(sums[:, 1], segment[first:], baseline.errors)
    return sums


def _started(rows: list[UtteranceScore]) -> Iterator[tuple[UtteranceScore, int]]:
    """Each row with the start of its reference on the line."""
    start = 0
    for row in rows:
        yield row, start
        start += 2 * (row.words.n + 1 + GOOD_WORDS)


def _places(chunk: AlignmentChunk) -> Iterator[tuple[int, int]]:
    """The places and numbers of errors in a chunk of jiwer's alignment."""
    kind, start, end = chunk.type, chunk.ref_start_idx, chunk.ref_end_idx
    if kind == "insert":
        yield 2 * start, chunk.hyp_end_idx - chunk.hyp_start_idx
    elif kind != "equal":
        yield from ((2 * word + 1, 1) for word in range(start, end))

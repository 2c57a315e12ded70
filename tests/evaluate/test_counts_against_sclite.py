"""Our counts against jiwer's, against NIST's sclite and against an edit distance of our own.

sclite does not minimise the number of errors but 4 S + 3 D + 3 I (the defaults of NIST's SCTK),
jiwer the number alone. Where one set of S, D and I is the only one with the fewest errors, the two
agree; where several are, sclite takes the one with fewest substitutions and jiwer any.
"""

from __future__ import annotations

import shutil
from typing import NamedTuple

import jiwer
import pytest

from asrcompress.core.evaluation import ErrorCounts
from asrcompress.evaluate import word_counts
from tests.evaluate.edit_distance import Costs, least_cost
from tests.evaluate.sclite import (
    Counts,
    Pair,
    all_pairs,
    long_pairs,
    recorded_counts,
    sclite_counts,
)

_MANY = 100_000  # more than any pair has errors: the first of two things to minimise
_FEWEST_SUBSTITUTIONS = Costs(substitution=_MANY + 1, gap=_MANY)
_MOST_SUBSTITUTIONS = Costs(substitution=_MANY - 1, gap=_MANY)
_NIST = Costs(substitution=4, gap=3)
_LONG = len(long_pairs())


class Scored(NamedTuple):
    """A pair as we count it and as sclite did."""

    pair: Pair
    ours: ErrorCounts
    sclite: Counts

    @property
    def kinds(self) -> tuple[int, int, int]:
        return self.ours.s, self.ours.d, self.ours.i

    @property
    def sclite_kinds(self) -> tuple[int, int, int]:
        return self.sclite.s, self.sclite.d, self.sclite.i


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    """Every pair: 5 of empty sides and single characters, 1,500 random ones, 2 long lines."""
    pairs = all_pairs()
    counts = [word_counts(*pair) for pair in pairs]
    return [Scored(*row) for row in zip(pairs, counts, recorded_counts(), strict=True)]


def _single_split(pair: Pair) -> bool:
    """Whether all alignments with the fewest errors have the same number of substitutions."""
    fewest = least_cost(*pair, _FEWEST_SUBSTITUTIONS) % _MANY
    most = -least_cost(*pair, _MOST_SUBSTITUTIONS) % _MANY
    return fewest == most


def test_counts_are_jiwers(scored: list[Scored]) -> None:
    """S, D, I and N of every pair, lines of one character and of 10,000 words among them."""
    assert len(scored) == 1507
    for row in scored:
        output = jiwer.process_words(*row.pair)
        assert row.kinds == (output.substitutions, output.deletions, output.insertions)
        assert row.ours.n == output.hits + output.substitutions + output.deletions


def test_errors_and_lengths_are_sclites(scored: list[Scored]) -> None:
    """The word error rate of each of 1,507 pairs, empty, long and in four scripts."""
    for row in scored:
        assert row.ours.errors == sum(row.sclite_kinds)
        assert row.ours.n == row.sclite.hits + row.sclite.s + row.sclite.d


def test_each_kind_is_sclites_where_only_one_split_is_possible(scored: list[Scored]) -> None:
    """S, D and I each, pair for pair, on well over a thousand random pairs."""
    single = [row for row in scored[:-_LONG] if _single_split(row.pair)]
    assert len(single) > 1400
    for row in single:
        assert row.kinds == row.sclite_kinds


def test_where_sclite_splits_otherwise(scored: list[Scored]) -> None:
    """In ties alone: two substitutions fewer for each deletion with an insertion more."""
    for row in scored:
        more = row.ours.s - row.sclite.s
        assert more >= 0
        assert row.sclite.d - row.ours.d == row.sclite.i - row.ours.i == more / 2


def test_costs_that_each_tool_minimises(scored: list[Scored]) -> None:
    """Ours by an edit distance of another make, sclite's by the same with NIST's costs."""
    for row in scored[:-_LONG]:
        assert row.ours.errors == least_cost(*row.pair, Costs(1, 1))
        nist = 4 * row.sclite.s + 3 * (row.sclite.d + row.sclite.i)
        assert nist == least_cost(*row.pair, _NIST)


def test_sclite_can_count_an_error_more() -> None:
    """Five substitutions are the fewest errors; NIST's costs prefer two hits and six errors.

    5 x 4 = 20 against 3 deletions and 3 insertions, 6 x 3 = 18: text in disorder, not speech.
    """
    pair = Pair("d d c a e", "a b b d d")
    assert word_counts(*pair) == ErrorCounts(s=5, n=5)
    assert least_cost(*pair, _NIST) == 18
    if shutil.which("sctk"):
        assert sclite_counts([pair]) == [Counts(hits=2, s=0, d=3, i=3)]


@pytest.mark.skipif(shutil.which("sctk") is None, reason="NIST's sctk is not installed")
def test_recorded_counts_are_sclites(scored: list[Scored]) -> None:
    """What is recorded is what the sclite on this machine counts (10,000 words take it long)."""
    rows = scored[:-1]
    assert sclite_counts([row.pair for row in rows]) == [row.sclite for row in rows]

"""Uncertainty of a word error rate, and of the difference of two, by a blocked bootstrap.

Percentile bootstrap over blocks of utterances (Bisani & Ney, "Bootstrap estimates for confidence
intervals in ASR performance evaluation", ICASSP 2004). What one speaker says is dependent, so
whole speakers are drawn, with replacement; without speakers whole source recordings, else
utterances. An utterance that is heard under several conditions stays in one block. How the tails
are corrected for few blocks is in `tails`, what rare changes can show in `sparse`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate.mapsswe import mapsswe
from asrcompress.evaluate.pairs import paired, pooled
from asrcompress.evaluate.resampling import REPLICATES as REPLICATES
from asrcompress.evaluate.resampling import resample
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.sparse import Changes
from asrcompress.evaluate.tails import LEVEL, Resampled
from asrcompress.evaluate.tally import rate_sample, tally_of

# Measured over 1,000 synthetic corpora: from here on 95 % intervals hold the truth in 93 to 97 %
# (tests/evaluate/test_coverage.py), with 5 blocks in as few as 90 % where speakers differ much.
FEW_BLOCKS = 10
MARGIN = 0.005  # absolute WER: half an error in a hundred words
POWER = 0.8  # the custom of sample size planning (Cohen 1988)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How a comparison is resampled and judged; margin in absolute WER."""

    margin: float = MARGIN
    seed: int = 0
    replicates: int = REPLICATES


def wer_interval(
    evaluation: Evaluation, *, seed: int = 0, replicates: int = REPLICATES
) -> Interval | None:
    """The 95 % interval of the word error rate, as fractions.

    None where there is no reference word or only one block, so that nothing can be resampled.
    """
    return pooled_interval([evaluation], seed=seed, replicates=replicates)


def pooled_interval(
    evaluations: Sequence[Evaluation], *, seed: int = 0, replicates: int = REPLICATES
) -> Interval | None:
    """The 95 % interval of the word error rate over several conditions of one corpus together."""
    rolls = Rolls()
    sample = rate_sample([tally_of(one, rolls) for one in evaluations], rolls)
    (found,) = resample([sample], seed=seed, replicates=replicates)
    return rate_interval(found, int(sample.lengths.sum()))


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
    how = Bootstrap(margin, seed, replicates)
    found = pooled_compare([evaluation], [baseline], how)
    if found is None:
        return None
    return found.model_copy(update={"mapsswe": mapsswe(evaluation, baseline)})


def pooled_compare(
    evaluations: Sequence[Evaluation], baselines: Sequence[Evaluation], how: Bootstrap
) -> Comparison | None:
    """dWER over several conditions together, each evaluation against the baseline in its place.

    Raises:
        InputError: two in the same place are not of the same utterances and normaliser.
    """
    rolls = Rolls()
    tallies = ([tally_of(one, rolls) for one in side] for side in (evaluations, baselines))
    both = zip(*tallies, strict=True)
    pairs = pooled([paired(tally, baseline) for tally, baseline in both])
    (found,) = resample([pairs.sample(rolls)], seed=how.seed, replicates=how.replicates)
    if found is None:
        return None
    return comparison_of(pairs.changes, found, how, baselines[0].model)


def rate_interval(found: Resampled | None, words: int) -> Interval | None:
    """The interval of a rate over so many words: not below 0, where few blocks would put it.

    Without a single error there is nothing to resample; the rates that a score test does not
    refuse then reach up to z^2 / (words + z^2) (Wilson 1927).
    """
    if found is None:
        return None
    interval = found.interval()
    high = interval.high
    if found.estimate == 0:
        from scipy.special import ndtri

        square = float(ndtri((1 + LEVEL) / 2)) ** 2
        high = max(high, square / (words + square))
    return interval.model_copy(update={"low": max(0.0, interval.low), "high": high})


def comparison_of(changes: Changes, found: Resampled, how: Bootstrap, baseline: str) -> Comparison:
    """The comparison of resampled pairs, `baseline` being the name that results give it.

    A p-value and an end of the interval are the more careful ones of the bootstrap and of the
    score test on rare changes. Without any change there is no spread to resample, and the score
    test alone speaks: among 300 words without a change, a loss of 1 % would often go unseen.
    """
    interval = changes.widened(found.interval())
    p_within = max(found.p_within(how.margin), changes.p_within(how.margin))
    p_beyond = max(found.p_beyond(how.margin), changes.p_beyond(how.margin))
    return Comparison(
        baseline=baseline,
        delta_wer=found.estimate,
        interval=interval,
        standard_error=found.standard_error,
        probability_of_improvement=float(np.mean(found.values < 0)),
        margin=how.margin,
        p_non_inferior=p_within,
        p_inferior=p_beyond,
        adjusted_p_non_inferior=p_within,
        adjusted_p_inferior=p_beyond,
        smallest_detectable=_smallest_detectable(found, changes.words),
        block=found.block,
        blocks=found.blocks,
        replicates=how.replicates,
    )


def _smallest_detectable(found: Resampled, words: int) -> float:
    """The loss that an interval above 0 would show with a power of 80 %, in absolute WER.

    (t of 0.975 + t of 0.8) standard errors, with one degree of freedom less than there are
    effective blocks. Rare changes are Poisson's, with a standard error of sqrt(loss / words) at
    least: about eight errors more are needed even where no difference was seen.
    """
    from scipy.special import ndtri, stdtrit

    freedom, tail = found.effective_blocks - 1, (1 + LEVEL) / 2
    times = float(stdtrit(freedom, tail) + stdtrit(freedom, POWER))
    rare_errors = float(ndtri(tail) + ndtri(POWER)) ** 2
    return max(times * found.standard_error, rare_errors / words)

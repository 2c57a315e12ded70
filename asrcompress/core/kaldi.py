"""Kaldi's way to print an error rate."""

from __future__ import annotations

from asrcompress.core.evaluation import ErrorCounts


def kaldi_line(counts: ErrorCounts) -> str:
    """The short form of Kaldi's compute-wer: `%WER 3.20 [ 1682 / 52576, 210 ins, ... ]`.

    Without reference words the rate is undefined and printed as n/a.
    """
    rate = "n/a" if counts.rate is None else f"{100 * counts.rate:.2f}"
    return (
        f"%WER {rate} [ {counts.errors} / {counts.n}, "
        f"{counts.i} ins, {counts.d} del, {counts.s} sub ]"
    )

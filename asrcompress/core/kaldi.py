"""Kaldi's way to print an error rate."""

from __future__ import annotations

import struct

from asrcompress.core.evaluation import ErrorCounts


def kaldi_line(counts: ErrorCounts) -> str:
    """The short form of Kaldi's compute-wer: `%WER 3.20 [ 1682 / 52576, 210 ins, ... ]`.

    Without reference words the rate is undefined and printed as n/a.
    """
    rate = f"{_percent(counts.errors, counts.n):.2f}" if counts.n else "n/a"
    return (
        f"%WER {rate} [ {counts.errors} / {counts.n}, "
        f"{counts.i} ins, {counts.d} del, {counts.s} sub ]"
    )


def _percent(errors: int, words: int) -> float:
    """As compute-wer has it: 100 * errors / words, in this order, kept in single precision.

    102 errors in 320 words are 31.875 %, which prints as 31.88; 100 times the rate falls short.
    """
    (single,) = struct.unpack("f", struct.pack("f", 100.0 * errors / words))
    return float(single)

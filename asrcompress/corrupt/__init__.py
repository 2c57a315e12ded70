"""Corrupting corpora: noise at an SNR, rooms, and effects to come; the draws are seeded."""

from asrcompress.corrupt.conditions import conditions_from
from asrcompress.corrupt.keys import corpus_key
from asrcompress.corrupt.request import CorruptRequest, run
from asrcompress.corrupt.result import CorruptedCorpus, CorruptResult

__all__ = [
    "CorruptRequest",
    "CorruptResult",
    "CorruptedCorpus",
    "conditions_from",
    "corpus_key",
    "run",
]

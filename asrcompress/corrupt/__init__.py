"""Corrupting corpora: noise at an SNR, rooms, codecs and more; the draws are seeded."""

from asrcompress.corrupt.chain import corrupt_one
from asrcompress.corrupt.conditions import condition_of, conditions_from, steps_from_text
from asrcompress.corrupt.keys import corpus_key
from asrcompress.corrupt.request import CorruptRequest, run
from asrcompress.corrupt.result import CorruptedCorpus, CorruptResult
from asrcompress.corrupt.sources import open_libraries
from asrcompress.corrupt.verify import ConditionCheck, VerifyRequest, VerifyResult, verify

__all__ = [
    "ConditionCheck",
    "CorruptRequest",
    "CorruptResult",
    "CorruptedCorpus",
    "VerifyRequest",
    "VerifyResult",
    "condition_of",
    "conditions_from",
    "corpus_key",
    "corrupt_one",
    "open_libraries",
    "run",
    "steps_from_text",
    "verify",
]

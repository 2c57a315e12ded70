"""Recognise, score, compare and weigh: what one model, or two, are worth on a corpus."""

from asrcompress.core.kaldi import kaldi_line
from asrcompress.evaluate.batches import Batching, BatchPlan, batching_of, common_batching
from asrcompress.evaluate.cost import COST_VERSION, CostOptions, measure_cost
from asrcompress.evaluate.counts import char_counts, word_counts
from asrcompress.evaluate.groups import groups_of
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.intervals import compare, wer_interval
from asrcompress.evaluate.normalise import normaliser_for, normaliser_names
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions, open_recogniser
from asrcompress.evaluate.request import EvaluateRequest
from asrcompress.evaluate.run import Outcome, run
from asrcompress.evaluate.score import referenced, score
from asrcompress.evaluate.speed import SPEED_VERSION, SpeedJob, cost_of, measure_speed
from asrcompress.evaluate.speed_plan import SpeedOptions
from asrcompress.evaluate.summary import (
    ArtefactNote,
    Matrix,
    Statistics,
    clean_condition,
    sum_up,
    summarise,
)
from asrcompress.evaluate.survey import errors_of
from asrcompress.evaluate.transcribe import TranscribeOptions, transcribe

__all__ = [
    "COST_VERSION",
    "SPEED_VERSION",
    "ArtefactNote",
    "BatchPlan",
    "Batching",
    "CostOptions",
    "EvaluateRequest",
    "Hypotheses",
    "Matrix",
    "Outcome",
    "Recogniser",
    "RecogniserOptions",
    "SpeedJob",
    "SpeedOptions",
    "Statistics",
    "TranscribeOptions",
    "batching_of",
    "char_counts",
    "clean_condition",
    "common_batching",
    "compare",
    "cost_of",
    "errors_of",
    "groups_of",
    "kaldi_line",
    "measure_cost",
    "measure_speed",
    "normaliser_for",
    "normaliser_names",
    "open_recogniser",
    "referenced",
    "run",
    "score",
    "sum_up",
    "summarise",
    "transcribe",
    "wer_interval",
    "word_counts",
]

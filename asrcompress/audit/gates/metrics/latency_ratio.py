"""How long a model may take to answer, against its original."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from asrcompress.audit.gates.evidence import ArtefactEvidence
from asrcompress.audit.gates.figures import shortest, times
from asrcompress.audit.gates.judgement import Judgement, at_most, missing
from asrcompress.audit.gates.rule import Ratio
from asrcompress.audit.gates.rule import Rule as BaseRule
from asrcompress.core.speed import Latency, Speed


class Rule(BaseRule):
    """max: latency over its original's in the interleaved run, for every length that it timed.

    audio_s: of recordings of that length alone.
    """

    needs_baseline: ClassVar[bool] = True

    metric: Literal["latency_ratio"]
    max: Ratio
    percentile: Literal["p50", "p95"] = "p50"
    audio_s: float | None = Field(default=None, gt=0)

    @property
    def words(self) -> str:
        of = "" if self.audio_s is None else f" of {shortest(self.audio_s)} s"
        return f"{self.percentile} latency{of} at most {shortest(self.max)} times the original's"

    @property
    def measured(self) -> Literal["cost", "speed"] | None:
        return "speed"

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        mine, theirs = evidence.speeds
        before = {} if theirs is None else {one.audio_s: one for one in theirs.latencies}
        both = [(one, before[one.audio_s]) for one in self._wanted(mine) if one.audio_s in before]
        if not both:
            yield missing("latency of both not measured: run with evaluate.speed or --speed")
        for one, other in both:
            yield self._judged(one, other)

    def _wanted(self, speed: Speed | None) -> list[Latency]:
        every = () if speed is None else speed.latencies
        return [one for one in every if self.audio_s in (None, one.audio_s)]

    def _judged(self, one: Latency, other: Latency) -> Judgement:
        mine, theirs = (
            (one.p50_ms, other.p50_ms) if self.percentile == "p50" else (one.p95_ms, other.p95_ms)
        )
        if theirs <= 0:
            return missing(f"no latency of the original for {shortest(one.audio_s)} s")
        ratio = mine / theirs
        words = f"{times(ratio)} the original's {self.percentile} for {shortest(one.audio_s)} s"
        return at_most(ratio, self.max, words)

"""How much memory a model may take while it recognises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from asrcompress.audit.gates.evidence import ArtefactEvidence
from asrcompress.audit.gates.figures import megabytes, shortest, times
from asrcompress.audit.gates.judgement import Judgement, at_most, missing
from asrcompress.audit.gates.rule import Ratio
from asrcompress.audit.gates.rule import Rule as BaseRule

_MB = 1e6


class Rule(BaseRule):
    """max_mb: the peak, in 10^6 bytes. max_ratio: the peak over its original's."""

    metric: Literal["memory"]
    max_mb: float | None = Field(default=None, gt=0)
    max_ratio: Ratio | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Rule:
        if self.max_mb is None and self.max_ratio is None:
            raise ValueError("needs max_mb, max_ratio or both")
        return self

    @property
    def words(self) -> str:
        parts = []
        if self.max_mb is not None:
            parts.append(f"at most {shortest(self.max_mb)} MB")
        if self.max_ratio is not None:
            parts.append(f"at most {shortest(self.max_ratio)} times the original's")
        return f"peak memory {' and '.join(parts)}"

    @property
    def measured(self) -> Literal["cost", "speed"] | None:
        return "cost"

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        cost = evidence.cost
        if cost is None:
            yield missing("memory not measured")
            return
        peak = cost.peak_memory_bytes
        if self.max_mb is not None:
            yield at_most(peak, self.max_mb * _MB, f"peak {megabytes(peak)}")
        if self.max_ratio is not None:
            before = evidence.baseline_cost
            if before is None or before.peak_memory_bytes == 0:
                yield missing("memory of the original not measured")
                return
            ratio = peak / before.peak_memory_bytes
            yield at_most(ratio, self.max_ratio, f"{times(ratio)} the original's peak")

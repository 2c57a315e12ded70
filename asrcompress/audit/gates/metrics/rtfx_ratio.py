"""How many times as fast as its original a model has to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from asrcompress.audit.gates.evidence import ArtefactEvidence, rtfx_ratio
from asrcompress.audit.gates.figures import shortest, times
from asrcompress.audit.gates.judgement import Judgement, at_least, missing
from asrcompress.audit.gates.rule import Ratio
from asrcompress.audit.gates.rule import Rule as BaseRule


class Rule(BaseRule):
    """min: RTFx over its original's, measured in one run where speed was, else one by one.

    batch_size: of the interleaved run; without, the one that costs are given for.
    """

    needs_baseline: ClassVar[bool] = True

    metric: Literal["rtfx_ratio"]
    min: Ratio
    batch_size: int | None = Field(default=None, ge=1)

    @property
    def words(self) -> str:
        at = "" if self.batch_size is None else f" at batch {self.batch_size}"
        return f"RTFx at least {shortest(self.min)} times the original's{at}"

    @property
    def measured(self) -> Literal["cost", "speed"] | None:
        return "cost" if self.batch_size is None else "speed"

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        ratio = self._ratio(evidence)
        if ratio is None:
            at = "" if self.batch_size is None else f" at batch {self.batch_size}"
            yield missing(f"speed of both not measured{at}")
            return
        yield at_least(ratio, self.min, f"{times(ratio)} as fast as the original")

    def _ratio(self, evidence: ArtefactEvidence) -> float | None:
        if self.batch_size is None:
            return rtfx_ratio(evidence.found, evidence.artefact)
        found = []
        for speed in evidence.speeds:
            throughputs = () if speed is None else speed.throughputs
            found += [one.rtfx for one in throughputs if one.batch_size == self.batch_size]
        return found[0] / found[1] if len(found) == 2 and found[1] > 0 else None

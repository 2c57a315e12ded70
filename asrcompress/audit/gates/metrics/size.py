"""How large a model may be, and how much smaller than its original it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from asrcompress.audit.gates.evidence import ArtefactEvidence
from asrcompress.audit.gates.figures import megabytes, shortest, times
from asrcompress.audit.gates.judgement import Judgement, at_least, at_most, missing
from asrcompress.audit.gates.rule import Ratio
from asrcompress.audit.gates.rule import Rule as BaseRule
from asrcompress.core.cost import Sizes

Form = Literal["disk", "memory", "zipped"]
_MB = 1e6


class Rule(BaseRule):
    """form: of its files, as loaded, or its weight files zipped.

    max_bytes, max_mb (10^6 bytes): at most. min_rate: how many times smaller than its original.
    """

    metric: Literal["size"]
    form: Form = "disk"
    max_bytes: int | None = Field(default=None, ge=1)
    max_mb: float | None = Field(default=None, gt=0)
    min_rate: Ratio | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Rule:
        if (self.max_bytes, self.max_mb, self.min_rate) == (None, None, None):
            raise ValueError("needs max_bytes, max_mb or min_rate")
        if self.max_bytes is not None and self.max_mb is not None:
            raise ValueError("needs max_bytes or max_mb, not both")
        return self

    @property
    def limit_bytes(self) -> float | None:
        """The most bytes that are allowed; None where only the rate counts."""
        return self.max_bytes if self.max_mb is None else self.max_mb * _MB

    @property
    def words(self) -> str:
        parts = []
        if self.limit_bytes is not None:
            parts.append(f"at most {megabytes(self.limit_bytes)}")
        if self.min_rate is not None:
            parts.append(f"at least {shortest(self.min_rate)} times smaller")
        return f"size {_WHERE[self.form]} {' and '.join(parts)}"

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        size = bytes_of(evidence.sizes, self.form)
        if size is None:
            yield missing(f"size {_WHERE[self.form]} not known")
            return
        if self.limit_bytes is not None:
            words = f"{megabytes(size)} {_WHERE[self.form]}"
            yield at_most(size, self.limit_bytes, words)
        if self.min_rate is not None:
            yield self._rate(size, bytes_of(evidence.baseline_sizes, self.form))

    def _rate(self, size: int, before: int | None) -> Judgement:
        if before is None or size == 0:
            return missing("size of the original not known")
        rate = before / size
        return at_least(rate, self.min_rate or 0.0, f"{times(rate)} smaller {_WHERE[self.form]}")


_WHERE = {"disk": "on disk", "memory": "in memory", "zipped": "zipped"}


def bytes_of(sizes: Sizes | None, form: Form) -> int | None:
    """One of the three sizes; None where it is not known."""
    if sizes is None:
        return None
    return {
        "disk": sizes.disk_bytes,
        "memory": sizes.memory_bytes,
        "zipped": sizes.zipped_bytes,
    }[form]

"""What an audit is asked to do, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asrcompress.audit.plan import Plan
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """A recipe by name or path, its settings, and where the results go.

    dtype: instead of the recipe's; bf16 and the like are understood. compile: even where the recipe
    does not ask for it.
    """

    recipe: str
    settings: tuple[str, ...] = ()
    output: Path | None = None
    device: str = "cpu"
    seed: int | None = None
    threads: int | None = None
    workers: int | None = None
    dtype: str | None = None
    compile: bool = False


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """What was found, where it was written, and how much work it took."""

    folder: Path
    plan: Plan
    findings: Findings = field(repr=False)
    evaluations: Mapping[tuple[str, str], Evaluation] = field(repr=False)
    cells_run: int
    cells_cached: int

    @property
    def results(self) -> Results:
        """The whole of results.json."""
        return self.findings.results

    @property
    def costs(self) -> CostTable:
        """The whole of cost.json."""
        return self.findings.costs

"""What an audit is asked to do, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asrcompress.audit.failures import Failure
from asrcompress.audit.plan import Plan
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """A recipe by name or path, its settings, and where the results go.

    dtype: instead of the recipe's; bf16 and the like are understood. compile: even where the recipe
    does not ask for it.

    threads: of each model; None shares the machine's among the jobs. workers: processes for audio.
    engine: the name of what does the work. address: of its cluster, where it has one. jobs: tasks
    at once, each in a process of its own; 0 does them in this process, one after the other. cache:
    where finished pieces are, which several audits may share; None takes the output folder's own.
    store: the URL through which machines that share no folder exchange pieces, where engines do.
    rerun: forget what failed before, or do everything again. gate: a file of gates, which holds
    instead of the recipe's.
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
    engine: str = "local"
    address: str | None = None
    jobs: int = 1
    cache: Path | None = None
    store: str | None = None
    rerun: Literal["failed", "all"] | None = None
    gate: Path | None = None


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """What was found, where it was written, and how much work it took.

    failures: what could not be done; its cells are missing in the results.
    """

    folder: Path
    plan: Plan
    findings: Findings = field(repr=False)
    evaluations: Mapping[tuple[str, str], Evaluation] = field(repr=False)
    cells_run: int
    cells_cached: int
    failures: tuple[Failure, ...] = ()

    @property
    def results(self) -> Results:
        """The whole of results.json."""
        return self.findings.results

    @property
    def costs(self) -> CostTable:
        """The whole of cost.json."""
        return self.findings.costs

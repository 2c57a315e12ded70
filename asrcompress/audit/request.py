"""What an audit is asked to do, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asrcompress.audit.plan import Plan
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable


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
    """The results, where they were written, and how much work they took.

    speed: of all artefacts side by side, where the recipe asks for it.
    """

    folder: Path
    plan: Plan
    results: Results
    costs: CostTable
    evaluations: dict[tuple[str, str], Evaluation] = field(repr=False)
    errors: ErrorTable = field(repr=False)
    cells_run: int
    cells_cached: int
    speed: SpeedTable | None = None

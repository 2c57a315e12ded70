"""What is summed up: evaluations by artefact and condition, and how to judge them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.results import ConditionResult
from asrcompress.evaluate.intervals import MARGIN, Bootstrap
from asrcompress.evaluate.resampling import REPLICATES

Cell = tuple[str, str]  # artefact and condition


@dataclass(frozen=True, slots=True)
class ArtefactNote:
    """What an evaluation does not know of its model.

    compression: fp32, int8, ... methods: what made it, with their parameters. baseline: the
    artefact to compare with, in place of the summary's; None for none.
    """

    compression: str = "fp32"
    methods: tuple[dict[str, Any], ...] = ()
    sparsity: float | None = None
    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """How uncertainty and subgroups are computed; margin in absolute WER."""

    seed: int = 0
    margin: float = MARGIN
    replicates: int = REPLICATES
    by: tuple[str, ...] = ()

    @property
    def bootstrap(self) -> Bootstrap:
        """What of it a comparison needs."""
        return Bootstrap(self.margin, self.seed, self.replicates)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The evaluations of a run by (artefact name, condition name), and what describes them.

    artefacts and conditions give the order of the results; a cell without an evaluation is
    missing in them. baseline: the artefact that the others are compared with, under the same
    condition.
    """

    title: str
    artefacts: Mapping[str, ArtefactNote]
    conditions: tuple[ConditionResult, ...]
    evaluations: Mapping[Cell, Evaluation]
    baseline: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> list[Cell]:
        """The cells that have an evaluation, artefact by artefact."""
        every = ((name, condition.name) for name in self.artefacts for condition in self.conditions)
        return [cell for cell in every if cell in self.evaluations]

    @property
    def reference(self) -> str | None:
        """The clean condition: the only one without steps."""
        clean = [condition.name for condition in self.conditions if not condition.steps]
        return clean[0] if len(clean) == 1 else None

    def baseline_of(self, artefact: str) -> str | None:
        """The artefact that this one is compared with; None for a baseline itself."""
        baseline = self.artefacts[artefact].baseline or self.baseline
        return None if baseline == artefact else baseline

    @property
    def normaliser(self) -> str:
        """The one normaliser of all evaluations.

        Raises:
            InputError: there are several, or no evaluation.
        """
        names = sorted({evaluation.normaliser for evaluation in self.evaluations.values()})
        if len(names) != 1:
            raise InputError(
                "evaluations to sum up need one normaliser", got=", ".join(names) or "none"
            )
        return names[0]

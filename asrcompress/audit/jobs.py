"""The pieces of an audit: artefacts, conditions, their cells, and what runs them."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.condition import Condition
from asrcompress.core.manifest import MethodStep


@dataclass(frozen=True, slots=True)
class Machine:
    """What models run on: the device, and CPU threads (resolved, never "all")."""

    device: str
    threads: int


@dataclass(frozen=True, slots=True)
class ArtefactJob:
    """One model in one form; without steps it is the original itself."""

    name: str
    model: str
    compression: str
    steps: tuple[MethodStep, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    key: str
    baseline: str | None

    @property
    def is_original(self) -> bool:
        """Whether it is the model as it came."""
        return not self.steps


@dataclass(frozen=True, slots=True)
class ConditionJob:
    """One condition of the corpus; the clean one is the corpus itself."""

    condition: Condition
    key: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One artefact under one condition."""

    artefact: ArtefactJob
    condition: ConditionJob
    key: str

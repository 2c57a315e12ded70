"""The pieces of an audit: artefacts, conditions, their cells, and what runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.condition import Condition
from asrcompress.core.precision import FLOAT32, Dtype

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions


@dataclass(frozen=True, slots=True)
class Machine:
    """What models run on: the device, and CPU threads (resolved, never "all").

    dtype: of PyTorch's matrix products. compile: whether torch.compile makes its kernels.
    """

    device: str
    threads: int
    dtype: Dtype = FLOAT32
    compile: bool = False


@dataclass(frozen=True, slots=True)
class ArtefactJob:
    """One model in one form; without steps it is the original itself.

    same_size_as: the artefact whose weight file's bytes are its budget; they are known, and the
    options complete, only when that one is made. made_from: the artefact that is compressed
    further; None is the original.
    """

    name: str
    model: str
    compression: str
    options: CompressOptions
    key: str
    baseline: str | None
    same_size_as: ArtefactJob | None = None
    made_from: ArtefactJob | None = None

    @property
    def is_original(self) -> bool:
        """Whether it is the model as it came."""
        return not self.options.steps and self.options.runtime == "torch"

    @property
    def turn(self) -> int:
        """How many others have to be made before it, one after the other."""
        return max((1 + job.turn for job in (self.same_size_as, self.made_from) if job), default=0)

    @property
    def lineage(self) -> tuple[ArtefactJob, ...]:
        """What it was made from, the first first, and itself."""
        return (*(self.made_from.lineage if self.made_from else ()), self)


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

"""What a method decides about one layer's weight, and what it may know when it decides.

A method decides layer by layer and touches nothing; the engine then reads each tensor once, does
what was decided and writes it, so that no full copy of the model is ever made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from asrcompress.compress.smallest import Smallest
from asrcompress.core.ledger import LayerAnalysis
from asrcompress.core.manifest import CalibrationRecord
from asrcompress.core.progress import Progress

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.sensitivity import Table
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.utterance import Utterance

Kind = Literal["Linear", "Conv1d", "Embedding"]
Bits = Literal[2, 4, 8, 16, 32]
Rounding = Literal["max", "hqq", "gptq"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer whose weight a method may change.

    name: the module's. shape: the weight's, output first. tied: other layers with the same weight,
    which share its fate. is_head: the output layer.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    tied: tuple[str, ...] = ()
    is_head: bool = False

    @property
    def weights(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one layer's weight.

    prune: the weights set to zero first. bits: 32 leaves the dtype, 16 stores float16, the others
    quantise. rounding: how scale and shift of 4 and 2 bits are found. quantised: quanto's tensor of
    the weight, where the method has rounded it itself. why: for the ledger.
    """

    why: str
    bits: Bits = 32
    rounding: Rounding = "max"
    prune: tuple[Smallest, ...] = ()
    analysis: LayerAnalysis | None = None
    quantised: Any = None

    def then(self, later: Decision) -> Decision:
        """Both, the later on top: its bits count, its zeros are added."""
        return replace(
            later,
            why="; ".join(filter(None, (self.why, later.why))),
            prune=(*self.prune, *later.prune),
            bits=later.bits if later.bits != 32 else self.bits,
            rounding=later.rounding if later.bits != 32 else self.rounding,
            analysis=later.analysis or self.analysis,
            quantised=later.quantised if later.bits != 32 else self.quantised,
        )


@dataclass(frozen=True, slots=True)
class Decisions:
    """A method's decisions by layer name; layers without one stay as they are."""

    layers: Mapping[str, Decision]
    calibration: CalibrationRecord | None = None


class Weights(Protocol):
    """The layers that the selection leaves to a method, and their weights, read when asked for."""

    @property
    def layers(self) -> Mapping[str, Layer]:
        """All layers of every kind that patterns and `keep_head` leave, in the model's order.

        Conv1d and Embedding layers are among them whether or not `conv` and `embedding` are set.
        """

    def of(self, *kinds: Kind) -> dict[str, Layer]:
        """Those of the kinds.

        Raises:
            InputError: there are none.
        """

    def selected(self) -> dict[str, Layer]:
        """Linear layers, and with `conv` and `embedding` those kinds too.

        Raises:
            InputError: there are none.
        """

    def read(self, name: str) -> torch.Tensor:
        """A layer's weight as earlier steps leave it: float32, weight norm folded.

        Not to be written to: it may be the file itself.
        """


@dataclass(frozen=True, slots=True)
class CalibrationAudio:
    """Audio to measure on, without transcripts: a condition's name and its utterances."""

    name: str
    condition: str
    utterances: tuple[Utterance, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a method may need beside the weights.

    original: loads the uncompressed model, float32. file_bytes: of the weight file that decisions
    would give, exactly, stored densely. audio: for methods that measure. known: what was measured
    of these weights on this audio before, to be added to.
    """

    original: Callable[[], LoadedModel]
    file_bytes: Callable[[Mapping[str, Decision]], int]
    audio: tuple[CalibrationAudio, ...]
    seed: int
    progress: Progress
    known: Table = field(default_factory=dict)

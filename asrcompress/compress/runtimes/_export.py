"""What exporting to a runtime takes and gives.

A runtime is one file of this package, which has what `RuntimeExporter` lists. NEEDS: the packages
that exporting needs, which the extra of the runtime's name installs. CALIBRATES: whether ranges of
activations are measured beforehand, on audio. ENCODER_FORM: the name of the class of
compress.traced.feature_encoder that it computes well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from asrcompress.compress.weight_codes import WeightCodes
from asrcompress.core.progress import Progress

if TYPE_CHECKING:
    from asrcompress.compress.traced.recogniser import TracedRecogniser

Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Exportable:
    """A model in floats, and how its layers are to be computed.

    traced: named modules below `model.`. example: inputs to trace with, two recordings of unequal
    length where there is an attention mask. codes: quantised Linear layers by name. floats: layers
    that are to stay in floats, activations too. calibration: inputs that ranges of activations are
    measured on; empty leaves activations to the runtime.
    """

    traced: TracedRecogniser
    example: Arrays
    codes: Mapping[str, WeightCodes]
    floats: frozenset[str]
    calibration: Sequence[Arrays]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    files: names in the folder, that of the weights first. layers: how each Linear and convolution
    is computed: "int8" weights and activations, "int8 weights", "int4 weights" or "float32".
    """

    files: tuple[str, ...]
    layers: dict[str, str]


class RuntimeExporter(Protocol):
    """A runtime's module; a graph is whatever it makes of a model, in memory or in a file."""

    NEEDS: tuple[str, ...]
    CALIBRATES: bool
    ENCODER_FORM: str

    def trace(self, model: Exportable, folder: Path) -> Any:
        """The model's graph in floats; files that it leaves in the folder are its own to remove.

        Raises:
            ModelError: the runtime has no form of one of the model's operations.
        """

    def logits_of(self, graph: Any, model: Exportable, inputs: Arrays) -> npt.NDArray[np.float32]:
        """(batch, frames, tokens) of the graph in floats, computed in float32."""

    def write(self, graph: Any, model: Exportable, folder: Path, progress: Progress) -> Exported:
        """Quantise the graph as the model says and write it into the folder."""

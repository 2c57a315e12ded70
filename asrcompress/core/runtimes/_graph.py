"""What a runtime's graph is, whatever computes it: arrays in, logits out.

A runtime is one file of this package with `open_graph(folder, inputs, threads, *, exact)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Graph(Protocol):
    """An opened graph on the CPU; batch and length may differ from call to call."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it takes, for example input_values and attention_mask."""

    @property
    def threads(self) -> int:
        """How many processor threads it computes with."""

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
        """(batch, frames, tokens) logits of (batch, time) or (batch, time, features) inputs."""

    def kernels(self) -> tuple[str, ...]:
        """What computed the matrix products of the last run, as the runtime tells, most first."""

"""An NVIDIA GPU's energy by NVML, its driver's library."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.evaluate.steadily import Steadily

_SAMPLE_S = 0.05  # NVML's power is brought up to date every 20 to 100 ms
_NEEDED = "energy of GPUs needs NVIDIA's NVML for Python: pip install 'asrcompress[energy]'"


@dataclass(frozen=True, slots=True)
class Board:
    """One GPU as NVML knows it, `number` being PyTorch's."""

    nvml: Any
    handle: Any
    number: int

    def millijoules(self) -> int:
        """What it has taken since its driver was loaded; Volta and later count it.

        Raises:
            InputError: it does not say.
        """
        return self._asked(self.nvml.nvmlDeviceGetTotalEnergyConsumption)

    def milliwatts(self) -> int:
        """What it takes now.

        Raises:
            InputError: it does not say.
        """
        return self._asked(self.nvml.nvmlDeviceGetPowerUsage)

    def _asked(self, function: Callable[[Any], int]) -> int:
        try:
            return int(function(self.handle))
        except self.nvml.NVMLError as error:
            raise InputError(
                f"NVML does not tell the energy of GPU {self.number}", got=error
            ) from None


class CounterMeter:
    """The board's own counter."""

    def __init__(self, board: Board) -> None:
        self.method = f"NVML GPU {board.number}"
        self._board = board
        self._begun = board.millijoules()

    def joules(self) -> float:
        """Joules since it was opened.

        Raises:
            InputError: the counter can no longer be read.
        """
        return (self._board.millijoules() - self._begun) * 1e-3


class SampledMeter(Steadily):
    """The board's power, read again and again and added up by the trapezoidal rule."""

    def __init__(self, board: Board, clock: Callable[[], float] = time.monotonic) -> None:
        self.method = f"NVML GPU {board.number}, power every {1000 * _SAMPLE_S:.0f} ms"
        self._board, self._clock = board, clock
        self._lock = threading.Lock()
        self._at_s, self._watts = clock(), board.milliwatts() * 1e-3
        self._joules = 0.0
        super().__init__(period_s=_SAMPLE_S)

    def joules(self) -> float:
        """Joules since it was opened.

        Raises:
            InputError: the power can no longer be read.
        """
        with self._lock:
            at_s, watts = self._clock(), self._board.milliwatts() * 1e-3
            self._joules += (at_s - self._at_s) * (watts + self._watts) / 2
            self._at_s, self._watts = at_s, watts
            return self._joules


def open_nvml(device: str) -> tuple[CounterMeter | SampledMeter | None, str | None]:
    """The meter of a GPU by its torch name, or None and why."""
    try:
        import pynvml
    except ImportError:
        return None, _NEEDED
    import torch

    if not torch.cuda.is_available():
        return None, "PyTorch sees no GPU here"
    number = torch.device(device).index or 0
    uuid = str(torch.cuda.get_device_properties(number).uuid)
    try:
        pynvml.nvmlInit()
        # By its UUID: CUDA_VISIBLE_DEVICES gives GPUs other numbers than NVML knows them by.
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}")
    except pynvml.NVMLError as error:
        return None, f"NVML cannot be asked about {device}: {error}"
    return _meter(Board(pynvml, handle, number))


def _meter(board: Board) -> tuple[CounterMeter | SampledMeter | None, str | None]:
    """The counter, or where the board has none its power."""
    for kind in (CounterMeter, SampledMeter):
        try:
            return kind(board), None
        except InputError as error:
            refused = str(error)
    return None, refused

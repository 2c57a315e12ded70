"""Energy of a run: a meter where the machine has one, and what it says an hour of audio takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from asrcompress.core.speed import EnergyUse
from asrcompress.evaluate.nvml import open_nvml
from asrcompress.evaluate.rapl import open_rapl

_HOUR_S = 3600.0


class Meter(Protocol):
    """Counts joules; `method` says what of, for example "RAPL package-0 + dram"."""

    @property
    def method(self) -> str: ...

    def joules(self) -> float:
        """Joules since the meter was opened; they never fall.

        Raises:
            InputError: the counter can no longer be read.
        """


def open_meter(device: str, root: Path = Path("/")) -> tuple[Meter | None, str | None]:
    """The meter of a torch device, or None and why there is none, in a line.

    "cpu": all of the processor's packages, and the memory where it is counted, for whatever runs
    on them. "cuda:N": that GPU's board alone, without the processor that feeds it. root: where
    /proc and /sys are.
    """
    kind = device.partition(":")[0]
    if kind == "cpu":
        return open_rapl(root)
    if kind == "cuda":
        return open_nvml(device)
    return None, f"no meter of energy is known for {device}"


def idle_watts(meter: Meter, seconds: float) -> float:
    """What is drawn while this process sleeps, others' work included."""
    begun_s, begun_joules = time.monotonic(), meter.joules()
    time.sleep(seconds)
    joules = meter.joules() - begun_joules
    return joules / (time.monotonic() - begun_s)


def energy_use(
    method: str, joules: float, seconds: float, idle_watts: float, audio_s: float
) -> EnergyUse:
    """What an hour of audio takes above idling, of a run's joules over its seconds.

    Below 0 where the machine happened to draw less than when it idled: then the run was too short
    to be told from idling.

    Raises:
        ValueError: the run heard no audio.
    """
    if audio_s <= 0:
        raise ValueError("energy an hour of audio needs audio")
    net_joules = joules - idle_watts * seconds
    return EnergyUse(
        method=method,
        joules_per_audio_hour=net_joules * _HOUR_S / audio_s,
        idle_watts=idle_watts,
    )

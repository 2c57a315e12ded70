"""Energy of one process at a time: what the meter counts while it alone computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.speed import EnergyUse

if TYPE_CHECKING:
    from asrcompress.evaluate.child import Child
    from asrcompress.evaluate.energy import Meter

_AT_LEAST_S = 5.0  # counters advance every millisecond or so, and a start or an end is a part of it
_IDLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Energy:
    """A meter with the watts of the idle machine; without one the note says why."""

    meter: Meter | None
    note: str | None
    idle_watts: float = 0.0

    def of(self, child: Child, recordings: Sequence[int], audio_s: float) -> EnergyUse | None:
        """What hearing these recordings, of `audio_s` seconds together, again and again takes."""
        from asrcompress.evaluate.energy import energy_use

        if self.meter is None:
            return None
        before = self.meter.joules()
        heard = child.ask({"hear": recordings, "at_least_s": _AT_LEAST_S})
        joules = self.meter.joules() - before
        return energy_use(
            self.meter.method, joules, heard["seconds"], self.idle_watts, heard["passes"] * audio_s
        )


def open_energy(device: str) -> Energy:
    """The device's meter, and what the machine takes while nothing of ours computes."""
    from asrcompress.evaluate.energy import idle_watts, open_meter

    meter, note = open_meter(device)
    if meter is None:
        return Energy(None, note)
    return Energy(meter, note, idle_watts(meter, _IDLE_S))

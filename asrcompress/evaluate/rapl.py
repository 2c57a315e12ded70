"""The processor's energy by RAPL, Intel's and AMD's counters, as Linux shows them under powercap.

Khan et al., "RAPL in Action", ACM TOMPECS 3 (2018): a package's counter has its cores and graphics
in it, but not the memory's; "psys", where there is one, has all of them and more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.errors import InputError
from asrcompress.evaluate.steadily import Steadily

_POWERCAP = "sys/class/powercap"
# Not intel-rapl-mmio:N, which counts the packages a second time.
_ZONES = "intel-rapl:*"
_MOST_WATTS = 2000.0  # no package draws as much: a counter cannot wrap twice between two readings
_SETTLE_S = 0.05  # counters are brought up to date about every millisecond
_ALLOW = "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj"


@dataclass(frozen=True, slots=True)
class Zone:
    """A counter: its name, its file, and the microjoules after which it starts from 0 again."""

    name: str
    file: Path
    range_uj: int

    def microjoules(self) -> int:
        """What it shows now.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        return int(self.file.read_text(encoding="ascii"))


class RaplMeter(Steadily):
    """The sum of the zones since it was opened.

    A thread reads now and then, so that no counter starts again twice between two readings.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = tuple(zones)
        self._shown = [zone.microjoules() for zone in zones]
        self._microjoules = 0
        self._lock = threading.Lock()
        names = " + ".join(dict.fromkeys(zone.name for zone in zones))
        self.method = f"RAPL {names}"
        super().__init__(period_s=min(zone.range_uj for zone in zones) * 1e-6 / _MOST_WATTS)

    def joules(self) -> float:
        """Joules since it was opened.

        Raises:
            InputError: a counter can no longer be read.
        """
        with self._lock:
            for place, zone in enumerate(self._zones):
                self._microjoules += self._risen(place, zone)
            return self._microjoules * 1e-6

    def _risen(self, place: int, zone: Zone) -> int:
        try:
            shown = zone.microjoules()
        except (OSError, ValueError) as error:
            raise InputError("energy can no longer be read", where=zone.file, got=error) from None
        before, self._shown[place] = self._shown[place], shown
        return shown - before if shown >= before else shown - before + zone.range_uj


def open_rapl(root: Path) -> tuple[RaplMeter | None, str | None]:
    """The meter of all packages and their memory, or None and why."""
    try:
        zones = _zones(root)
        if not zones:
            return None, _absent(root)
        meter = RaplMeter(zones)
        time.sleep(_SETTLE_S)
        if meter.joules() > 0:
            return meter, None
    except PermissionError:
        return None, f"RAPL's counters may be read by root only; to allow it: {_ALLOW}"
    except FileNotFoundError:  # the zones' links are there, what they lead to is not
        return None, "RAPL's counters are hidden here, as containers hide them"
    except (OSError, ValueError, InputError) as error:
        return None, f"RAPL's counters cannot be read: {error}"
    return None, "RAPL's counters stand still, as they do in some virtual machines"


def _zones(root: Path) -> list[Zone]:
    """Packages and memory; zones of cores and graphics are parts of packages."""
    found = []
    for folder in sorted((root / _POWERCAP).glob(_ZONES)):
        name = (folder / "name").read_text(encoding="ascii").strip()
        if name.startswith("package") or name == "dram":
            range_uj = int((folder / "max_energy_range_uj").read_text(encoding="ascii"))
            found.append(Zone(name, folder / "energy_uj", range_uj))
    return found if any(zone.name.startswith("package") for zone in found) else []


def _absent(root: Path) -> str:
    """Why there are no counters, as far as it can be told."""
    if not (root / "proc/cpuinfo").is_file():
        return "RAPL's counters are shown by Linux only"
    words = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    if "hypervisor" in words:  # a flag that processors themselves never have
        return "this virtual machine does not show its processor's energy (no RAPL counters)"
    return "no RAPL counters under /sys/class/powercap: none in this processor, container or kernel"

"""Energy from counters that are made up, so that every joule can be added up by hand."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import pytest

from asrcompress.core.errors import InputError
from asrcompress.evaluate import energy, rapl
from asrcompress.evaluate import nvml as nvml_module
from asrcompress.evaluate.energy import energy_use, idle_watts, open_meter
from asrcompress.evaluate.nvml import Board, SampledMeter

RANGE_UJ = 262_143_328_850  # of a common processor: 2**32 of its units of 2**-14 J


class Tree:
    """A made-up powercap, whose counters move when told to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "sys/class/powercap"
        self.folder.mkdir(parents=True)

    def add(self, zone: str, name: str, microjoules: int, range_uj: int = RANGE_UJ) -> None:
        (self.folder / zone).mkdir()
        (self.folder / zone / "name").write_text(f"{name}\n")
        (self.folder / zone / "max_energy_range_uj").write_text(f"{range_uj}\n")
        self.show(zone, microjoules)

    def show(self, zone: str, microjoules: int) -> None:
        (self.folder / zone / "energy_uj").write_text(f"{microjoules}\n")

    def settle(self, zone: str, microjoules: int, patch: pytest.MonkeyPatch) -> None:
        """Let a counter move while the meter looks whether it does."""
        moving = types.SimpleNamespace(sleep=lambda _: self.show(zone, microjoules))
        patch.setattr(rapl, "time", moving)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setattr(rapl.Steadily, "__init__", lambda *_, **__: None)
    return Tree(tmp_path)


def test_packages_and_memory_are_added_up(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 J and 4 J of two packages, 0.5 J and 0.25 J of their memory.

    Cores are a part of their package; psys and the other driver's package-0 count it once more.
    """
    tree.add("intel-rapl:0", "package-0", 1_000_000)
    tree.add("intel-rapl:0:0", "core", 7)
    tree.add("intel-rapl:0:1", "dram", 500)
    tree.add("intel-rapl:1", "package-1", 2_000_000)
    tree.add("intel-rapl:1:0", "dram", 900)
    tree.add("intel-rapl:2", "psys", 50)
    tree.add("intel-rapl-mmio:0", "package-0", 1_000_000)
    tree.settle("intel-rapl:0", 2_000_000, monkeypatch)
    meter, why_not = open_meter("cpu", tree.root)
    assert meter is not None
    assert why_not is None
    for zone in ("intel-rapl:0:0", "intel-rapl:2", "intel-rapl-mmio:0"):
        tree.show(zone, 99_000_000)
    tree.show("intel-rapl:0", 4_000_000)
    tree.show("intel-rapl:1", 6_000_000)
    tree.show("intel-rapl:0:1", 500_500)
    tree.show("intel-rapl:1:0", 250_900)
    assert meter.method == "RAPL package-0 + dram + package-1"
    assert meter.joules() == pytest.approx(3 + 4 + 0.5 + 0.25, abs=1e-9)


def test_a_counter_that_starts_again_is_followed(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 J before the end of its range and 5 J after it, then a whole round but 1 J."""
    tree.add("intel-rapl:0", "package-0", RANGE_UJ - 10_000_000)
    tree.settle("intel-rapl:0", RANGE_UJ - 9_000_000, monkeypatch)
    meter, _ = open_meter("cpu", tree.root)
    assert meter is not None
    tree.show("intel-rapl:0", 5_000_000)
    assert meter.joules() == pytest.approx(15.0)
    assert meter.joules() == pytest.approx(15.0)
    tree.show("intel-rapl:0", 4_000_000)
    assert meter.joules() == pytest.approx(14.0 + RANGE_UJ * 1e-6)


def test_it_is_read_before_it_can_start_again_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread reads in time for 2 kW; here a range of 20 J makes that 10 ms.

    Nobody reads while the counter goes 15 J on and 15 J more: together more than its range.
    """
    tree = Tree(tmp_path)
    tree.add("intel-rapl:0", "package-0", 0, range_uj=20_000_000)
    read, zone_read = threading.Semaphore(0), rapl.Zone.microjoules

    def counted(zone: rapl.Zone) -> int:
        found = zone_read(zone)
        read.release()
        return found

    meter = rapl.RaplMeter(rapl._zones(tree.root))
    monkeypatch.setattr(rapl.Zone, "microjoules", counted)
    for shown in (15_000_000, 10_000_000):
        fresh = tree.folder / "fresh"
        fresh.write_text(f"{shown}\n")  # put in place whole: the thread never reads half of it
        fresh.rename(tree.folder / "intel-rapl:0" / "energy_uj")
        while read.acquire(blocking=False):
            pass
        for _ in range(2):  # the first may have begun before the counter moved
            assert read.acquire(timeout=20)
    assert meter.joules() == pytest.approx(30.0)


def test_a_meter_that_nobody_holds_is_no_longer_read(tmp_path: Path) -> None:
    """Its thread ends."""
    tree = Tree(tmp_path)
    tree.add("intel-rapl:0", "package-0", 0, range_uj=20_000_000)
    before = set(threading.enumerate())
    meter = rapl.RaplMeter(rapl._zones(tree.root))
    (reader,) = set(threading.enumerate()) - before
    assert reader.is_alive()
    del meter
    reader.join(timeout=20)
    assert not reader.is_alive()


def test_without_counters_the_reason_is_told(tree: Tree) -> None:
    """A virtual machine by its flag; else what may be the matter."""
    (tree.root / "proc").mkdir()
    (tree.root / "proc/cpuinfo").write_text("flags\t: fpu hypervisor avx2\n")
    assert open_meter("cpu", tree.root) == (
        None,
        "this virtual machine does not show its processor's energy (no RAPL counters)",
    )
    (tree.root / "proc/cpuinfo").write_text("flags\t: fpu avx2\n")
    meter, why_not = open_meter("cpu", tree.root)
    assert meter is None
    assert why_not is not None
    assert why_not.startswith("no RAPL counters under /sys/class/powercap")


def test_counters_for_root_only_come_with_what_to_do(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux keeps them from others since 5.10."""
    tree.add("intel-rapl:0", "package-0", 0)
    read = Path.read_text

    def refused(path: Path, encoding: str | None = None, errors: str | None = None) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, encoding=encoding, errors=errors)

    monkeypatch.setattr(Path, "read_text", refused)
    meter, why_not = open_meter("cpu", tree.root)
    assert meter is None
    assert why_not is not None
    assert "root only" in why_not
    assert "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj" in why_not


@pytest.mark.parametrize(
    ("text", "reason"),
    [("0\n", "stand still"), ("not a number\n", "cannot be read"), ("", "cannot be read")],
)
def test_counters_that_tell_nothing_are_no_meter(tree: Tree, text: str, reason: str) -> None:
    """A counter that never moves would say that everything is free."""
    tree.add("intel-rapl:0", "package-0", 0)
    (tree.folder / "intel-rapl:0" / "energy_uj").write_text(text)
    meter, why_not = open_meter("cpu", tree.root)
    assert meter is None
    assert why_not is not None
    assert reason in why_not


def test_counters_that_a_container_hides(tree: Tree) -> None:
    """Docker leaves the links and empties the folder that they lead to."""
    (tree.folder / "intel-rapl:0").symlink_to(tree.root / "sys/devices/virtual/powercap/masked")
    assert open_meter("cpu", tree.root) == (
        None,
        "RAPL's counters are hidden here, as containers hide them",
    )


def test_a_counter_that_goes_away_is_an_error(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not 0 joules."""
    tree.add("intel-rapl:0", "package-0", 0)
    tree.settle("intel-rapl:0", 1, monkeypatch)
    meter, _ = open_meter("cpu", tree.root)
    assert meter is not None
    (tree.folder / "intel-rapl:0" / "energy_uj").unlink()
    with pytest.raises(InputError, match="energy can no longer be read"):
        meter.joules()


class FakeNvml(types.ModuleType):
    """As much of NVML as is asked; one board, which counts energy or does not."""

    class NVMLError(Exception):
        pass

    def __init__(self, millijoules: int | None, milliwatts: int | None = None) -> None:
        super().__init__("pynvml")
        self.millijoules, self.milliwatts = millijoules, milliwatts
        self.begun = False

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        self.begun = True

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if not self.begun or uuid != "GPU-0000-11":
            raise self.NVMLError("Not Found")
        return "board"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        return self._told(handle, self.millijoules)

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        return self._told(handle, self.milliwatts)

    def _told(self, handle: str, value: int | None) -> int:
        if value is None or handle != "board":
            raise self.NVMLError("Not Supported")
        return value


def with_gpu(patch: pytest.MonkeyPatch, nvml: FakeNvml, uuid: str = "0000-11") -> None:
    patch.setitem(sys.modules, "pynvml", nvml)
    patch.setattr("torch.cuda.is_available", lambda: True)
    patch.setattr("torch.cuda.get_device_properties", lambda _: types.SimpleNamespace(uuid=uuid))


def test_a_board_that_counts_is_asked_for_its_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Millijoules since the driver was loaded: 5.5 J since the meter was opened."""
    nvml = FakeNvml(millijoules=1_000_000)
    with_gpu(monkeypatch, nvml)
    meter, why_not = open_meter("cuda:1")
    assert meter is not None
    assert why_not is None
    nvml.millijoules = 1_005_500
    assert meter.method == "NVML GPU 1"
    assert meter.joules() == pytest.approx(5.5)
    nvml.millijoules = None
    with pytest.raises(InputError, match="does not tell the energy of GPU 1; got Not Supported"):
        meter.joules()


def test_a_board_that_does_not_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method says so."""
    with_gpu(monkeypatch, FakeNvml(millijoules=None, milliwatts=100_000))
    meter, _ = open_meter("cuda")
    assert isinstance(meter, SampledMeter)
    assert meter.method == "NVML GPU 0, power every 50 ms"


def test_sampled_power_is_added_up_by_trapezoids(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 W to 300 W in 2 s are 400 J; 300 W for 1 s are 300 J more."""
    monkeypatch.setattr(nvml_module.Steadily, "__init__", lambda *_, **__: None)
    nvml, at_s = FakeNvml(millijoules=None, milliwatts=100_000), [10.0]
    meter = SampledMeter(Board(nvml, "board", 0), clock=lambda: at_s[0])
    at_s[0], nvml.milliwatts = 12.0, 300_000
    assert meter.joules() == pytest.approx(400.0)
    at_s[0] = 13.0
    assert meter.joules() == pytest.approx(700.0)


def test_a_board_that_tells_neither_is_no_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a slice of a GPU does not."""
    with_gpu(monkeypatch, FakeNvml(millijoules=None))
    assert open_meter("cuda:0") == (
        None,
        "NVML does not tell the energy of GPU 0; got Not Supported",
    )


def test_a_gpu_that_nvml_does_not_know_is_no_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found by its UUID and never by a number, which may be another GPU's."""
    with_gpu(monkeypatch, FakeNvml(millijoules=1), uuid="0000-22")
    assert open_meter("cuda:0") == (None, "NVML cannot be asked about cuda:0: Not Found")


def test_without_the_library_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One extra to install."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter, why_not = open_meter("cuda")
    assert meter is None
    assert why_not is not None
    assert "pip install 'asrcompress[energy]'" in why_not


def test_other_devices_have_no_meter() -> None:
    """It is said, not guessed."""
    assert open_meter("mps") == (None, "no meter of energy is known for mps")


class Clock:
    """Time that passes only in sleep, while 12 W are drawn."""

    method = "made up"

    def __init__(self) -> None:
        self.now_s = 100.0

    def joules(self) -> float:
        return 12.0 * self.now_s

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_idle_watts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joules a second of sleep."""
    clock = Clock()
    monkeypatch.setattr(energy, "time", clock)
    assert idle_watts(clock, 3.0) == pytest.approx(12.0)


def test_energy_of_an_hour_of_audio() -> None:
    """500 J in 10 s, of which idling took 20 W * 10 s: 300 J for 60 s of audio, 18 kJ an hour."""
    found = energy_use("made up", joules=500.0, seconds=10.0, idle_watts=20.0, audio_s=60.0)
    assert found.joules_per_audio_hour == pytest.approx(18_000.0)
    assert (found.method, found.idle_watts) == ("made up", 20.0)


def test_energy_below_idling_is_shown_as_it_is() -> None:
    """A run too short to be told from idling is not rounded up to nothing."""
    found = energy_use("made up", joules=10.0, seconds=1.0, idle_watts=20.0, audio_s=36.0)
    assert found.joules_per_audio_hour == pytest.approx(-1000.0)


def test_energy_needs_audio() -> None:
    """An hour of none is undefined."""
    with pytest.raises(ValueError, match="needs audio"):
        energy_use("made up", 1.0, 1.0, 0.0, audio_s=0.0)

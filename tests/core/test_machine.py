"""What a machine has, read from made-up trees of /proc and /sys."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from asrcompress.core.cgroup import Limits, read_limits
from asrcompress.core.machine import Gpu, Machine, describe, find_gpus, machine
from asrcompress.core.processor import KNOWN_ISA, read_linux, read_macos

NO_LIMITS = Limits(cores=None, memory_bytes=None)
GIB = 1 << 30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def x86(flags: str, cores: tuple[tuple[int, int], ...] = ((0, 0),)) -> str:
    """A cpuinfo with a (package, core) for each logical processor."""
    return "\n".join(
        f"processor\t: {number}\nmodel name\t: Made-up 1000 @ 2.0GHz\nphysical id\t: {package}\n"
        f"core id\t\t: {core}\nflags\t\t: fpu sse {flags}\n"
        for number, (package, core) in enumerate(cores)
    )


def arm(*features: str) -> str:
    return "\n".join(
        f"processor\t: {number}\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd {words}\n"
        "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
        for number, words in enumerate(features)
    )


def described(root: Path, cpuinfo: str) -> Machine:
    return describe(read_linux(write(root, {"proc/cpuinfo": cpuinfo})), NO_LIMITS, logical=4)


@pytest.mark.parametrize(
    ("cpuinfo", "isa", "int8", "bf16"),
    [
        (x86("avx2"), ("avx2",), "AVX2", None),
        (x86("avx2 avx512f avx512bw"), ("avx2", "avx512f"), "AVX-512", None),
        (x86("avx2 avx_vnni"), ("avx2", "avx_vnni"), "AVX-VNNI", None),
        (
            x86("avx2 avx512f avx512_vnni avx512_bf16"),
            ("avx2", "avx512f", "avx512_vnni", "avx512_bf16"),
            "AVX512-VNNI",
            "AVX512-BF16",
        ),
        (
            x86("avx2 avx512f amx_bf16 avx512_vnni amx_tile amx_int8"),
            ("avx2", "avx512f", "avx512_vnni", "amx_int8", "amx_bf16"),
            "AMX",
            "AMX",
        ),
        (x86(""), (), None, None),
        (arm("asimddp sve", "asimddp sve"), ("asimddp", "sve"), "ARM dot product", None),
        (arm("asimddp i8mm bf16"), ("asimddp", "i8mm", "bf16"), "ARM i8mm", "ARM bf16"),
        (arm(""), (), None, None),
    ],
)
def test_instructions(
    tmp_path: Path, cpuinfo: str, isa: tuple[str, ...], int8: str | None, bf16: str | None
) -> None:
    """The known ones are found under either architecture's name, and the best is put in words."""
    found = described(tmp_path, cpuinfo)
    assert found.isa == isa
    assert found.isa_readable
    assert (found.int8_kernels, found.bf16_kernels) == (int8, bf16)
    assert set(found.isa) <= set(KNOWN_ISA)


def test_only_what_every_core_has_counts(tmp_path: Path) -> None:
    """A program may be moved from a big core to a small one that lacks an instruction."""
    assert described(tmp_path, arm("asimddp i8mm", "asimddp")).isa == ("asimddp",)


def test_an_unreadable_processor_is_unknown_and_not_without_instructions(tmp_path: Path) -> None:
    """No /proc at all, as in some sandboxes."""
    found = describe(read_linux(tmp_path), NO_LIMITS, logical=3)
    assert (found.isa, found.isa_readable, found.int8_kernels) == ((), False, None)
    assert (found.physical_cores, found.memory_bytes) == (None, None)
    assert found.usable_cores == 3
    assert "8-bit instructions unknown" in found.line


def test_threads_of_one_core_are_one_physical_core(tmp_path: Path) -> None:
    """Two packages of two cores with two threads each: 8 logical processors, 4 cores."""
    pairs = tuple((package, core) for package in (0, 1) for core in (0, 1)) * 2
    assert described(tmp_path, x86("avx2", pairs)).physical_cores == 4


def test_arm_cores_are_counted_by_which_threads_share_one(tmp_path: Path) -> None:
    """Their cpuinfo has no core numbers; the topology under /sys has."""
    siblings = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}
    write(
        tmp_path,
        {
            f"sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list": f"{shared}\n"
            for number, shared in siblings.items()
        },
    )
    assert described(tmp_path, arm("", "", "", "")).physical_cores == 2


@pytest.mark.parametrize(
    ("part", "name"),
    [("0xd0c", "ARM Neoverse N1"), ("0xfff", "ARM implementer 0x41 part 0xfff")],
)
def test_arm_processors_are_named_by_their_part(tmp_path: Path, part: str, name: str) -> None:
    """The ones in the table by name, others by their numbers."""
    assert described(tmp_path, arm("").replace("0xd0c", part)).cpu == name


def test_memory_is_in_bytes(tmp_path: Path) -> None:
    """meminfo's kB are kibibytes."""
    write(tmp_path, {"proc/meminfo": "MemTotal:       24684084 kB\nMemFree:  1 kB\n"})
    assert read_linux(tmp_path).memory_bytes == 24684084 * 1024


def test_version_2_limits_hold_from_any_group_above(tmp_path: Path) -> None:
    """1.5 cores in the group's own folder, 2 GiB in the one above it."""
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/app/worker\n",
            "sys/fs/cgroup/app/worker/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/app/worker/memory.max": "max\n",
            "sys/fs/cgroup/app/cpu.max": "max 100000\n",
            "sys/fs/cgroup/app/memory.max": f"{2 * GIB}\n",
        },
    )
    assert read_limits(tmp_path) == Limits(cores=1.5, memory_bytes=2 * GIB)


def test_version_1_limits_seen_from_inside_a_container(tmp_path: Path) -> None:
    """The group's path is the host's, and its files lie at the top of each controller."""
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=s:/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{3 * GIB}\n",
        },
    )
    assert read_limits(tmp_path) == Limits(cores=4.0, memory_bytes=3 * GIB)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "0::/\n"},
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"},
        {
            "proc/self/cgroup": "1:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        {"proc/self/cgroup": "0::/../other\n", "sys/fs/other/cpu.max": "1 100000\n"},
    ],
)
def test_without_a_limit_there_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    """No groups, no files, "max", -1, or a group outside of what can be seen."""
    assert read_limits(write(tmp_path, files)) == NO_LIMITS


@pytest.mark.parametrize(("quota", "usable"), [(None, 8), (0.5, 1), (1.5, 2), (4.0, 4), (64.0, 8)])
def test_usable_cores_are_the_fewer_of_affinity_and_quota(
    tmp_path: Path, quota: float | None, usable: int
) -> None:
    """A part of a core is one that can be computed on."""
    found = describe(read_linux(tmp_path), Limits(quota, None), logical=8)
    assert found.usable_cores == usable


@pytest.mark.parametrize(
    ("limit", "expected"), [(1 << 63, 4096 * 1024), (GIB // 1024, GIB // 1024)]
)
def test_memory_is_the_less_of_physical_and_limit(
    tmp_path: Path, limit: int, expected: int
) -> None:
    """Version 1's "no limit" is more than any machine has."""
    write(tmp_path, {"proc/meminfo": "MemTotal: 4096 kB\n"})
    found = describe(read_linux(tmp_path), Limits(None, limit), logical=1)
    assert found.memory_bytes == expected


def test_apple_silicon() -> None:
    """Instructions are 1 where there, 0 or unnamed where not."""
    found = read_macos(
        "hw.physicalcpu: 8\nhw.memsize: 17179869184\nhw.optional.arm.FEAT_DotProd: 1\n"
        "hw.optional.arm.FEAT_I8MM: 0\nmachdep.cpu.brand_string: Apple M1\n"
    )
    assert (found.name, found.physical_cores, found.memory_bytes) == ("Apple M1", 8, 16 * GIB)
    assert found.isa == ("asimddp",)


def test_a_mac_of_intel() -> None:
    """Instructions stand in lists of words."""
    found = read_macos(
        "hw.physicalcpu: 4\nmachdep.cpu.features: FPU SSE4.2 AVX1.0\n"
        "machdep.cpu.leaf7_features: RDWRFSGS AVX2 AVX512F AVX512VNNI\n"
    )
    assert found.isa == ("avx2", "avx512f", "avx512_vnni")


def test_a_mac_that_says_nothing_is_unknown() -> None:
    """An empty answer is not a processor without instructions."""
    assert read_macos("").isa is None


@pytest.mark.skipif(platform.system() != "Linux", reason="device files are Linux's")
def test_without_a_driver_torch_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing it takes seconds, and there is nothing to find."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: pytest.fail("torch was asked"))
    assert find_gpus(tmp_path) == ()


def test_gpus_are_what_torch_can_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their memory and what CUDA calls their capability."""

    class Properties:
        name, total_memory, major, minor = "Made-up GPU", 8 * GIB, 9, 0

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda _: Properties())
    gpu = Gpu(name="Made-up GPU", memory_bytes=8 * GIB, compute_capability="9.0")
    assert find_gpus(write(tmp_path, {"dev/nvidiactl": ""})) == (gpu, gpu)


def test_the_line_names_all_that_decides_the_speed(tmp_path: Path) -> None:
    """Processor, cores, 8-bit instructions and GPUs."""
    processor = read_linux(write(tmp_path, {"proc/cpuinfo": x86("avx512f avx512_vnni")}))
    found = describe(processor, NO_LIMITS, logical=2, gpus=(Gpu(name="Made-up GPU"),))
    assert found.line == "Made-up 1000 @ 2.0GHz, 2 cores, AVX512-VNNI, Made-up GPU"


def test_this_machine_can_be_described() -> None:
    """Looked at once, and it has at least the core that this runs on."""
    assert machine() is machine()
    assert machine().usable_cores >= 1
    assert machine().cpu in machine().line

"""A processor as the operating system describes it: its name, cores and instructions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Instructions that decide how fast 8-bit and bf16 products are, named as Linux names them.
KNOWN_ISA = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "i8mm",
    "sve",
    "bf16",
)
# ARM processors say numbers; names from Linux's arch/arm64/include/asm/cputype.h.
_ARM_PARTS = {
    ("0x41", "0xd03"): "Cortex-A53",
    ("0x41", "0xd07"): "Cortex-A57",
    ("0x41", "0xd08"): "Cortex-A72",
    ("0x41", "0xd0b"): "Cortex-A76",
    ("0x41", "0xd0c"): "Neoverse N1",
    ("0x41", "0xd40"): "Neoverse V1",
    ("0x41", "0xd41"): "Cortex-A78",
    ("0x41", "0xd49"): "Neoverse N2",
    ("0x41", "0xd4f"): "Neoverse V2",
    ("0xc0", "0xac3"): "Ampere-1",
}
# macOS's names: instructions of x86 in lists of words, those of ARM one by one with 0 or 1.
_MAC_LEAF7 = {"AVX2": "avx2", "AVX512F": "avx512f", "AVX512VNNI": "avx512_vnni"}
_MAC_ARM = {
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
}
_MAC_LISTS = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
_SYSCTL = ("/usr/sbin/sysctl", "hw", "machdep.cpu")


@dataclass(frozen=True, slots=True)
class Processor:
    """What was found out about one; None where the system does not tell.

    isa: those of KNOWN_ISA that it has, None where that cannot be read.
    """

    name: str | None
    physical_cores: int | None
    isa: tuple[str, ...] | None
    memory_bytes: int | None


_UNKNOWN = Processor(name=None, physical_cores=None, isa=None, memory_bytes=None)


def read_linux(root: Path) -> Processor:
    """The processor that `root`/proc and `root`/sys tell of."""
    blocks = _blocks(_text(root / "proc/cpuinfo"))
    return Processor(
        name=_linux_name(blocks),
        physical_cores=_cores_listed(blocks) or _cores_in_topology(root),
        isa=_linux_isa(blocks),
        memory_bytes=_physical_memory(_text(root / "proc/meminfo")),
    )


def read_macos(text: str) -> Processor:
    """The processor that the lines of `sysctl hw machdep.cpu` tell of."""
    values = dict(_pairs(text.splitlines()))
    if not values:
        return _UNKNOWN
    listed = {word for key in _MAC_LISTS for word in values.get(key, "").split()}
    found = {name for word, name in _MAC_LEAF7.items() if word in listed}
    found |= {name for key, name in _MAC_ARM.items() if values.get(key) == "1"}
    return Processor(
        name=values.get("machdep.cpu.brand_string"),
        physical_cores=_positive(values.get("hw.physicalcpu")),
        isa=_in_order(found),
        memory_bytes=_positive(values.get("hw.memsize")),
    )


def read_this(system: str) -> Processor:
    """The processor of this machine, by `platform.system()`'s name of its operating system."""
    if system == "Linux":
        return read_linux(Path("/"))
    if system == "Darwin":
        return read_macos(_sysctl())
    return _UNKNOWN


def _sysctl() -> str:
    """What macOS says of its hardware; nothing where it cannot be asked."""
    try:
        done = subprocess.run(_SYSCTL, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout  # a key that this version lacks does not spoil the others


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _pairs(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), value.strip()


def _blocks(cpuinfo: str) -> list[dict[str, str]]:
    """One mapping a logical processor, and on some ARM machines one of the board."""
    parts = (dict(_pairs(part.splitlines())) for part in cpuinfo.split("\n\n"))
    return [part for part in parts if part]


def _linux_name(blocks: list[dict[str, str]]) -> str | None:
    for block in blocks:
        if "model name" in block:
            return block["model name"]
    for block in blocks:
        if "CPU part" in block:
            return _arm_name(block)
    return None


def _arm_name(block: Mapping[str, str]) -> str:
    maker, part = block.get("CPU implementer", "?"), block["CPU part"]
    return f"ARM {_ARM_PARTS.get((maker, part), f'implementer {maker} part {part}')}"


def _linux_isa(blocks: list[dict[str, str]]) -> tuple[str, ...] | None:
    """What every core has: a program may run on any of them."""
    lines = [block.get("flags", block.get("Features")) for block in blocks]
    told = [set(line.split()) for line in lines if line is not None]
    return _in_order(set.intersection(*told)) if told else None


def _in_order(found: set[str]) -> tuple[str, ...]:
    return tuple(name for name in KNOWN_ISA if name in found)


def _cores_listed(blocks: list[dict[str, str]]) -> int | None:
    """Cores that cpuinfo numbers; threads of one core share its number."""
    cores = {(block.get("physical id"), block["core id"]) for block in blocks if "core id" in block}
    return len(cores) or None


def _cores_in_topology(root: Path) -> int | None:
    """Cores by which threads share one, for ARM's cpuinfo has no numbers."""
    folders = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/topology")
    return (
        len({_text(folder / "thread_siblings_list").strip() for folder in folders} - {""}) or None
    )


def _physical_memory(meminfo: str) -> int | None:
    kibibytes = _positive(dict(_pairs(meminfo.splitlines())).get("MemTotal", "").split(" ")[0])
    return None if kibibytes is None else 1024 * kibibytes


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else None

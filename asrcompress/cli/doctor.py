"""asrcompress doctor: what this machine has, and what that means for 8- and 4-bit models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Json

if TYPE_CHECKING:
    from rich.table import Table

    from asrcompress.core.diagnosis import Diagnosis
    from asrcompress.core.machine import Machine

EXAMPLES = options.examples("asrcompress doctor", "asrcompress doctor --json")
_GIB = 1 << 30
_NAME_WIDTH = 15  # the longest, "codec telephone", so that all tables line up
_Row = tuple[str, str]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="doctor", epilog=EXAMPLES)(doctor)


def doctor(
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Tell what this machine has, and what that means for 8- and 4-bit models.

    Exit code 3 where something that asrcompress needs is broken.
    """
    from asrcompress.audit.diagnose import diagnose
    from asrcompress.cli import console
    from asrcompress.core.errors import ExitCode

    found = diagnose()
    if as_json:
        console.show_json(found.model_dump(mode="json"))
    else:
        _show(found)
    for fault in found.broken:
        console.say_line(f"error: {fault}")
    if found.broken:
        raise typer.Exit(ExitCode.INTERNAL)


def _show(found: Diagnosis) -> None:
    from asrcompress.cli import console

    console.show(
        _table("Machine", _machine_rows(found)),
        _table("Installed", _package_rows(found)),
        _table("Sound", _sound_rows(found)),
        _table("Energy", _energy_rows(found)),
        _table("What to expect", [("-", line) for line in found.meaning]),
        _table("Next", [("", command) for command in found.next_steps]),
    )


def _table(title: str, rows: list[_Row]) -> Table:
    """Names and values below a title; long values go on in their own column."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None)
    table.show_header = False
    table.pad_edge = False
    names = {name for name, _ in rows}
    if names != {""}:
        table.add_column(no_wrap=True, min_width=None if names == {"-"} else _NAME_WIDTH)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(*(Text(cell) for cell in (name, value) if cell))
    return table


def _machine_rows(found: Diagnosis) -> list[_Row]:
    machine = found.machine
    physical = machine.physical_cores or "an unknown number of"
    return [
        ("processor", f"{machine.cpu} ({machine.architecture})"),
        ("cores", f"{physical} physical, {machine.usable_cores} usable"),
        ("8-bit", machine.int8_words),
        ("bfloat16", found.bf16_kernels or _no_bf16(machine)),
        ("instructions", _instructions(machine)),
        ("memory", _size(machine.memory_bytes)),
        *_gpu_rows(machine),
        ("torch threads", _threads(found.torch_threads)),
    ]


def _instructions(machine: Machine) -> str:
    if not machine.isa_readable:
        return "could not be read"
    return ", ".join(machine.isa) or "none for 8 bits or bfloat16"


def _no_bf16(machine: Machine) -> str:
    return "no bfloat16 instructions" if machine.isa_readable else "bfloat16 instructions unknown"


def _gpu_rows(machine: Machine) -> Iterator[_Row]:
    if not machine.gpus:
        yield "GPU", "none that PyTorch can use"
    for gpu in machine.gpus:
        facts = [gpu.name]
        if gpu.memory_bytes is not None:
            facts.append(_size(gpu.memory_bytes))
        if gpu.compute_capability is not None:
            facts.append(f"compute capability {gpu.compute_capability}")
        yield "GPU", ", ".join(facts)


def _size(size_bytes: int | None) -> str:
    return "unknown" if size_bytes is None else f"{size_bytes / _GIB:.1f} GiB"


def _threads(number: int | None) -> str:
    if number is not None:
        return str(number)
    return "PyTorch decides: a core each, as a rule (OMP_NUM_THREADS is not set)"


def _package_rows(found: Diagnosis) -> list[_Row]:
    return [
        (one.name, f"{one.version or 'not installed: ' + one.install} ({one.use})")
        for one in found.packages
    ]


def _sound_rows(found: Diagnosis) -> list[_Row]:
    formats = f"{found.libsndfile}: {', '.join(found.audio_formats)}"
    return [
        ("libsndfile", "cannot be loaded" if found.libsndfile is None else formats),
        *((f"codec {one.name}", one.why_not or "works") for one in found.codecs),
        *((one.name, f"{one.path or 'not found'} ({one.use})") for one in found.tools),
    ]


def _energy_rows(found: Diagnosis) -> list[_Row]:
    return [(one.device, one.method or f"none: {one.why_not}") for one in found.energy]

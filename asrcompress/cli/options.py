"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from asrcompress.core.errors import InputError

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results and errors only; no news, no bars.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="What all random draws derive from.")]
Device = Annotated[
    str, typer.Option("--device", help="cpu, cuda, cuda:N, mps, or auto (a GPU if there is one).")
]
Threads = Annotated[
    int | None,  # PyTorch takes memory for each thread at once
    typer.Option("--threads", min=1, max=1024, help="CPU threads of the model; default all."),
]
Dtype = Annotated[
    str | None,
    typer.Option("--dtype", help="Of PyTorch's matrix products: float32, bfloat16 or float16."),
]
Compile = Annotated[
    bool, typer.Option("--compile", help="Let torch.compile make PyTorch's kernels; slow to start.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an output that asrcompress made.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="The corpus format, where it is not to be detected."),
]
MaxBadFiles = Annotated[
    int, typer.Option("--max-bad-files", min=0, help="Unreadable audio files to put up with.")
]
TrustRemoteCode = Annotated[
    bool,
    typer.Option("--trust-remote-code", help="Let a checkpoint run its own Python code."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to write.")]

Number = TypeVar("Number", int, float)


def words(text: str | None) -> tuple[str, ...]:
    """The parts of a comma-separated option, spaces around them removed."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def numbers(text: str | None, *, option: str) -> tuple[float, ...]:
    """The numbers of a comma-separated option.

    Raises:
        InputError: a part is not a number.
    """
    found = []
    for part in words(text):
        try:
            found.append(float(part))
        except ValueError:
            raise InputError(
                f"bad {option}", got=repr(part), expected="numbers with commas, like 0,5,10"
            ) from None
    return tuple(found)


def examples(*lines: str) -> str:
    """The end of a help text: examples, one a line."""
    return "Examples:\n\n" + "\n\n".join(f"  {line}" for line in lines)

"""asrcompress corrupt: noisy and reverberant versions of a corpus at exact levels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Format, Json, MaxBadFiles, Overwrite, Quiet, Seed

EXAMPLES = options.examples(
    "asrcompress corrupt bundled:corpus --snr 0,10,20 -o noisy",
    "asrcompress corrupt recordings/ --noise DNS4/noise --snr 0,5,10,15,20 -o noisy",
    "asrcompress corrupt recordings/ --rir RIRS --room small,medium --snr 10 --both -o rooms",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="corrupt", epilog=EXAMPLES)(corrupt)


def corrupt(
    corpus: Annotated[str, typer.Argument(help="A manifest or folder, or bundled:corpus.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    noise: Annotated[
        Path | None,
        typer.Option("--noise", help="A folder of noises, noise/TYPE/*; without: built in."),
    ] = None,
    snr: Annotated[str | None, typer.Option("--snr", help="SNRs in dB, like 0,5,10.")] = None,
    noise_type: Annotated[
        str | None, typer.Option("--noise-type", help="Types of noise, one condition each.")
    ] = None,
    rir: Annotated[
        Path | None,
        typer.Option("--rir", help="A folder of impulse responses; without: simulated rooms."),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room", help="Room sizes, like small,medium,large.")
    ] = None,
    both: Annotated[
        bool, typer.Option("--both", help="Every room with every SNR besides.")
    ] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Write a clean copy besides.")] = False,
    audio_format: Annotated[
        str, typer.Option("--audio-format", help="flac (24 bit), flac16, or wav (float).")
    ] = "flac",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default all cores.")
    ] = None,
    format_name: Format = None,
    max_bad_files: MaxBadFiles = 0,
    overwrite: Overwrite = False,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Make noisy and reverberant versions of a corpus at exact levels.

    Every utterance's noise, room and achieved SNR are in the manifest of its condition.
    """
    from asrcompress.cli import console
    from asrcompress.core.errors import InputError
    from asrcompress.corrupt import CorruptRequest, conditions_from, run

    snrs, rooms = options.numbers(snr, option="--snr"), options.words(room)
    if noise is not None and not snrs:
        raise InputError("--noise without --snr", expected="SNRs in dB, like --snr 0,5,10")
    if rir is not None and not rooms:
        raise InputError("--rir without --room", expected="sizes, like --room small,medium")
    if both and not (snrs and rooms):
        raise InputError("--both needs --snr and --room", got="one of them or none")
    conditions = conditions_from(
        snrs, rooms, both, noise_types=options.words(noise_type), clean=clean, seed=seed
    )
    if not conditions:
        raise InputError("nothing to do", expected="--snr, --room or --clean")
    request = CorruptRequest(
        corpus=corpus,
        conditions=conditions,
        output=output,
        noise=noise,
        rir=rir,
        format_name=format_name,
        audio_format=audio_format,
        workers=workers,
        overwrite=overwrite,
        max_bad_files=max_bad_files,
    )
    with console.watching(quiet=quiet) as progress:
        result = run(request, progress)
    summary = _summary(result)
    if as_json:
        console.show_json(summary)
    else:
        console.show(_table(summary))
    console.say(f"wrote {output}", quiet=quiet)


def _summary(result: Any) -> dict[str, Any]:
    """What was written, condition by condition, as JSON values."""
    return dict(result.summary())


def _table(summary: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(title=None)
    for heading, justify in (
        ("condition", "left"),
        ("utterances", "right"),
        ("hours", "right"),
        ("achieved SNR dB", "right"),
        ("bad files", "right"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for row in summary["conditions"]:
        low, high = row["achieved_snr_db_min"], row["achieved_snr_db_max"]
        achieved = "-" if low is None else f"{low:.3f} .. {high:.3f}"
        table.add_row(
            row["name"],
            str(row["utterances"]),
            f"{row['audio_s'] / 3600:.2f}",
            achieved,
            str(row["bad_files"]),
        )
    return table

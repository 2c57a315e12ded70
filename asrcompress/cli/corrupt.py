"""asrcompress corrupt: noisy and reverberant versions of a corpus at exact levels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Format, Json, MaxBadFiles, Overwrite, Quiet, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from asrcompress.corrupt import CorruptResult

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
    from asrcompress.core.audio import AudioFormat
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
    if audio_format not in get_args(AudioFormat):
        known = get_args(AudioFormat)
        raise InputError("bad --audio-format", got=audio_format, expected=" or ".join(known))
    request = CorruptRequest(
        corpus=corpus,
        conditions=conditions,
        output=output,
        noise=noise,
        rir=rir,
        format_name=format_name,
        audio_format=cast(AudioFormat, audio_format),
        workers=workers,
        overwrite=overwrite,
        max_bad_files=max_bad_files,
    )
    with console.watching(quiet=quiet) as progress:
        result = run(request, progress)
    rows = _summary(result)
    if as_json:
        console.show_json(rows)
    else:
        console.show(_table(rows))
    console.say(f"wrote {output}", quiet=quiet)


def _summary(result: CorruptResult) -> list[dict[str, Any]]:
    """What was written, condition by condition, as JSON values."""
    return [
        {
            "condition": corpus.condition.name,
            "folder": str(corpus.folder),
            "utterances": corpus.utterances,
            "achieved_snr_db": corpus.achieved_snr_db,
            "is_simulated": corpus.is_simulated,
            "bad_files": [{"id": bad.id, "cause": bad.cause} for bad in corpus.bad_files],
        }
        for corpus in result.corpora
    ]


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("condition")
    for heading in ("utterances", "achieved SNR dB", "sources", "bad files"):
        table.add_column(heading, justify="right")
    for row in rows:
        achieved = row["achieved_snr_db"]
        table.add_row(
            row["condition"],
            str(row["utterances"]),
            f"{achieved[0]:.3f} .. {achieved[1]:.3f}" if achieved else "-",
            "simulated" if row["is_simulated"] else "as given",
            str(len(row["bad_files"])),
        )
    return table

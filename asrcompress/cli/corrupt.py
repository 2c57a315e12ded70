"""asrcompress corrupt: noisy, reverberant and coded versions of a corpus at exact levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Format, Json, MaxBadFiles, Output, Overwrite, Quiet, Seed

if TYPE_CHECKING:
    from asrcompress.core.condition import Condition
    from asrcompress.corrupt import VerifyRequest

EXAMPLES = options.examples(
    "asrcompress corrupt bundled:corpus --snr 0,10,20 -o noisy",
    "asrcompress corrupt recordings/ --noise DNS4/noise --snr 0,5,10,15,20 -o noisy",
    "asrcompress corrupt recordings/ --rir RIRS --room small,medium --snr 10 --both -o rooms",
    "asrcompress corrupt recordings/ --effect reverb:room=small+noise:snr_db=10+gsm -o phone",
    "asrcompress corrupt --verify noisy",
    "asrcompress corrupt recordings/ --noise DNS4/noise --verify noisy",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="corrupt", epilog=EXAMPLES)(corrupt)


def corrupt(
    corpus: Annotated[
        str | None, typer.Argument(help="A manifest or folder, or bundled:corpus.")
    ] = None,
    output: Output = None,
    noise: Annotated[
        Path | None,
        typer.Option("--noise", help="A folder of noises, noise/TYPE/*; without: built in."),
    ] = None,
    snr: Annotated[str | None, typer.Option("--snr", help="SNRs in dB, like 0,5,10.")] = None,
    noise_type: Annotated[
        str | None, typer.Option("--noise-type", help="Types of noise, one condition each.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="Speech level of --snr: overall, or active (P.56)."),
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
    effect: Annotated[
        list[str] | None,
        typer.Option("--effect", help="A condition: NAME:key=value,key=value, joined by +."),
    ] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Write a clean copy besides.")] = False,
    audio_format: Annotated[
        str, typer.Option("--audio-format", help="flac (24 bit), flac16, or wav (float).")
    ] = "flac",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default all cores.")
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", help="Check what corrupt wrote; given CORPUS, against it."),
    ] = None,
    format_name: Format = None,
    max_bad_files: MaxBadFiles = 0,
    overwrite: Overwrite = False,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Make noisy, reverberant and coded versions of a corpus at exact levels.

    Every utterance's noise, room and achieved SNR are in the manifest of its condition.
    """
    from asrcompress.cli import console, corruption
    from asrcompress.core.audio import AudioFormat
    from asrcompress.core.errors import InputError
    from asrcompress.corrupt import (
        CorruptRequest,
        VerifyRequest,
        run,
    )

    asked = _Asked(
        snrs_db=options.numbers(snr, option="--snr"),
        noise_types=options.words(noise_type),
        reference=reference,
        rooms=options.words(room),
        both=both,
        effects=tuple(effect or ()),
        clean=clean,
    )
    if verify is not None:
        if asked != _Asked() or output is not None or overwrite or seed or max_bad_files:
            raise InputError(
                "--verify writes nothing",
                expected="CORPUS, --noise, --rir, --format and --workers at most with it",
            )
        request = VerifyRequest(verify, corpus, noise, rir, format_name, workers)
        _verify(request, as_json=as_json, quiet=quiet)
        return
    if corpus is None or output is None:
        raise InputError(
            "no CORPUS" if corpus is None else "no -o",
            expected="asrcompress corrupt CORPUS -o FOLDER, or asrcompress corrupt --verify FOLDER",
        )
    conditions = asked.conditions(seed)
    _check_folders(conditions, noise, rir)
    if audio_format not in get_args(AudioFormat):
        known = get_args(AudioFormat)
        raise InputError("bad --audio-format", got=audio_format, expected=" or ".join(known))
    wanted = CorruptRequest(
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
        result = run(wanted, progress)
    corruption.show_corpora(result, as_json=as_json)
    console.say(f"wrote {output}", quiet=quiet)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options that ask for conditions."""

    snrs_db: tuple[float, ...] = ()
    noise_types: tuple[str, ...] = ()
    reference: str | None = None
    rooms: tuple[str, ...] = ()
    both: bool = False
    effects: tuple[str, ...] = ()
    clean: bool = False

    def conditions(self, seed: int) -> tuple[Condition, ...]:
        """Raises InputError for none at all, or an option that would do nothing."""
        from asrcompress.core.errors import InputError
        from asrcompress.corrupt import condition_of, conditions_from, steps_from_text

        needing = {"--noise-type": self.noise_types, "--reference": self.reference}
        for option, given in needing.items():
            if given and not self.snrs_db:
                raise InputError(
                    f"{option} without --snr", expected="SNRs in dB, like --snr 0,5,10"
                )
        if self.both and not (self.snrs_db and self.rooms):
            raise InputError("--both needs --snr and --room", got="one of them or none")
        found = conditions_from(
            self.snrs_db,
            self.rooms,
            self.both,
            noise_types=self.noise_types,
            reference=self.reference,
            clean=self.clean,
            seed=seed,
        )
        found += tuple(condition_of(steps_from_text(text), seed) for text in self.effects)
        if not found:
            raise InputError("nothing to do", expected="--snr, --room, --effect or --clean")
        return found


def _check_folders(conditions: Sequence[Condition], noise: Path | None, rir: Path | None) -> None:
    """Raises InputError for a folder that no condition draws from."""
    from asrcompress.core.errors import InputError

    effects = {step.effect for condition in conditions for step in condition.steps}
    if noise is not None and "noise" not in effects:
        raise InputError("--noise without noise", expected="SNRs in dB, like --snr 0,5,10")
    if rir is not None and "reverb" not in effects:
        raise InputError("--rir without rooms", expected="sizes, like --room small,medium")


def _verify(request: VerifyRequest, *, as_json: bool, quiet: bool) -> None:
    """Prints what was found; the table comes before the error, which names files only."""
    from asrcompress.cli import console, corruption
    from asrcompress.corrupt import verify

    with console.watching(quiet=quiet) as progress:
        found = verify(request, progress)
    corruption.show_checks(found, as_json=as_json)
    found.raise_if_bad()

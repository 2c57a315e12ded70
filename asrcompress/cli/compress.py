"""asrcompress compress: a smaller checkpoint, proved by reloading it, with its ledger.

The options of the methods come from the methods themselves, so a new method's file brings its own.
"""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Json, Output, Overwrite, Quiet, Seed, TrustRemoteCode

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from asrcompress.audit.calibration import CalibrationSource

EXAMPLES = options.examples(
    "asrcompress compress facebook/wav2vec2-large-robust-ft-libri-960h --bits 8",
    "asrcompress compress my-model --prune 0.3 --scope global -o my-model-pruned",
    "asrcompress compress my-model --prune 0.4 --scope local --bits 4 --exclude lm_head",
    "asrcompress compress my-model --bits 8 --bits 'encoder.layers.0.*=4' --conv --explain",
    "asrcompress compress my-model --adaptive three-class --fuzzy-set 2",
    "asrcompress compress my-model --mixed --target-ratio 0.12 --audio my-recordings",
)
_SNR, _SECONDS = "5", 60.0


def register(app: typer.Typer, *, with_method_options: bool) -> None:
    """Add the command to the program, with an option for every parameter of every method."""
    added = _method_parameters() if with_method_options else []
    app.command(name="compress", epilog=EXAMPLES)(_with(added))


def compress(
    model: Annotated[str, typer.Argument(help="A hub id, a folder, or bundled:model.")],
    output: Output = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Only modules whose name fits, like '*.layers.0.*'."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Modules to leave alone, like lm_head.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", help="The hub's branch, tag or commit.")
    ] = None,
    audio: Annotated[
        Path | None,
        typer.Option(
            "--audio",
            metavar="CORPUS",
            help="Recordings, transcribed or not, that --mixed measures harm on.",
        ),
    ] = None,
    calibration_snr: Annotated[
        str,
        typer.Option(
            "--calibration-snr",
            metavar="DB[,DB]",
            help="Noisy versions of --audio to measure on besides; '' for none.",
        ),
    ] = _SNR,
    calibration_noise: Annotated[
        Path | None,
        typer.Option(
            "--calibration-noise", metavar="FOLDER", help="Noises for them; default built-in."
        ),
    ] = None,
    calibration_seconds: Annotated[
        float,
        typer.Option("--calibration-seconds", min=1.0, help="At most so much of --audio is used."),
    ] = _SECONDS,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Show every layer: its weights' spread, fuzzy classes, bits, harm."
        ),
    ] = False,
    no_zip: Annotated[
        bool, typer.Option("--no-zip", help="Do not measure the zipped size (it takes a while).")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show every tensor's row of the ledger.")
    ] = False,
    trust_remote_code: TrustRemoteCode = False,
    overwrite: Overwrite = False,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
    **method_options: Any,
) -> None:
    """Make a smaller checkpoint: prune it, quantise it, or let its layers' needs decide.

    The folder appears only after a fresh reload gave the same tensors.
    """
    from asrcompress import report
    from asrcompress.audit.calibration import CalibrationSource
    from asrcompress.audit.temporary import temporary_calibration
    from asrcompress.cli import console
    from asrcompress.compress import CompressRequest, read_options, run

    chosen = read_options({**method_options, "include": include, "exclude": exclude})
    source = CalibrationSource(
        audio or "",
        snr_db=options.numbers(calibration_snr, option="--calibration-snr"),
        noise=calibration_noise,
        duration_s=calibration_seconds,
        seed=seed,
    )
    if audio is None:
        _refuse_without_audio(source)
    with (
        console.watching(quiet=quiet) as progress,
        temporary_calibration(source if audio else None, chosen, progress) as heard,
    ):
        artefact = run(
            CompressRequest(
                model=model,
                options=chosen,
                output=output,
                audio=heard,
                explain=explain,
                seed=seed,
                overwrite=overwrite,
                trust_remote_code=trust_remote_code,
                revision=revision,
                measure_zip=not no_zip,
            ),
            progress,
        )
    if as_json:
        folder = Path(artefact.folder)
        manifest = artefact.manifest.model_dump(mode="json")
        console.show_json({"folder": str(folder), **manifest})
    else:
        console.show(*report.artefact_tables(artefact.manifest, full=full, explain=explain))
    console.say(f"wrote {artefact.folder}", quiet=quiet)


def _refuse_without_audio(source: CalibrationSource) -> None:
    """Refuse options about audio that nobody gave, rather than ignore them."""
    from asrcompress.core.errors import InputError

    given = {
        "--calibration-snr": source.snr_db != (float(_SNR),),
        "--calibration-noise": source.noise is not None,
        "--calibration-seconds": source.duration_s != _SECONDS,
    }
    names = [name for name, is_given in given.items() if is_given]
    if names:
        raise InputError(f"{names[0]} needs --audio", next_step="add recordings, or leave it out")


def _with(added: list[inspect.Parameter]) -> Any:
    """`compress` with these parameters in its signature, as the command line wants them."""
    signature = inspect.signature(compress, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    model, *others = (p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own)
    parameters = [model, *added, *others]

    @functools.wraps(compress)
    def command(**arguments: Any) -> None:
        compress(**arguments)

    setattr(command, "__signature__", signature.replace(parameters=parameters))  # noqa: B010
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _method_parameters() -> list[inspect.Parameter]:
    from asrcompress.compress import options_by_group

    return [
        _parameter(name, field, group)
        for group, fields in options_by_group().items()
        for name, field in fields.items()
    ]


def _parameter(name: str, field: FieldInfo, group: str) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    option = typer.Option(flag, help=field.description, rich_help_panel=group.capitalize())
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_plain_type(field.annotation) | None, option],
    )


def _plain_type(annotation: Any) -> Any:
    """The type that the command line parses; the method checks the rest."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return type(arguments[0])
    if origin is tuple:  # an option that may be given more than once
        return list[_plain_type(arguments[0])]  # type: ignore[misc]
    if origin in (Union, UnionType):
        kinds = [kind for kind in arguments if kind is not NoneType]
        return str if str in kinds else _plain_type(kinds[0])
    return annotation

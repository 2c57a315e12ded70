"""asrcompress compress: a smaller checkpoint, proved by reloading it, with its ledger.

The options of the methods come from the methods themselves, so a new method's file brings its own.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from asrcompress.cli import options
from asrcompress.cli.listening_options import (
    Audio,
    AugmentNoise,
    AugmentRir,
    CalibrationNoise,
    CalibrationSeconds,
    CalibrationSnr,
    CheckpointSteps,
    TrainingDevice,
)
from asrcompress.cli.method_options import extended
from asrcompress.cli.options import Debug, Json, Output, Overwrite, Quiet, Seed, TrustRemoteCode

EXAMPLES = options.examples(
    "asrcompress compress facebook/wav2vec2-large-robust-ft-libri-960h --bits 8",
    "asrcompress compress my-model --prune 0.3 --scope global -o my-model-pruned",
    "asrcompress compress my-model --prune 0.4 --scope local --bits 4 --exclude lm_head",
    "asrcompress compress my-model --bits 8 --bits 'encoder.layers.0.*=4' --conv --explain",
    "asrcompress compress my-model --adaptive three-class --fuzzy-set 2",
    "asrcompress compress my-model --mixed --target-ratio 0.12 --audio my-recordings",
    "asrcompress compress my-model --method structured --sparsity 0.8 --audio my-recordings",
    "asrcompress compress my-model --method distill --layers 6 --bits 8 --audio my-recordings",
    "accelerate launch -m asrcompress compress my-model --method structured --sparsity 0.8 "
    "--audio my-recordings --precision bf16",
)
_SNR, _SECONDS = "5", 60.0  # the defaults of audit.temporary, which is slow to import


def register(app: typer.Typer) -> None:
    """Add the command to the program, with an option for every parameter of every method."""
    app.command(name="compress", epilog=EXAMPLES)(extended(compress))


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
    audio: Audio = None,
    calibration_snr: CalibrationSnr = _SNR,
    calibration_noise: CalibrationNoise = None,
    calibration_seconds: CalibrationSeconds = _SECONDS,
    augment_noise: AugmentNoise = None,
    augment_rir: AugmentRir = None,
    device: TrainingDevice = None,
    checkpoint_steps: CheckpointSteps = None,
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
    """Make a smaller checkpoint: train a smaller model, prune it, quantise it, or let its layers'
    needs decide.

    The folder appears only after a fresh reload gave the same tensors.
    """
    from asrcompress import report
    from asrcompress.audit.temporary import Recordings, listening_to
    from asrcompress.cli import console
    from asrcompress.compress import CompressRequest, read_options, run
    from asrcompress.compress.training import processes

    chosen = read_options({**method_options, "include": include, "exclude": exclude})
    recordings = Recordings(
        audio=audio,
        calibration_snr=options.numbers(calibration_snr, option="--calibration-snr"),
        calibration_noise=calibration_noise,
        calibration_seconds=calibration_seconds,
        augment_noise=augment_noise,
        augment_rir=augment_rir,
        device=device,
        checkpoint_steps=checkpoint_steps,
        seed=seed,
    )
    with (
        console.watching(quiet=quiet or not processes.is_main()) as progress,
        listening_to(recordings, chosen, progress) as heard,
    ):
        artefact = run(
            CompressRequest(
                model=model,
                options=chosen,
                output=output,
                audio=heard.calibration,
                training=heard.training,
                place=heard.place,
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
        manifest = artefact.manifest.model_dump(mode="json")
        console.show_json({"folder": str(artefact.folder), **manifest})
    else:
        console.show(*report.artefact_tables(artefact.manifest, full=full, explain=explain))
    console.say(f"wrote {artefact.folder}", quiet=quiet)

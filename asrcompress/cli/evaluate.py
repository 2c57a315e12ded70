"""asrcompress evaluate: WER, size, speed and memory of a model on a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcompress.cli import options
from asrcompress.cli.options import (
    Compile,
    Debug,
    Device,
    Dtype,
    Format,
    Json,
    MaxBadFiles,
    Output,
    Overwrite,
    Quiet,
    Seed,
    Threads,
    TrustRemoteCode,
)

if TYPE_CHECKING:
    from asrcompress.evaluate import SpeedOptions

EXAMPLES = options.examples(
    "asrcompress evaluate bundled:model bundled:corpus",
    "asrcompress evaluate model-int8 recordings/ --baseline bundled:model -o results",
    "asrcompress evaluate model-int8 manifest.jsonl --by accent,device --json --no-cost",
    "asrcompress evaluate model-int8 recordings/ --baseline bundled:model --speed",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="evaluate", epilog=EXAMPLES)(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="A hub id, a folder, or bundled:model.")],
    corpus: Annotated[
        str,
        typer.Argument(help="A manifest or folder, hf:NAME[:CONFIG[:SPLIT]], or bundled:corpus."),
    ],
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="The model to compare with, on the same audio.")
    ] = None,
    output: Output = None,
    normaliser: Annotated[
        str,
        typer.Option(
            "--normaliser",
            help="none, basic, multilingual, turkish, english or whisper-basic; on both sides.",
        ),
    ] = "basic",
    by: Annotated[
        str | None, typer.Option("--by", help="Manifest columns to break results down by.")
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", min=0, max=1, help="Non-inferiority margin, absolute WER.")
    ] = 0.005,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="At most.")] = 8,
    language: Annotated[
        str | None, typer.Option("--language", help="Of a model that has several, like en.")
    ] = None,
    chunk_s: Annotated[
        float | None,
        typer.Option("--chunk-s", min=5, help="Decode longer recordings in chunks of so many s."),
    ] = None,
    flips: Annotated[
        int, typer.Option("--flips", min=0, help="Utterances to show that compression broke.")
    ] = 5,
    no_cost: Annotated[
        bool, typer.Option("--no-cost", help="Do not measure speed and memory.")
    ] = False,
    speed: Annotated[
        bool, typer.Option("--speed", help="Measure latency and throughput of all models in turns.")
    ] = False,
    speed_lengths: Annotated[
        str | None,
        typer.Option("--speed-lengths", help="Of recordings to time, in s; default 3,10,30."),
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option("--beside", help="A further model to time with --speed; repeatable."),
    ] = None,
    energy: Annotated[
        bool, typer.Option("--energy", help="Measure energy with --speed, where there is a meter.")
    ] = False,
    replicates: Annotated[
        int, typer.Option("--replicates", min=100, max=1_000_000, help="Bootstrap replicates.")
    ] = 10_000,
    gate: Annotated[
        Path | None, typer.Option("--gate", help="A file of gates to hold the results to.")
    ] = None,
    format_name: Format = None,
    max_bad_files: MaxBadFiles = 0,
    device: Device = "auto",
    threads: Threads = None,
    dtype: Dtype = None,
    compile: Compile = False,
    trust_remote_code: TrustRemoteCode = False,
    overwrite: Overwrite = False,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Score a model on a corpus: WER, CER, errors, size, speed and memory, with uncertainty."""
    from dataclasses import replace

    from asrcompress import report
    from asrcompress.audit.gates.of_evaluation import gates_of_evaluation
    from asrcompress.cli import console
    from asrcompress.cli.gate_outcome import end_by_gates
    from asrcompress.cli.outcome import evaluations_of, write_outcome
    from asrcompress.core.device import resolve_device
    from asrcompress.core.output import check_output
    from asrcompress.core.precision import FLOAT32
    from asrcompress.evaluate import EvaluateRequest, run

    inputs = (model, corpus, baseline, *(beside or ()))
    if output is not None:
        check_output(output, overwrite=overwrite, inputs=inputs)
    request = EvaluateRequest(
        model=model,
        corpus=corpus,
        baseline=baseline,
        format_name=format_name,
        normaliser=normaliser,
        batch_size=batch_size,
        device=resolve_device(device),
        threads=threads,
        seed=seed,
        margin=margin,
        replicates=replicates,
        measure_cost=not no_cost,
        max_bad_files=max_bad_files,
        by=options.words(by),
        trust_remote_code=trust_remote_code,
        language=language,
        chunk_s=chunk_s,
        dtype=dtype or FLOAT32,
        compile=compile,
        speed=_speed(speed, speed_lengths, beside or [], energy),
    )
    held = None if gate is None else gates_of_evaluation(request, gate)
    with console.watching(quiet=quiet) as progress:
        outcome = run(request if held is None else held.request, progress)
    found = outcome.findings
    if held is not None:
        found = replace(found, gates=held.check(found, evaluations_of(outcome)))
    if output is not None:
        write_outcome(output, outcome, overwrite=overwrite, gates=found.gates)
    if as_json:
        console.show_text(report.render(found, "json"))
    else:
        console.show(*report.tables(found, groups=True, intervals=True, flips=flips))
    if output is not None:
        console.say(f"wrote {output}", quiet=quiet)
    end_by_gates(found.gates, quiet=quiet)


def _speed(
    is_asked: bool, lengths: str | None, beside: list[str], energy: bool
) -> SpeedOptions | None:
    """What --speed and its further options ask for.

    Raises:
        InputError: a further option without --speed, or lengths that cannot be timed.
    """
    from dataclasses import replace

    from asrcompress.core.errors import InputError
    from asrcompress.evaluate import SpeedOptions

    further = {"--speed-lengths": lengths, "--beside": beside, "--energy": energy}
    if not is_asked:
        for name, given in further.items():
            if given not in (None, [], False):
                raise InputError(f"{name} without --speed", next_step="add --speed")
        return None
    usual = SpeedOptions(energy=energy, beside=tuple(beside))
    if lengths is None:
        return usual
    return replace(usual, lengths_s=options.numbers(lengths, option="--speed-lengths"))

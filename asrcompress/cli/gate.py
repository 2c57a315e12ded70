"""asrcompress gate: rules that results are held against, and where their limits come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Json, Output, Overwrite, Quiet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asrcompress.core.findings import Findings
    from asrcompress.core.gates import GateTable

EXAMPLES = options.examples(
    "asrcompress gate calibrate audit-quickstart -o gates.yaml --baseline-out baseline.json",
    "asrcompress gate check audit-quickstart --gate gates.yaml",
    "asrcompress gate check audit-quickstart --gate gates.yaml --format junit -o gates.xml",
    "asrcompress gate baseline audit-quickstart --utterances -o baseline.json",
)
_FORMATS = ("table", "json", "junit", "markdown")


def register(app: typer.Typer) -> None:
    """Add the commands to the program, as a group."""
    group = typer.Typer(no_args_is_help=True, epilog=EXAMPLES)
    group.command(name="check", epilog=EXAMPLES)(check)
    group.command(name="calibrate", epilog=EXAMPLES)(calibrate)
    group.command(name="baseline", epilog=EXAMPLES)(baseline)
    app.add_typer(group, name="gate", help=gate.__doc__, epilog=EXAMPLES)


def gate() -> None:
    """Hold finished results to rules: a verdict, its reasons and an exit code."""


def check(
    results: Annotated[
        Path, typer.Argument(help="What evaluate or audit wrote: the folder or its results.json.")
    ],
    gate_file: Annotated[Path, typer.Option("--gate", help="The file of gates.")],
    committed: Annotated[
        Path | None,
        typer.Option("--baseline", help="A committed baseline, in place of the file's own."),
    ] = None,
    format_name: Annotated[
        str, typer.Option("--format", help="table, json, junit or markdown.")
    ] = "table",
    every: Annotated[
        bool, typer.Option("--all", help="Show checks that passed, too (format table).")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put gates.json beside the results, for reports.")
    ] = False,
    output: Output = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Hold results to the rules of a file. Exit code: 0 passed, 1 failed, 4 cannot tell, 3 missing.

    Nothing is recognised again: the counts are read from the results' folder.
    """
    from asrcompress.audit.gates import load_gate_file
    from asrcompress.audit.gates.stored import check_stored, write_gates
    from asrcompress.cli import console
    from asrcompress.cli.gate_outcome import end_by_gates
    from asrcompress.core.errors import InputError
    from asrcompress.core.output import check_output_file
    from asrcompress.core.registry import expected_one_of

    if format_name not in _FORMATS:
        expected = expected_one_of(format_name, _FORMATS)
        raise InputError("unknown format", got=repr(format_name), expected=expected)
    if output is not None:
        check_output_file(output, overwrite=overwrite)
    found = check_stored(results, load_gate_file(gate_file, baseline=committed))
    _hand_over(found, "json" if as_json else format_name, output, every=every)
    if write and found.gates is not None:
        console.say(f"wrote {write_gates(results, found.gates)}", quiet=quiet)
    if output is not None:
        console.say(f"wrote {output}", quiet=quiet)
    end_by_gates(found.gates, quiet=quiet)


def _hand_over(found: Findings, format_name: str, output: Path | None, *, every: bool) -> None:
    """Print the checks, or write them to a file."""
    from asrcompress import report
    from asrcompress.cli import console
    from asrcompress.core.files import to_json, write_text

    gates = found.gates
    if gates is None:
        raise ValueError("checked results without gates")
    if format_name == "table":
        shown = _tables(found, gates, every=every)
        if output is None:
            console.show(*shown)
            return
        text = report.as_text(shown)
    elif format_name == "json":
        text = to_json(gates.model_dump(mode="json"))
    else:
        text = report.render(found, format_name)
    if output is None:
        console.show_text(text)
    else:
        write_text(output, text)


def _tables(found: Findings, gates: GateTable, *, every: bool) -> list[RenderableType]:
    """The verdict, and the checks that did not pass, failed ones first, or all of them."""
    from dataclasses import replace

    from asrcompress.report.summary import gates_line, in_the_way
    from asrcompress.report.terminal.gates import gate_renderables
    from asrcompress.report.view import build_view

    shown = gates.checks if every else in_the_way(gates)
    view = build_view(replace(found, gates=gates.model_copy(update={"checks": shown})))
    passed = len(gates.checks) - len(shown)
    others = [f"{passed} checks passed; --all shows them."] if passed and shown else []
    return [gates_line(gates), *gate_renderables(view, full=True), *others]


def calibrate(
    results: Annotated[
        list[Path],
        typer.Argument(help="Accepted results: a folder, or one for each run of the same audit."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The gate file to write.")],
    baseline_out: Annotated[
        Path | None,
        typer.Option("--baseline-out", help="Write a baseline too, and rules that look at it."),
    ] = None,
    chance: Annotated[
        float,
        typer.Option(
            "--chance",
            min=0.0001,
            max=0.5,
            help="Of stopping an unchanged model on other recordings of the same kind.",
        ),
    ] = 0.05,
    headroom: Annotated[
        float,
        typer.Option(
            "--headroom", min=0, max=0.9, help="For speed and memory, seen in fewer than 3 runs."
        ),
    ] = 0.2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Propose rules that accepted results pass, each with where its limit comes from.

    Margins are no smaller than what the recordings can tell. Nothing is recognised again.
    """
    import os

    from asrcompress.audit.gates.calibration.calibrate import calibrate as calibrated
    from asrcompress.audit.gates.calibration.proposals import Room
    from asrcompress.cli import console
    from asrcompress.core.files import write_json, write_text
    from asrcompress.core.output import check_output_file

    check_output_file(output, overwrite=overwrite)
    name = None
    if baseline_out is not None:
        check_output_file(baseline_out, overwrite=overwrite)
        name = os.path.relpath(baseline_out, output.parent)
    found = calibrated(results, Room(chance, headroom), name)
    if baseline_out is not None and found.baseline is not None:
        write_json(baseline_out, found.baseline.model_dump(mode="json", exclude_none=True))
        console.say(f"wrote {baseline_out}", quiet=quiet)
    write_text(output, found.text)
    console.say(f"wrote {output}", quiet=quiet)


def baseline(
    results: Annotated[
        Path, typer.Argument(help="What evaluate or audit wrote: the folder or its results.json.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")],
    utterances: Annotated[
        bool,
        typer.Option("--utterances", help="Add each utterance's counts, to tell small rises."),
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Write the counts and costs of accepted results, to commit: what regression rules look at.

    No texts and no names of files are in it.
    """
    from asrcompress.audit.gates.stored import baseline_at
    from asrcompress.cli import console
    from asrcompress.core.files import write_json
    from asrcompress.core.output import check_output_file

    check_output_file(output, overwrite=overwrite)
    found = baseline_at(results, with_utterances=utterances)
    write_json(output, found.model_dump(mode="json", exclude_none=True))
    console.say(f"wrote {output}", quiet=quiet)

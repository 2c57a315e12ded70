"""asrcompress report: the tables and pages of results that are already there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Output, Overwrite, Quiet

EXAMPLES = options.examples(
    "asrcompress report audit-quickstart",
    "asrcompress report audit-quickstart --format markdown > comment.md",
    "asrcompress report audit-quickstart --format html -o report.html",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="report", epilog=EXAMPLES)(report)


def report(
    results: Annotated[
        Path, typer.Argument(help="What evaluate or audit wrote: the folder or its results.json.")
    ],
    format_name: Annotated[
        str, typer.Option("--format", help="table, markdown, csv, json or html.")
    ] = "table",
    groups: Annotated[
        bool, typer.Option("--groups", help="Tables of subgroups besides (format table).")
    ] = False,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Tables of intervals besides (format table).")
    ] = False,
    output: Output = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Print results as a table, or as Markdown, CSV, JSON or HTML."""
    from asrcompress import report as room
    from asrcompress.cli import console
    from asrcompress.core.errors import InputError
    from asrcompress.core.files import write_text
    from asrcompress.core.output import check_output_file
    from asrcompress.core.registry import expected_one_of
    from asrcompress.core.results import read_results

    if format_name not in room.format_names():
        expected = expected_one_of(format_name, room.format_names())
        raise InputError("unknown format", got=repr(format_name), expected=expected)
    if output is not None:
        check_output_file(output, overwrite=overwrite)
    found, costs = read_results(results)
    if format_name == "table" and output is None:
        console.show(*room.tables(found, costs, groups=groups, intervals=intervals))
        return
    text = room.render(found, costs, format_name)
    if output is None:
        console.show_text(text)
        return
    write_text(output, text)
    console.say(f"wrote {output}", quiet=quiet)

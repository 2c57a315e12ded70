"""asrcompress report: the tables and pages of results that are already there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Output, Overwrite, Quiet

EXAMPLES = options.examples(
    "asrcompress report audit-quickstart",
    "asrcompress report audit-quickstart --intervals --flips 5",
    "asrcompress report audit-quickstart --format markdown > comment.md",
    "asrcompress report audit-quickstart --format html --no-text -o report.html",
    "asrcompress report audit-quickstart --format kaldi | sort -k 2 -n",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="report", epilog=EXAMPLES)(report)


def report(
    results: Annotated[
        Path, typer.Argument(help="What evaluate or audit wrote: the folder or its results.json.")
    ],
    format_name: Annotated[
        str,
        typer.Option(
            "--format", help="table, markdown, html, json, csv (cells), figures (csv) or kaldi."
        ),
    ] = "table",
    groups: Annotated[
        bool, typer.Option("--groups", help="Tables of subgroups besides (format table).")
    ] = False,
    intervals: Annotated[
        bool,
        typer.Option("--intervals", help="Tables of intervals and tests besides (format table)."),
    ] = False,
    margins: Annotated[
        bool | None,
        typer.Option(
            "--margins/--no-margins",
            help="Tables by noise type, SNR and room (format table); default where they sum up.",
        ),
    ] = None,
    flips: Annotated[
        int,
        typer.Option(
            "--flips",
            min=0,
            metavar="N",
            help="The N worst utterances of each cell that compression broke (format table).",
        ),
    ] = 0,
    no_text: Annotated[
        bool,
        typer.Option("--no-text", help="Leave transcripts and words out, to share the page."),
    ] = False,
    output: Output = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Print results as a table, or as Markdown, HTML, JSON, CSV or Kaldi's lines."""
    from asrcompress import report as room
    from asrcompress.cli import console
    from asrcompress.core.error_table import read_errors
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
    errors = read_errors(results)
    errors = room.without_text(errors) if no_text else errors
    if format_name == "table":
        parts = room.tables(
            found,
            costs,
            groups=groups,
            intervals=intervals,
            margins=margins,
            errors=errors,
            flips=flips,
        )
        if output is None:
            console.show(*parts)
            return
        text = room.as_text(parts)
    else:
        text = room.render(found, costs, format_name, errors)
    if output is None:
        console.show_text(text)
        return
    write_text(output, text)
    console.say(f"wrote {output}", quiet=quiet)

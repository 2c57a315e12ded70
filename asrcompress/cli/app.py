"""The program and its commands; each command is one file."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import typer

from asrcompress.cli import (
    audit,
    cache,
    compress,
    corrupt,
    doctor,
    evaluate,
    gate,
    report,
    rescore,
    schema,
)

_HELP = "May I ship the compressed speech recogniser? Evidence, on your recordings, in private."
_COMMANDS = (compress, corrupt, evaluate, rescore, report, audit, doctor, schema)
_GROUPS = (cache, gate)  # of commands; typer lists them last


def build_app(asked: Collection[str] | None = None) -> typer.Typer:
    """The program.

    asked: words of the command line; a command that is not among them gets its name and its help
    alone. Finding the options of all commands takes longer than all else that the program's own
    help needs. None: every command with its options, as completion wants them.
    """
    app = typer.Typer(
        name="asrcompress",
        help=_HELP,
        epilog="Start with: asrcompress audit quickstart",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(program)
    for command in (*_COMMANDS, *_GROUPS):
        name = command.__name__.rpartition(".")[2]
        if asked is None or name in asked:
            command.register(app)
            continue
        place = app
        words = getattr(command, name).__doc__
        if command in _GROUPS:
            place = typer.Typer()
            app.add_typer(place, name=name, help=words)
        place.command(name=name, help=words)(_without_options)
    return app


def program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=lambda v: _show(v)),
    ] = False,
) -> None:
    """May I ship the compressed speech recogniser? Evidence, on your recordings, in private."""


def _without_options() -> None:
    """In the place of a command that was not asked for, and that is thus never called."""


def _show(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"asrcompress {version('asrcompress')}")
        raise typer.Exit

"""The program and its commands; each command is one file."""

from __future__ import annotations

from typing import Annotated

import typer

from asrcompress.cli import audit, compress, corrupt, evaluate, report, rescore, schema

_HELP = "May I ship the compressed speech recogniser? Evidence, on your recordings, in private."


def build_app(*, with_method_options: bool = True) -> typer.Typer:
    """The program.

    `with_method_options` False leaves out the options that compression methods bring: finding
    them takes half of a second, which the help of the program itself does not need.
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
    compress.register(app, with_method_options=with_method_options)
    for command in (corrupt, evaluate, rescore, report, audit, schema):
        command.register(app)
    return app


def program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=lambda v: _show(v)),
    ] = False,
) -> None:
    """May I ship the compressed speech recogniser? Evidence, on your recordings, in private."""


def _show(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"asrcompress {version('asrcompress')}")
        raise typer.Exit

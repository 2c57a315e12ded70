"""asrcompress audit: the whole matrix of a recipe, resumed, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from asrcompress.cli import options
from asrcompress.cli.gate_outcome import end_by_gates
from asrcompress.cli.options import Compile, Debug, Device, Dtype, Json, Output, Quiet, Threads
from asrcompress.core.errors import ExitCode

if TYPE_CHECKING:
    from asrcompress.audit.failures import Failure

EXAMPLES = options.examples(
    "asrcompress audit quickstart",
    "asrcompress audit --list",
    "asrcompress audit real-words --set data=recordings --dry-run",
    "asrcompress audit my-recipe.yaml -o results --json",
)

_MOST_NAMED = 3  # of the tasks that could not be done without one that failed


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="audit", epilog=EXAMPLES)(audit)


def audit(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe's file, or the name of a shipped one.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Fill in a parameter: KEY=VALUE.")
    ] = None,
    output: Output = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan with its cost, and do nothing.")
    ] = False,
    list_recipes: Annotated[
        bool, typer.Option("--list", help="List the recipes that come with the program.")
    ] = False,
    device: Device = "auto",
    threads: Threads = None,
    dtype: Dtype = None,
    compile: Compile = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes for audio; default all cores.")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=0, help="Processes for models, which share the threads; 0: this one."
        ),
    ] = 1,
    cache: Annotated[
        str | None,
        typer.Option(
            "--cache", help="Folder of finished pieces, to share; for a cluster also a URL."
        ),
    ] = None,
    rerun: Annotated[
        str | None,
        typer.Option("--rerun", help="Do again what failed, or all: also what is in the cache."),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="What does the work: local, or ray on a cluster.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option("--address", help="Of the cluster, for the engine that has one.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Instead of the recipe's seed.")
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="A file of gates, to hold instead of the recipe's."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run models x compressions x conditions, and print the table.

    Finished pieces are kept in the cache: run it again and only what is missing is done. What
    cannot be done is told, the rest is shown, and the exit code is 3.
    """
    from asrcompress.cli import console
    from asrcompress.core.errors import InputError

    if list_recipes:
        _list(as_json=as_json)
        return
    if recipe is None:
        raise InputError("no recipe", expected="a file or a name; asrcompress audit --list")
    from asrcompress import report
    from asrcompress.audit import AuditRequest, plan_of, run
    from asrcompress.audit.store import is_url
    from asrcompress.core.device import resolve_device

    request = AuditRequest(
        recipe=recipe,
        settings=tuple(settings or ()),
        output=output,
        device=resolve_device(device),
        seed=seed,
        threads=threads,
        workers=workers,
        dtype=dtype,
        compile=compile,
        engine=engine,
        address=address,
        jobs=jobs,
        cache=None if cache is None or is_url(cache) else Path(cache),
        store=cache if cache is not None and is_url(cache) else None,
        rerun=_rerun(rerun),
        gate=gate,
    )
    if dry_run:
        _show_plan(plan_of(request), as_json=as_json)
        return
    with console.watching(quiet=quiet) as progress:
        outcome = run(request, progress)
    if as_json:
        console.show_text(report.render(outcome.findings, "json"))
    else:
        console.show(*report.tables(outcome.findings))
    console.say(
        f"wrote {outcome.folder}: {outcome.cells_run} cells run, "
        f"{outcome.cells_cached} taken from the cache",
        quiet=quiet,
    )
    if outcome.failures:
        _tell_failures(outcome.failures, debug=debug)
        raise typer.Exit(ExitCode.INTERNAL)
    end_by_gates(outcome.findings.gates, quiet=quiet)


def _rerun(asked: str | None) -> Literal["failed", "all"] | None:
    from asrcompress.core.errors import InputError

    known: dict[str | None, Literal["failed", "all"] | None]
    known = {None: None, "failed": "failed", "all": "all"}
    if asked not in known:
        raise InputError("bad --rerun", got=repr(asked), expected="failed or all")
    return known[asked]


def _tell_failures(failures: Sequence[Failure], *, debug: bool) -> None:
    """A line for each task that failed itself, with those that could not be done without it."""
    import sys

    from asrcompress.cli import console

    for failure in failures:
        if failure.because_of is not None:
            continue
        others = [one.words for one in failures if one.because_of == failure.task]
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        so = f"; not done without it: {', '.join(others[:_MOST_NAMED])}{more}" if others else ""
        console.say_line(f"error: {failure.line}{so}")
        if debug and failure.trace:
            sys.stderr.write(failure.trace)


def _list(*, as_json: bool) -> None:
    from rich import box
    from rich.table import Table

    from asrcompress.audit import recipe_titles
    from asrcompress.cli import console

    titles = recipe_titles()
    if as_json:
        console.show_json(titles)
        return
    table = Table("recipe", "what it does", "run it with", box=box.SIMPLE_HEAD, show_edge=False)
    for name, (title, command) in titles.items():
        table.add_row(name, title, command)
    console.show(table)


def _show_plan(plan: Any, *, as_json: bool) -> None:
    from rich import box
    from rich.table import Table

    from asrcompress.audit import plan_cost
    from asrcompress.cli import console

    cost = plan_cost(plan)
    if as_json:
        console.show_json(cost)
        return
    totals = Table("what", "how much", show_header=False, box=box.SIMPLE_HEAD, show_edge=False)
    for what, how_much in cost.items():
        said = "unknown" if how_much is None else how_much
        totals.add_row(what.replace("_", " "), said if isinstance(said, str) else f"{said:,}")
    console.show(*_cells(plan), "", totals)


def _cells(plan: Any) -> list[Any]:
    """Which cells are done, in tables that fit."""
    from asrcompress.report import matrix_tables

    missing = {cell.key for cell in plan.missing_cells()}
    columns = {
        job.name: [
            "to do" if cell.key in missing else "done"
            for cell in plan.cells
            if cell.artefact is job
        ]
        for job in plan.artefacts
    }
    conditions = [job.condition.name for job in plan.conditions]
    return matrix_tables("Cells", ("condition", conditions), columns, column_head="artefact")

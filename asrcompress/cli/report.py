"""asrcompress report: the tables and pages of results, or of a compressed model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Output, Overwrite, Quiet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asrcompress.core.manifest import ArtefactManifest

EXAMPLES = options.examples(
    "asrcompress report audit-quickstart",
    "asrcompress report audit-quickstart --intervals --flips 5",
    "asrcompress report audit-quickstart --format markdown > comment.md",
    "asrcompress report audit-quickstart --format html --no-text -o report.html",
    "asrcompress report audit-quickstart --format html --audio 10 -o listen.html",
    "asrcompress report audit-quickstart --format kaldi | sort -k 2 -n",
    "asrcompress report audit-quickstart --format svg -o pareto.svg",
    "asrcompress report audit-quickstart --figures figures --figure-format svg,png",
    "asrcompress report wav2vec2-base-960h-int8 --format html -o layers.html",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="report", epilog=EXAMPLES)(report)


def report(
    results: Annotated[
        Path,
        typer.Argument(
            help="What evaluate or audit wrote: the folder or its results.json. "
            "Or what compress wrote: a model's folder, shown layer by layer."
        ),
    ],
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            help="table, markdown, html or json; of results also csv, figures (csv), speed (csv), "
            "svg (WER against size and speed), kaldi.",
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
    full: Annotated[
        bool, typer.Option("--full", help="Of a model: a row per tensor (format table).")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Of a model: a row per layer besides (format table).")
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FOLDER",
            help="Of results: write the page's figures there as files, and print their names.",
        ),
    ] = None,
    figure_format: Annotated[
        str | None,
        typer.Option("--figure-format", help="svg, png or svg,png (with --figures); default svg."),
    ] = None,
    audio: Annotated[
        int,
        typer.Option(
            "--audio",
            min=0,
            metavar="N",
            help="Embed the recordings of the N worst utterances that compression broke, as the "
            "model heard them (format html).",
        ),
    ] = 0,
    output: Output = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Print results, or what compression did to a model, as a table, page or other text."""
    from asrcompress import report as room
    from asrcompress.core.errors import InputError
    from asrcompress.core.output import check_output_file
    from asrcompress.core.registry import expected_one_of

    known = {*room.format_names(), *room.artefact_format_names()}
    if format_name not in known:
        expected = expected_one_of(format_name, known)
        raise InputError("unknown format", got=repr(format_name), expected=expected)
    if output is not None:
        check_output_file(output, overwrite=overwrite)
    manifest = _manifest_at(results)
    of_results: dict[str, object] = {"--groups": groups, "--intervals": intervals}
    of_results |= {"--flips": flips, "--margins": margins is not None, "--audio": audio}
    of_pages = {"--format": format_name != "table", "-o": output, "--no-text": no_text}
    of_figures = {"--figures": figures, "--figure-format": figure_format}
    if figures is not None and manifest is None:
        of_models = {"--full": full, "--explain": explain}
        _refuse({**of_results, **of_pages, **of_models}, where=figures, what="figures alone")
        _write_figures(results, figures, figure_format, overwrite=overwrite)
        return
    of_results |= of_figures
    if manifest is not None:
        _refuse(of_results, where=results, what="this is a model, not results")
        found = _artefact_report(manifest, format_name, full=full, explain=explain)
    else:
        of_models = {"--full": full, "--explain": explain}
        _refuse(of_models, where=results, what="these are results, not a model")
        _refuse({"--figure-format": figure_format}, where=results, what="no --figures FOLDER")
        no_page = {"--audio": audio and (no_text or format_name != "html")}
        _refuse(no_page, where=results, what="recordings are for --format html with its text")
        parts = {"groups": groups, "intervals": intervals, "margins": margins, "flips": flips}
        parts |= {"audio": audio}
        found = _results_report(results, format_name, no_text=no_text, parts=parts)
    _hand_over(found, output, quiet=quiet)


_Report: TypeAlias = "str | Sequence[RenderableType]"


def _manifest_at(path: Path) -> ArtefactManifest | None:
    """The manifest of an artefact's folder or at that path itself; None where it is none."""
    from asrcompress.core.manifest import MANIFEST_NAME, read_manifest

    return read_manifest(path.parent if path.name == MANIFEST_NAME else path)


def _refuse(given: Mapping[str, object], *, where: Path, what: str) -> None:
    """Refuse options that mean nothing here, rather than ignore them."""
    from asrcompress.core.errors import InputError

    names = [name for name, value in given.items() if value]
    if names:
        raise InputError(what, where=where, got=", ".join(names), next_step="leave it out")


def _artefact_report(
    manifest: ArtefactManifest, format_name: str, *, full: bool, explain: bool
) -> _Report:
    from asrcompress import report as room
    from asrcompress.core.errors import InputError
    from asrcompress.core.registry import expected_one_of

    if format_name not in room.artefact_format_names():
        expected = expected_one_of(format_name, room.artefact_format_names())
        raise InputError("a format of results only", got=repr(format_name), expected=expected)
    if format_name == "table":
        return room.artefact_tables(manifest, full=full, explain=explain)
    return room.render_artefact(manifest, format_name)


def _results_report(
    path: Path, format_name: str, *, no_text: bool, parts: dict[str, Any]
) -> _Report:
    from asrcompress import report as room
    from asrcompress.core.errors import InputError
    from asrcompress.core.findings import read_findings

    found = read_findings(path)
    if no_text:
        found = replace(found, errors=room.without_text(found.errors))
    if format_name == "speed" and found.speed is None:
        raise InputError(
            "no speed was measured", where=path, next_step="measure it with evaluate --speed"
        )
    if most := parts.pop("audio"):
        return room.page_with_audio(found, path, most)
    if format_name == "table":
        return room.tables(found, **parts)
    return room.render(found, format_name)


def _hand_over(found: _Report, output: Path | None, *, quiet: bool) -> None:
    """Print the report, or write it to a file as text."""
    from asrcompress import report as room
    from asrcompress.cli import console
    from asrcompress.core.files import write_text

    if output is not None:
        write_text(output, found if isinstance(found, str) else room.as_text(found))
        console.say(f"wrote {output}", quiet=quiet)
    elif isinstance(found, str):
        console.show_text(found)
    else:
        console.show(*found)


def _write_figures(
    results: Path, folder: Path, figure_format: str | None, *, overwrite: bool
) -> None:
    """Write the figures' files, and print where they are, one a line."""
    from asrcompress.cli import console
    from asrcompress.core.findings import read_findings
    from asrcompress.core.output import check_output
    from asrcompress.core.results import RESULTS_NAME
    from asrcompress.report.figure_files import write_figures

    formats = _figure_formats(figure_format)
    file = results / RESULTS_NAME if results.is_dir() else results  # beside it there is room
    check_output(folder, overwrite=overwrite, inputs=[file])
    names = write_figures(folder, read_findings(results), formats, overwrite=overwrite)
    console.show_text("".join(f"{folder / name}\n" for name in names))


def _figure_formats(given: str | None) -> tuple[str, ...]:
    """The formats in their order, each once."""
    from asrcompress.core.errors import InputError
    from asrcompress.core.registry import expected_one_of
    from asrcompress.report.figure_files import FORMATS

    wanted = FORMATS[:1] if given is None else tuple(part.strip() for part in given.split(","))
    for name in wanted:
        if name not in FORMATS:
            expected = expected_one_of(name, FORMATS)
            raise InputError("unknown figure format", got=repr(name), expected=expected)
    return tuple(dict.fromkeys(wanted))

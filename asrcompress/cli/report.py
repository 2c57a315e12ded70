"""asrcompress report: the tables and pages of results, or of a compressed model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from asrcompress.cli import options
from asrcompress.cli import report_options as named
from asrcompress.cli.options import Debug, Output, Overwrite, Quiet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asrcompress.core.findings import Findings
    from asrcompress.core.manifest import ArtefactManifest

EXAMPLES = options.examples(
    "asrcompress report audit-quickstart",
    "asrcompress report audit-quickstart --intervals --flips 5",
    "asrcompress report audit-quickstart --format markdown > comment.md",
    "asrcompress report audit-quickstart --format junit -o junit.xml",
    "asrcompress report audit-quickstart --format html --redact -o report.html",
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
    results: named.Results,
    format_name: named.FormatName = "table",
    gates: named.Gates = False,
    groups: named.Groups = False,
    intervals: named.Intervals = False,
    margins: named.Margins = None,
    layers: named.Layers = False,
    flips: named.Flips = 0,
    full: named.Full = False,
    explain: named.Explain = False,
    no_text: named.NoText = False,
    redact: named.Redact = False,
    figures: named.Figures = None,
    figure_format: named.FigureFormat = None,
    audio: named.Audio = 0,
    output: Output = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Print results, or what compression did to a model, as a table, page or other text."""
    from asrcompress.core.output import check_output_file

    _check_format(format_name)
    if output is not None:
        check_output_file(output, overwrite=overwrite)
    manifest = _manifest_at(results)
    parts: dict[str, Any] = {
        "gates": gates,
        "groups": groups,
        "intervals": intervals,
        "layers": layers,
    }
    parts |= {"margins": margins, "flips": flips}
    of_tables: dict[str, object] = {f"--{name}": value for name, value in parts.items()}
    of_tables["--margins"] = margins is not None
    of_models = {"--full": full, "--explain": explain}
    if manifest is not None:
        of_results = {**of_tables, "--audio": audio, "--redact": redact, "--figures": figures}
        of_results["--figure-format"] = figure_format
        _refuse(of_results, where=results, what="this is a model, not results")
        found = _artefact_report(manifest, format_name, full=full, explain=explain)
        _hand_over(found, output, quiet=quiet)
        return
    if figures is not None:
        of_pages: dict[str, object] = {
            "--format": format_name != "table",
            "-o": output,
            "--no-text": no_text,
        }
        of_pages["--audio"] = audio
        _refuse({**of_tables, **of_pages, **of_models}, where=figures, what="figures alone")
        _write_figures(
            _findings(results, redact=redact), (results, figures), figure_format, overwrite
        )
        return
    _refuse(of_models, where=results, what="these are results, not a model")
    _refuse({"--figure-format": figure_format}, where=results, what="no --figures FOLDER")
    no_page = {"--audio": audio and (no_text or redact or format_name != "html")}
    _refuse(no_page, where=results, what="recordings are for --format html with its text")
    findings = _findings(results, no_text=no_text, redact=redact)
    report = _results_report(findings, results, format_name, audio=audio, parts=parts)
    _hand_over(report, output, quiet=quiet)


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


def _check_format(name: str) -> None:
    from asrcompress import report as room
    from asrcompress.core.errors import InputError
    from asrcompress.core.registry import expected_one_of

    known = {*room.format_names(), *room.artefact_format_names()}
    if name not in known:
        expected = expected_one_of(name, known)
        raise InputError("unknown format", got=repr(name), expected=expected)


def _findings(path: Path, *, no_text: bool = False, redact: bool = False) -> Findings:
    """What is there, without what is not to be shared."""
    from asrcompress import report as room
    from asrcompress.core.findings import read_findings

    found = read_findings(path)
    if redact:
        found = room.redacted(found)
    if no_text:
        found = replace(found, errors=room.without_text(found.errors))
    return found


def _results_report(
    found: Findings, path: Path, format_name: str, *, audio: int, parts: Mapping[str, Any]
) -> _Report:
    from asrcompress import report as room
    from asrcompress.core.errors import InputError

    if format_name == "speed" and found.speed is None:
        raise InputError(
            "no speed was measured", where=path, next_step="measure it with evaluate --speed"
        )
    if format_name == "gates" and found.gates is None:
        raise InputError(
            "no gates were checked", where=path, next_step="check them with asrcompress gate"
        )
    if audio:
        return room.page_with_audio(found, path, audio)
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
    found: Findings, places: tuple[Path, Path], figure_format: str | None, overwrite: bool
) -> None:
    """Write the figures' files, and print where they are, one a line. places: from and to."""
    from asrcompress.cli import console
    from asrcompress.core.output import check_output
    from asrcompress.core.results import RESULTS_NAME
    from asrcompress.report.figure_files import write_figures

    results, folder = places
    formats = _figure_formats(figure_format)
    file = results / RESULTS_NAME if results.is_dir() else results  # beside it there is room
    check_output(folder, overwrite=overwrite, inputs=[file])
    names = write_figures(folder, found, formats, overwrite=overwrite)
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

"""Reports: one file a format, all over one view of the results. Slow parts load when used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.error_table import ErrorTable
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.manifest import ArtefactManifest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asrcompress.report.utterances import KeptLines


def render(found: Findings, format_name: str) -> str:
    """What a run found as text in a format, one of `format_names`.

    Raises:
        InputError: there is no format of that name.
    """
    from asrcompress.core.registry import load_plugin
    from asrcompress.report import formats
    from asrcompress.report.view import build_view

    plugin = load_plugin(formats, format_name)
    return str(plugin.render(build_view(found)))


def page_with_audio(found: Findings, path: Path, most: int) -> str:
    """The HTML page with the recordings of the worst utterances that compression broke in it.

    path: the folder that evaluate or audit wrote, or its results.json. most: recordings.

    Raises:
        InputError: a recording is gone or unreadable, or they are too large for one page.
    """
    from asrcompress.report.formats import html
    from asrcompress.report.players import players_of
    from asrcompress.report.view import build_view

    folder = path if path.is_dir() else path.parent
    return html.render(build_view(found), players_of(found.errors, folder, most))


def format_names() -> tuple[str, ...]:
    """The formats `render` knows, sorted."""
    from asrcompress.core.registry import plugin_names
    from asrcompress.report import formats

    return plugin_names(formats)


def tables(
    found: Findings,
    *,
    groups: bool = False,
    intervals: bool = False,
    margins: bool | None = None,
    flips: int = 0,
    gates: bool = False,
    layers: bool = False,
) -> list[RenderableType]:
    """What a run found, for a Rich console, to print one after the other.

    groups, intervals: add the longer tables of subgroups, and of differences and their tests.
    margins: by noise type, SNR and room; None for those that say more than the matrix.
    flips: so many utterances of each cell that compression broke.
    gates: all checks, not only those that did not pass. layers: bits and zeros by block.
    """
    from asrcompress.report.formats import table
    from asrcompress.report.view import build_view

    parts = table.Parts(groups, intervals, margins, flips, gates, layers)
    return table.renderables(build_view(found), parts)


def matrix_tables(
    title: str,
    lead: tuple[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]],
    *,
    column_head: str,
) -> list[RenderableType]:
    """A table for a Rich console in pieces that fit, turned where it is wide and low.

    lead: the head and the names of the rows. columns: cells by the column's name.
    """
    from asrcompress.report.console import Matrix, text

    cells = [(name, [text(cell) for cell in column]) for name, column in columns.items()]
    return [Matrix(title, [lead], cells, column_head)]


def as_text(renderables: Sequence[RenderableType]) -> str:
    """What `tables` gives as plain text, 80 columns wide, for a file."""
    from asrcompress.report.console import plain

    return plain(renderables)


def ledger_tables(manifest: ArtefactManifest, *, full: bool = False) -> list[RenderableType]:
    """What a compression did, for a Rich console; full: a row per tensor, not per module."""
    from asrcompress.report.artefact_view import artefact_view
    from asrcompress.report.console import spaced
    from asrcompress.report.ledger import ledger_renderables

    return spaced(ledger_renderables(artefact_view(manifest), full=full))


def explain_tables(manifest: ArtefactManifest) -> list[RenderableType]:
    """Why, layer by layer, for a Rich console: a map of bits by depth, then a row per layer.

    Histograms, sizes and classes of the weights, bits and pruning, and what each option alone
    would change, as far as the method looked at it.
    """
    from asrcompress.report.artefact_view import artefact_view
    from asrcompress.report.console import spaced
    from asrcompress.report.terminal.bit_map import map_renderables
    from asrcompress.report.terminal.layers import layer_renderables

    layout = artefact_view(manifest).layout
    return spaced([*map_renderables(layout), *layer_renderables(layout)])


def artefact_tables(
    manifest: ArtefactManifest, *, full: bool = False, explain: bool = False
) -> list[RenderableType]:
    """A finished artefact for a Rich console: its ledger and the map of bits by depth.

    full: a row per tensor. explain: a row per layer besides, as in `explain_tables`.
    """
    from asrcompress.report.artefact_formats import table
    from asrcompress.report.artefact_view import artefact_view

    return table.renderables(artefact_view(manifest), full=full, explain=explain)


def render_artefact(manifest: ArtefactManifest, format_name: str) -> str:
    """An artefact's manifest as text in a format: table, markdown, html or json.

    Raises:
        InputError: there is no format of that name.
    """
    from asrcompress.core.registry import load_plugin
    from asrcompress.report import artefact_formats
    from asrcompress.report.artefact_view import artefact_view

    return str(load_plugin(artefact_formats, format_name).render(artefact_view(manifest)))


def artefact_format_names() -> tuple[str, ...]:
    """The formats `render_artefact` knows, sorted."""
    from asrcompress.core.registry import plugin_names
    from asrcompress.report import artefact_formats

    return plugin_names(artefact_formats)


def without_text(errors: ErrorTable) -> ErrorTable:
    """The counts of what compression broke, without transcripts, words and utterances' names."""
    from asrcompress.report.flips import without_text as counts_of

    return counts_of(errors)


def redacted(found: Findings) -> Findings:
    """Without words, and with numbers for utterances, speakers and the values of subgroups."""
    from asrcompress.report.redaction import redacted as without_names

    return without_names(found)


def write(
    folder: Path,
    found: Findings,
    evaluations: Mapping[tuple[str, str], Evaluation] | KeptLines,
) -> None:
    """Write results.json, what stands beside it, and the tables and pages made of it.

    evaluations: by (artefact, condition), or their lines; what is missing has none in
    utterances.jsonl.

    Raises:
        OutputError: the folder cannot be written.
    """
    from asrcompress.report.folder import write_folder

    write_folder(folder, found, evaluations)

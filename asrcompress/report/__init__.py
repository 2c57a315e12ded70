"""Reports: one file a format, all over one view of the results. Slow parts load when used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.evaluation import Evaluation
from asrcompress.core.manifest import ArtefactManifest
from asrcompress.core.results import CostTable, Results

if TYPE_CHECKING:
    from rich.console import RenderableType


def render(results: Results, costs: CostTable, format_name: str) -> str:
    """The results as text in a format: table, markdown, csv, json or html.

    Raises:
        InputError: there is no format of that name.
    """
    from asrcompress.core.registry import load_plugin
    from asrcompress.report import formats
    from asrcompress.report.view import build_view

    plugin = load_plugin(formats, format_name)
    return str(plugin.render(build_view(results, costs)))


def format_names() -> tuple[str, ...]:
    """The formats `render` knows, sorted."""
    from asrcompress.core.registry import plugin_names
    from asrcompress.report import formats

    return plugin_names(formats)


def tables(
    results: Results, costs: CostTable, *, groups: bool = False, intervals: bool = False
) -> list[RenderableType]:
    """The results for a Rich console, to print one after the other.

    groups, intervals: add the longer tables of subgroups and of differences.
    """
    from asrcompress.report.formats import table
    from asrcompress.report.view import build_view

    return table.renderables(build_view(results, costs), groups=groups, intervals=intervals)


def ledger_tables(manifest: ArtefactManifest, *, full: bool = False) -> list[RenderableType]:
    """What a compression did, for a Rich console; full: a row per tensor, not per module."""
    from asrcompress.report.ledger import ledger_renderables

    return ledger_renderables(manifest, full=full)


def write(
    folder: Path,
    results: Results,
    costs: CostTable,
    evaluations: Mapping[tuple[str, str], Evaluation],
) -> None:
    """Write results.json, cost.json, utterances.jsonl, cells.csv, report.md and report.html.

    evaluations: by (artefact, condition); what is missing has no lines in utterances.jsonl.

    Raises:
        OutputError: the folder cannot be written.
    """
    from asrcompress.report.folder import write_folder

    write_folder(folder, results, costs, evaluations)

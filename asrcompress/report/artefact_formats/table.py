"""An artefact for a terminal of 80 columns: its ledger, and the map of bits by depth."""

from __future__ import annotations

from rich.console import RenderableType

from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.console import plain, spaced
from asrcompress.report.ledger import ledger_renderables
from asrcompress.report.terminal.bit_map import map_renderables
from asrcompress.report.terminal.layers import layer_renderables


def render(view: ArtefactView) -> str:
    """The tables as plain text, 80 columns wide."""
    return plain(renderables(view))


def renderables(
    view: ArtefactView, *, full: bool = False, explain: bool = False
) -> list[RenderableType]:
    """The tables for a Rich console; full: a row per tensor; explain: and a row per layer."""
    layers = layer_renderables(view.layout) if explain else []
    return spaced([*ledger_renderables(view, full=full), *map_renderables(view.layout), *layers])

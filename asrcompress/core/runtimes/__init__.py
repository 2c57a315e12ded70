"""Runtimes other than PyTorch, one file each: opening the graph of an artefact and running it."""

from __future__ import annotations

from pathlib import Path

from asrcompress.core.registry import load_plugin
from asrcompress.core.runtimes._graph import Graph

__all__ = ["Graph", "open_graph"]


def open_graph(
    runtime: str,
    folder: Path,
    *,
    inputs: tuple[str, ...],
    exact: bool,
    threads: int | None = None,
) -> Graph:
    """The graph in the folder; exact: all that is not quantised is computed in float32.

    threads: None leaves the runtime's choice.

    Raises:
        InputError: no such runtime.
        ModelError: it is not installed, or cannot open the graph.
    """
    from asrcompress.core import runtimes

    opened: Graph = load_plugin(runtimes, runtime).open_graph(folder, inputs, threads, exact=exact)
    return opened

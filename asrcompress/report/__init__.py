"""Reports: one file a format, all over one view of the results."""

from __future__ import annotations

from asrcompress.core.results import CostTable, Results


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

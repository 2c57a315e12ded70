"""One HTML file about one artefact that opens from disk: no network, no fonts."""

from __future__ import annotations

from typing import Any

from asrcompress.core.ledger import HISTOGRAM_BINS, LayerAnalysis
from asrcompress.report import bit_grids, figures
from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.layers import options_of
from asrcompress.report.page import page_environment
from asrcompress.report.sensitivity_charts import depth_charts
from asrcompress.report.wording import divergence, list_names, percent

_COLOURS = 8  # of the style sheet's line classes; after them they begin again, dashed


def render(view: ArtefactView) -> str:
    """The page."""
    environment = page_environment()
    environment.filters |= {
        "kilobytes": _kilobytes,
        "level": bit_grids.colour_level,
        "nats": divergence,
        "path": bit_grids.histogram_path,
        "shape_words": _shape_words,
        "small": lambda value: f"{value:.3g}",
    }
    return environment.get_template("artefact.html.j2").render(**_variables(view))


def _variables(view: ArtefactView) -> dict[str, Any]:
    layers = view.layout.layers
    analyses = [layer.analysis for layer in layers if layer.analysis]
    measured = [row for found in analyses for row in found.sensitivity]
    record = view.manifest.calibration
    return {
        "view": view,
        "all_maps": bit_grids.bit_grids(view.layout),
        "levels": bit_grids.levels_of(view.layout),
        "charts": depth_charts(view.layout),
        "figures": figures,
        "grids": bit_grids,
        "colours": _COLOURS,
        "conditions": tuple(dict.fromkeys([*record.predicted, *record.measured])) if record else (),
        "has_shapes": bool(analyses),
        "has_classes": any(found.memberships for found in analyses),
        "options": options_of(layers),
        "measured_on": list_names(
            dict.fromkeys(name for row in measured for name in row.divergence)
        ),
    }


def _kilobytes(size_bytes: int) -> str:
    """Bytes in kB (10^3 bytes) with one decimal: 4,194.3."""
    return f"{size_bytes / 1e3:,.1f}"


def _shape_words(analysis: LayerAnalysis) -> str:
    """What the picture of a histogram shows, for who does not see it."""
    total = sum(analysis.histogram)
    inner = analysis.histogram[len(analysis.histogram) // 2] / total if total else None
    near = analysis.max_abs / HISTOGRAM_BINS
    ends = f"weights from {-analysis.max_abs:.3g} to {analysis.max_abs:.3g}"
    return f"{ends}, {percent(inner)} % of them within {near:.2g} of zero"

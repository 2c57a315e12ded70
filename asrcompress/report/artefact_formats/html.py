"""One HTML file about one artefact that opens from disk: no network, no fonts."""

from __future__ import annotations

from typing import Any

from asrcompress.core.ledger import HISTOGRAM_BINS, LayerAnalysis
from asrcompress.report import bit_grids, figures
from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.block_widths import together
from asrcompress.report.curve_table import curve_rows, mask_rows
from asrcompress.report.layers import options_of
from asrcompress.report.page import page_environment, page_head
from asrcompress.report.sensitivity_charts import depth_charts
from asrcompress.report.training_charts import curve_charts, mask_charts
from asrcompress.report.training_facts import training_facts
from asrcompress.report.width_charts import width_charts
from asrcompress.report.wording import divergence, list_names, percent

_STYLES = ("report.css", "bits.css", "artefact.css", "print.css")
_DEPTHS = 12  # of the style sheet's classes for depth
_DASHES = ("", "dashed", "dotted")
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
    variables = _variables(view)
    variables["head"] = page_head(environment, _STYLES)
    return environment.get_template("artefact.html.j2").render(**variables)


def _variables(view: ArtefactView) -> dict[str, Any]:
    layers = view.layout.layers
    analyses = [layer.analysis for layer in layers if layer.analysis]
    measured = [row for found in analyses for row in found.sensitivity]
    record = view.manifest.calibration
    return {
        "view": view,
        "title": view.title,
        "all_maps": bit_grids.bit_grids(view.layout),
        "levels": bit_grids.levels_of(view.layout),
        "charts": depth_charts(view.layout),
        **_training_variables(view),
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


def _training_variables(view: ArtefactView) -> dict[str, Any]:
    record = view.manifest.training
    masks = record.masks if record else None
    drawn_masks = mask_charts(masks)
    return {
        "training_facts": training_facts(record) if record else {},
        "curve_charts": curve_charts(record) if record else (),
        "curve_table": curve_rows(record.curves) if record and record.curves.steps else None,
        "mask_charts": drawn_masks,
        "mask_table": mask_rows(masks) if masks and drawn_masks else None,
        "width_charts": width_charts(view.blocks),
        "whole": together(view.blocks),
        "depth_class": _depth_class,
    }


def _depth_class(index: int, count: int) -> str:
    """The style of one of `count` lines from the first block to the last: light to dark.

    Where there are more lines than colours, those that share one differ in their dashes.
    """
    if count <= _DEPTHS:
        return f"depthline{round(index * (_DEPTHS - 1) / max(count - 1, 1))}"
    colour = index * _DEPTHS // count
    first = -(-colour * count // _DEPTHS)  # of those that share the colour
    return f"depthline{colour} {_DASHES[(index - first) % len(_DASHES)]}".strip()


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

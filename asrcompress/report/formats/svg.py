"""The Pareto pictures as one SVG file, for a page or a slide of one's own; light and dark."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.report import pareto_charts
from asrcompress.report.labels import short_name
from asrcompress.report.page import page_environment
from asrcompress.report.pareto_charts import HEIGHT, WIDTH, ParetoChart
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.view import View

_ACROSS = 2
_HEAD = 34  # units above each picture, for its title
_EMPTY_HEIGHT = 80


@dataclass(frozen=True, slots=True)
class _Place:
    """A picture with its upper left corner."""

    chart: ParetoChart
    x: int
    y: int

    @property
    def title(self) -> str:
        front = self.chart.front
        return f"WER under {short_name(front.condition)} against {short_name(front.measure.title)}"


def render(view: View) -> str:
    """The file; where no two artefacts can be held against each other it says so."""
    charts = pareto_charts.pareto_charts(fronts_of(view))
    places = [
        _Place(chart, index % _ACROSS * WIDTH, index // _ACROSS * (HEIGHT + _HEAD) + _HEAD)
        for index, chart in enumerate(charts)
    ]
    rows = -(-len(places) // _ACROSS)
    return (
        page_environment()
        .get_template("pareto.svg.j2")
        .render(
            title=view.results.title,
            places=places,
            pareto=pareto_charts,
            width=WIDTH * min(_ACROSS, max(1, len(places))),
            height=rows * (HEIGHT + _HEAD) or _EMPTY_HEIGHT,
        )
    )

"""How all pictures look: sizes of a paper's column, and colours that do not have to be told apart.

Colours are those of Okabe and Ito (2008), "Color Universal Design", without the yellow, which is
faint on white; every line has a marker and a dash of its own besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

COLUMN_IN = 3.5  # a column of the IEEE's two-column layout; ISCA's has 3.15
PAGE_IN = 7.16  # both columns and the gap between them
PLOT_IN = 2.2  # the height of a plot with its axes' labels
DPI = 300
FONT_PT = 7.0
SMALL_PT = 6.0
LEGEND_ROW_IN = 0.145
MOST_IN_LEGEND = 24  # characters of a name, two names in a row of a column
_COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.5), (1, 1.2), (6, 1.5, 1, 1.5), (8, 2, 3, 2))
SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": FONT_PT,
    "axes.labelsize": FONT_PT,
    "axes.titlesize": FONT_PT,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "legend.fontsize": SMALL_PT,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a name may hold a dollar
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "asrcompress",  # the same bytes each time
}


@dataclass(frozen=True, slots=True)
class Look:
    """What tells one line from the others, with and without colour."""

    colour: str
    marker: str
    dashes: tuple[float, ...]

    @property
    def line_style(self) -> Any:
        return (0, self.dashes) if self.dashes else "solid"


def look_of(index: int) -> Look:
    """The look of the line of that number; 280 of them differ, as 7, 8 and 5 share no factor."""
    return Look(
        _COLOURS[index % len(_COLOURS)],
        _MARKERS[index % len(_MARKERS)],
        _DASHES[index % len(_DASHES)],
    )


def legend_height_in(count: int) -> float:
    """What a legend of so many names takes below a plot of one column."""
    return LEGEND_ROW_IN * -(-count // 2) + 0.1


def add_legend(figure: Figure, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """The legend below the plot, two names in a row."""
    figure.legend(
        list(handles),
        list(names),
        loc="outside lower center",
        ncols=min(2, len(names)),
        frameon=False,
        handlelength=3.4,
        borderaxespad=0.2,
        labelspacing=0.25,
    )

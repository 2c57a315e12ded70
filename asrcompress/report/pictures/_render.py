"""Pictures as bytes: PNG at a printer's resolution, or SVG whose text is text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from asrcompress.report.pictures._fonts import font_families
from asrcompress.report.pictures._picture import Picture
from asrcompress.report.pictures._style import DPI, SETTINGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")
_PROGRAM = "asrcompress"


def rendered(picture: Picture, formats: Iterable[str]) -> dict[str, bytes]:
    """The file's bytes in each format: the same each time with the same fonts and matplotlib.

    formats: of FORMATS.
    """
    with drawn(picture) as figure:
        return {name: _saved(figure, name, picture.caption) for name in formats}


def _saved(figure: Figure, file_format: str, title: str) -> bytes:
    """Without the date, and with no version of the program that wrote it."""
    stream = io.BytesIO()
    program = {"svg": "Creator", "png": "Software"}[file_format]
    dates = {"Date": None} if file_format == "svg" else {}
    metadata = {"Title": title, program: _PROGRAM, **dates}
    figure.savefig(stream, format=file_format, dpi=DPI, metadata=metadata)
    return stream.getvalue()


@contextmanager
def drawn(picture: Picture) -> Iterator[Figure]:
    """The picture's figure with all its lines, as long as the block lasts.

    Drawn with matplotlib's own settings and ours, whatever the user's matplotlibrc says, and
    without a window.
    """
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        for name, value in SETTINGS.items():
            mpl.rcParams[name] = value  # type: ignore[index] # the stubs know each name alone
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        figure = _figure(picture)
        families = font_families(_texts(figure))
        if len(families) > 1:
            mpl.rcParams["font.family"] = families
            figure = _figure(picture)
        yield figure


def _figure(picture: Picture) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=picture.size_in, layout="constrained")
    FigureCanvasAgg(figure)
    picture.draw(figure)
    return figure


def _texts(figure: Figure) -> list[str]:
    from matplotlib.text import Text

    return [found.get_text() for found in figure.findobj(Text) if isinstance(found, Text)]

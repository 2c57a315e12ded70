"""A histogram in one line of a terminal: seventeen characters, block elements or ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from asrcompress.report.layers import densities

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:-=+*#@"  # where the terminal's encoding has no block elements


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A histogram's shape; the console decides in which characters."""

    histogram: Sequence[int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.characters(ascii_only=options.ascii_only), no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        width = len(densities(self.histogram))
        return Measurement(width, width)

    def characters(self, *, ascii_only: bool) -> str:
        """The columns' heights in eighths, rounded up: only an empty column has no mark."""
        levels = _ASCII if ascii_only else _BLOCKS
        highest = len(levels) - 1
        return "".join(levels[-int(-share * highest // 1)] for share in densities(self.histogram))

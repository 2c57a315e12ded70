"""A WER with its verdict, as a colour and a character: nothing is lost without colour."""

from __future__ import annotations

from rich.text import Text

from asrcompress.core.comparison import Verdict
from asrcompress.core.results import CellResult, MarginResult
from asrcompress.report.console import text
from asrcompress.report.wording import NOT_RUN, TERMINAL_MARKS, percent

STYLES = {
    Verdict.NON_INFERIOR: "green",
    Verdict.INFERIOR: "red",
    Verdict.INCONCLUSIVE: "yellow",
}


def wer_text(scored: CellResult | MarginResult | None) -> Text:
    """For example `12.6 =`; without a comparison the mark's place stays empty."""
    if scored is None:
        return text(f"{NOT_RUN}  ")
    if scored.comparison is None:
        return text(f"{percent(scored.words.rate)}  ")
    verdict = scored.comparison.verdict
    return text(f"{percent(scored.words.rate)} {TERMINAL_MARKS[verdict]}", STYLES[verdict])

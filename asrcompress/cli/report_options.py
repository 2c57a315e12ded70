"""The options of report: which of a run's or a model's tables and pages, and what to leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_TABLES, _SHARING, _FIGURES = "Tables (format table)", "Sharing", "Figures and recordings"

Results = Annotated[
    Path,
    typer.Argument(
        help="What evaluate or audit wrote: the folder or its results.json. "
        "Or what compress wrote: a model's folder, shown layer by layer."
    ),
]
FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        help="table, markdown, html or json; of results also junit, csv, gates (csv), figures "
        "(csv), speed (csv), svg (WER against size and speed), kaldi.",
    ),
]
Gates = Annotated[
    bool,
    typer.Option(
        "--gates",
        help="All checks of the gates, not only those that did not pass.",
        rich_help_panel=_TABLES,
    ),
]
Groups = Annotated[
    bool, typer.Option("--groups", help="Subgroups besides.", rich_help_panel=_TABLES)
]
Intervals = Annotated[
    bool, typer.Option("--intervals", help="Intervals and tests besides.", rich_help_panel=_TABLES)
]
Layers = Annotated[
    bool,
    typer.Option(
        "--layers",
        help="Bits and zeros of every compressed model's blocks besides.",
        rich_help_panel=_TABLES,
    ),
]
Margins = Annotated[
    bool | None,
    typer.Option(
        "--margins/--no-margins",
        help="WER by noise type, SNR and room; default where they sum up.",
        rich_help_panel=_TABLES,
    ),
]
Flips = Annotated[
    int,
    typer.Option(
        "--flips",
        min=0,
        metavar="N",
        help="The N worst utterances of each cell that compression broke.",
        rich_help_panel=_TABLES,
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Of a model: a row per tensor.", rich_help_panel=_TABLES)
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Of a model: a row per layer besides.", rich_help_panel=_TABLES),
]
NoText = Annotated[
    bool,
    typer.Option(
        "--no-text",
        help="Leave transcripts, words and utterances out.",
        rich_help_panel=_SHARING,
    ),
]
Redact = Annotated[
    bool,
    typer.Option(
        "--redact",
        help="Leave words out, and give utterances, speakers and the values of subgroups numbers "
        "in place of their names; of paths keep the last part.",
        rich_help_panel=_SHARING,
    ),
]
Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures",
        metavar="FOLDER",
        help="Write the page's figures there as files, and print their names.",
        rich_help_panel=_FIGURES,
    ),
]
FigureFormat = Annotated[
    str | None,
    typer.Option(
        "--figure-format",
        help="svg, png or svg,png (with --figures); default svg.",
        rich_help_panel=_FIGURES,
    ),
]
Audio = Annotated[
    int,
    typer.Option(
        "--audio",
        min=0,
        metavar="N",
        help="Embed the recordings of the N worst utterances that compression broke, as the "
        "model heard them (format html).",
        rich_help_panel=_FIGURES,
    ),
]

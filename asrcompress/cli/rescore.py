"""asrcompress rescore: stored hypotheses scored again, without running a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Json, Output, Overwrite, Quiet

if TYPE_CHECKING:
    from asrcompress.evaluate import Outcome
    from asrcompress.evaluate.score import Missing

EXAMPLES = options.examples(
    "asrcompress rescore audit-quickstart --normaliser none -o rescored",
    "asrcompress rescore manifest_with_pred_text.jsonl",
    "asrcompress rescore int8.trn --corpus reference.trn --baseline fp32.trn --missing present",
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="rescore", epilog=EXAMPLES)(rescore)


def rescore(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder that evaluate or audit wrote, or a file of hypotheses: NeMo .jsonl "
            "with pred_text, Kaldi text, or .trn."
        ),
    ],
    corpus: Annotated[
        str | None,
        typer.Option("--corpus", help="The references of a file that has none: any of its forms."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="Another file of hypotheses, to compare with."),
    ] = None,
    missing: Annotated[
        str,
        typer.Option("--missing", help="Without a hypothesis: strict, present, or all (deleted)."),
    ] = "strict",
    output: Output = None,
    normaliser: Annotated[
        str | None,
        typer.Option("--normaliser", help="none, basic, multilingual, english, ..."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Columns to break results down by.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", min=0, max=1, help="Non-inferiority margin, absolute WER."),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option("--replicates", min=100, max=1_000_000, help="Bootstrap replicates."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="What all random draws derive from.")
    ] = None,
    flips: Annotated[
        int, typer.Option("--flips", min=0, help="Utterances to show that compression broke.")
    ] = 5,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Score stored hypotheses again: another normaliser, margin or breakdown; no model is run.

    Options that are left out are as the folder was scored; for a file they are evaluate's.
    """
    from asrcompress.cli import console
    from asrcompress.cli.outcome import write_outcome
    from asrcompress.core.output import check_output
    from asrcompress.evaluate.rescore import RescoreRequest, run

    if output is not None:
        check_output(output, overwrite=overwrite, inputs=(source, corpus, baseline))
    request = RescoreRequest(
        source=source,
        corpus=corpus,
        baseline=baseline,
        missing=cast("Missing", missing),
        normaliser=normaliser,
        margin=margin,
        replicates=replicates,
        seed=seed,
        by=None if by is None else options.words(by),
    )
    with console.watching(quiet=quiet):
        outcome = run(request)
    if output is not None:
        write_outcome(output, outcome, overwrite=overwrite)
    _show(outcome, as_json=as_json, flips=flips)
    if output is not None:
        console.say(f"wrote {output}", quiet=quiet)


def _show(outcome: Outcome, *, as_json: bool, flips: int) -> None:
    """JSON, or Kaldi's line for every cell and the tables after them."""
    from asrcompress import report
    from asrcompress.cli import console

    found = outcome.findings
    if as_json:
        console.show_text(report.render(found, "json"))
        return
    console.show_text(report.render(found, "kaldi") + "\n")
    console.show(*report.tables(found, groups=True, intervals=True, flips=flips))

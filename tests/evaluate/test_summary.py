"""Summing up: cells, baselines, notes."""

from __future__ import annotations

import pytest

from asrcompress.core.comparison import Verdict
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate import ArtefactNote, Matrix, Statistics, clean_condition, summarise
from tests.evaluate.makers import evaluation, utterance

QUICK = Statistics(replicates=200)


def _heard(errors: int, **more: object) -> Evaluation:
    """Twelve speakers with one utterance of ten words each, a second one for the first."""
    rows = [utterance(f"{n:02}", errors=errors, n=10, speaker=f"s{n:02}") for n in range(12)]
    rows.append(utterance("00b", errors=errors, n=10, speaker="s00"))
    return evaluation(rows, **more)  # type: ignore[arg-type]


def _matrix(evaluations: dict[tuple[str, str], Evaluation], **more: object) -> Matrix:
    some = next(iter(evaluations.values()))
    conditions = tuple(
        clean_condition(some, name) for name in dict.fromkeys(name for _, name in evaluations)
    )
    notes = {name: ArtefactNote(name) for name in dict.fromkeys(name for name, _ in evaluations)}
    given = {"artefacts": notes, "conditions": conditions, "evaluations": evaluations}
    return Matrix("title", **{**given, **more})  # type: ignore[arg-type]


def test_each_cell_against_the_baseline_in_its_condition() -> None:
    """int8 in noise is compared with fp32 in noise, never with fp32 in clean."""
    matrix = _matrix(
        {
            ("fp32", "clean"): _heard(1),
            ("fp32", "noise"): _heard(5),
            ("int8", "clean"): _heard(1),
            ("int8", "noise"): _heard(6),
        },
        baseline="fp32",
    )
    results = summarise(matrix, QUICK)
    clean, noise = results.cell("int8", "clean"), results.cell("int8", "noise")
    assert clean is not None
    assert noise is not None
    assert clean.comparison is not None
    assert noise.comparison is not None
    assert clean.comparison.delta_wer == 0
    assert clean.comparison.verdict is Verdict.NON_INFERIOR
    assert noise.comparison.delta_wer == pytest.approx(0.1)
    assert noise.comparison.verdict is Verdict.INFERIOR
    assert noise.comparison.baseline == "fp32"
    fp32 = results.cell("fp32", "noise")
    assert fp32 is not None
    assert fp32.comparison is None
    assert fp32.wer_interval is not None
    assert results.notes == ("Intervals resample 12 speakers.",)


def test_every_model_can_have_its_own_baseline() -> None:
    """Two originals in one matrix: each compressed one names its own."""
    cells = {(name, "clean"): _heard(n) for n, name in enumerate(("a", "a8", "b", "b8"))}
    notes = {
        "a": ArtefactNote("fp32"),
        "a8": ArtefactNote("int8", baseline="a"),
        "b": ArtefactNote("fp32"),
        "b8": ArtefactNote("int8", baseline="b"),
    }
    results = summarise(_matrix(cells, artefacts=notes), QUICK)
    compared = [cell.comparison.baseline if cell.comparison else None for cell in results.cells]
    assert compared == [None, "a", None, "b"]
    assert [artefact.compression for artefact in results.artefacts] == [
        "fp32",
        "int8",
        "fp32",
        "int8",
    ]


def test_same_input_same_results() -> None:
    matrix = _matrix({("fp32", "clean"): _heard(1), ("int8", "clean"): _heard(2)}, baseline="fp32")
    assert summarise(matrix, QUICK) == summarise(matrix, QUICK)


def test_missing_cells_are_missing_not_zero() -> None:
    matrix = _matrix({("fp32", "clean"): _heard(1), ("int8", "noise"): _heard(1)}, baseline="fp32")
    results = summarise(matrix, QUICK)
    assert len(results.cells) == 2
    cell = results.cell("int8", "noise")
    assert cell is not None
    assert cell.comparison is None


def test_notes_tell_what_was_left_out() -> None:
    """Unscored utterances and few blocks change what the numbers mean, so they are said."""
    rows = [utterance(f"{n}", errors=1, n=10, speaker=f"s{n // 2}") for n in range(6)]
    unscored = {"x": "no reference text", "y": "not readable as audio: y.flac"}
    matrix = _matrix({("fp32", "clean"): evaluation(rows, unscored=unscored)})
    assert summarise(matrix, QUICK).notes == (
        "Not scored under clean: 1 utterance without a reference.",
        "Not scored under clean: 1 audio file that could not be read.",
        "Intervals resample 3 speakers only and may be too narrow.",
    )


def test_one_normaliser_only() -> None:
    other = _heard(1).model_copy(update={"normaliser": "none-1"})
    matrix = _matrix({("fp32", "clean"): _heard(1), ("int8", "clean"): other})
    with pytest.raises(InputError, match="need one normaliser; got basic-1, none-1"):
        summarise(matrix, QUICK)


def test_unknown_baseline_is_refused() -> None:
    matrix = _matrix({("int8", "clean"): _heard(1)}, baseline="fp32")
    with pytest.raises(InputError, match="no such baseline among the artefacts: int8; got fp32"):
        summarise(matrix, QUICK)

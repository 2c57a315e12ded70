"""Summing up: cells, baselines, notes."""

from __future__ import annotations

import pytest

from asrcompress.core.comparison import Verdict
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate import (
    ArtefactNote,
    Matrix,
    Statistics,
    clean_condition,
    compare,
    summarise,
    wer_interval,
)
from tests.evaluate.makers import evaluation, utterance

QUICK = Statistics(replicates=200)


def _heard(errors: int, n: int = 100, **more: object) -> Evaluation:
    """Twelve speakers with one utterance of so many words each, a second one for the first."""
    rows = [utterance(f"{u:02}", errors=errors, n=n, speaker=f"s{u:02}") for u in range(12)]
    rows.append(utterance("00b", errors=errors, n=n, speaker="s00"))
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
            ("fp32", "noise"): _heard(10),
            ("int8", "clean"): _heard(1),
            ("int8", "noise"): _heard(20),
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
    assert clean.comparison.interaction is None
    assert noise.comparison.delta_wer == pytest.approx(0.1)
    assert noise.comparison.verdict is Verdict.INFERIOR
    assert noise.comparison.baseline == "fp32"
    fp32 = results.cell("fp32", "noise")
    assert fp32 is not None
    assert fp32.comparison is None
    assert fp32.wer_interval is not None
    assert results.notes == ("Intervals resample 12 speakers.",)


def test_all_cells_are_corrected_for_together() -> None:
    """Six cells: the least p-value counts six times, and never below one before it."""
    errors = {"clean": 1, "noise": 2, "room": 3}
    evaluations = {("fp32", name): _heard(10) for name in errors}
    for name, more in errors.items():
        evaluations["int8", name] = _heard(10 + more)
        evaluations["int4", name] = _heard(10 + 2 * more)
    results = summarise(_matrix(evaluations, baseline="fp32"), QUICK)
    compared = [cell.comparison for cell in results.cells if cell.comparison is not None]
    assert [one.tests for one in compared] == [6] * 6
    p_values = sorted(one.p_inferior for one in compared)
    adjusted = sorted(one.adjusted_p_inferior for one in compared)
    assert 0 < p_values[0] < p_values[-1]
    assert adjusted[0] == pytest.approx(6 * p_values[0])
    assert adjusted[1] == pytest.approx(max(adjusted[0], 5 * p_values[1]))
    assert all(one.adjusted_p_non_inferior >= one.p_non_inferior for one in compared)


def test_interaction_with_the_clean_condition() -> None:
    """Two more errors in 100 words in noise and one in clean: one more in noise."""
    cells = {
        ("fp32", "clean"): _heard(1),
        ("int8", "clean"): _heard(2),
        ("fp32", "noise"): _heard(5),
        ("int8", "noise"): _heard(7),
    }
    noisy = {"effect": "noise", "snr_db": 0}
    conditions = (
        clean_condition(cells["fp32", "clean"], "clean"),
        clean_condition(cells["fp32", "noise"], "noise").model_copy(update={"steps": (noisy,)}),
    )
    results = summarise(_matrix(cells, baseline="fp32", conditions=conditions), QUICK)
    clean, noise = results.cell("int8", "clean"), results.cell("int8", "noise")
    assert clean is not None
    assert clean.comparison is not None
    assert clean.comparison.interaction is None
    assert noise is not None
    assert noise.comparison is not None
    assert noise.comparison.interaction is not None
    assert noise.comparison.interaction.reference == "clean"
    assert noise.comparison.interaction.delta_wer == pytest.approx(0.01)


def test_cells_are_as_if_alone() -> None:
    """The interval and the segment test of a cell are those of its two evaluations alone."""
    one, other = _heard(1), _heard(3)
    rest = {("fp32", "noise"): _heard(5), ("int8", "noise"): _heard(6)}
    cells = {("fp32", "clean"): one, ("int8", "clean"): other, **rest}
    cell = summarise(_matrix(cells, baseline="fp32"), QUICK).cell("int8", "clean")
    assert cell is not None
    assert cell.wer_interval == wer_interval(other, replicates=200)
    assert cell.comparison is not None
    alone = compare(other, one, replicates=200)
    assert alone is not None
    assert cell.comparison.interval == alone.interval
    assert cell.comparison.p_inferior == alone.p_inferior
    assert cell.comparison.mapsswe == alone.mapsswe is not None


def test_too_few_words_are_said() -> None:
    """With a margin of 0.5 points, 1.96 squared * 0.995 / 0.005 words are the least."""
    cells = {("fp32", "clean"): _heard(1, n=10), ("int8", "clean"): _heard(1, n=10)}
    notes = summarise(_matrix(cells, baseline="fp32"), QUICK).notes
    assert notes[-1] == (
        "130 words are few for a margin of 0.5 points of WER over 1 cell: models without any "
        "difference can be told from a loss of it from 765 words on, or with a margin of 2.9 "
        "points."
    )
    alone = summarise(_matrix({("fp32", "clean"): _heard(1, n=10)}), QUICK)
    assert alone.notes == ("Intervals resample 12 speakers.",)


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

"""Flips, recoveries and added confusions, counted by hand."""

from __future__ import annotations

import pytest

from asrcompress.core.cost import Sizes
from asrcompress.core.error_table import Confusion, ErrorTable
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate import (
    ArtefactNote,
    Matrix,
    char_counts,
    clean_condition,
    errors_of,
    word_counts,
)
from asrcompress.evaluate.normalise import basic
from tests.evaluate.makers import DECODING

_TEXTS = {"a": "Go left", "b": "yes", "c": "no", "d": "one two three", "e": "up up up"}


def _evaluation(model: str, heard: dict[str, str]) -> Evaluation:
    rows = tuple(
        UtteranceScore(
            id=key,
            audio_filepath=f"{key}.flac",
            duration_s=1.0,
            text=_TEXTS[key],
            pred_text=text,
            words=word_counts(basic(_TEXTS[key]), basic(text)),
            chars=char_counts(basic(_TEXTS[key]), basic(text)),
        )
        for key, text in heard.items()
    )
    return Evaluation(
        model=model,
        model_sha256="0" * 64,
        corpus="c",
        corpus_sha256="1" * 64,
        normaliser="basic-1",
        decoding=DECODING,
        sizes=Sizes(memory_bytes=1, disk_bytes=1),
        utterances=rows,
    )


def _table(before: dict[str, str], after: dict[str, str], *, most: int = 20) -> ErrorTable:
    sides = {"fp32": _evaluation("m", before), "int8": _evaluation("m8", after)}
    condition = clean_condition(sides["fp32"])
    matrix = Matrix(
        title="t",
        artefacts={name: ArtefactNote() for name in sides},
        conditions=(condition,),
        evaluations={(name, condition.name): found for name, found in sides.items()},
        baseline="fp32",
    )
    return errors_of(matrix, most=most)


_BEFORE = {"a": "go left", "b": "yes", "c": "yes", "d": "one too three", "e": "up up up"}
_AFTER = {"a": "go LIFT.", "b": "no", "c": "no", "d": "one too tree", "e": "up"}


def test_flips_worst_first() -> None:
    """Right before and wrong after: most errors first, then the longest; the rest are no flips.

    e has two errors, a and b one each and a is longer; c recovered; d was wrong before.
    """
    (cell,) = _table(_BEFORE, _AFTER).cells
    assert (cell.artefact, cell.condition, cell.baseline) == ("int8", "clean", "fp32")
    assert [(flip.id, flip.errors) for flip in cell.flips] == [("e", 2), ("a", 1), ("b", 1)]
    assert (cell.flips_total, cell.recoveries_total) == (3, 1)


def test_a_flip_shows_raw_texts_and_the_normalised_alignment() -> None:
    (cell,) = _table(_BEFORE, _AFTER).cells
    flip = cell.flips[1]
    assert (flip.text, flip.pred_text) == ("Go left", "go LIFT.")
    words = [(word.operation, word.reference, word.hypothesis) for word in flip.alignment]
    assert words == [("equal", "go", "go"), ("substitute", "left", "lift")]


def test_added_confusions_largest_increase_first() -> None:
    """Two more `up` lost; one more each of the others; `two` for `too` is as before, so absent."""
    (cell,) = _table(_BEFORE, _AFTER).cells
    assert cell.confusions == (
        Confusion(reference="up", hypothesis=None, count=2, baseline_count=0),
        Confusion(reference="left", hypothesis="lift", count=1, baseline_count=0),
        Confusion(reference="three", hypothesis="tree", count=1, baseline_count=0),
        Confusion(reference="yes", hypothesis="no", count=1, baseline_count=0),
    )


def test_lists_are_cut_and_totals_are_not() -> None:
    (cell,) = _table(_BEFORE, _AFTER, most=1).cells
    assert ([flip.id for flip in cell.flips], cell.flips_total) == (["e"], 3)
    assert len(cell.confusions) == 1


def test_order_of_utterances_does_not_matter() -> None:
    """The same table whatever the order, ties included."""
    assert _table(_BEFORE, dict(reversed(_AFTER.items()))) == _table(_BEFORE, _AFTER)


def test_equal_models_add_nothing() -> None:
    (cell,) = _table(_AFTER, _AFTER).cells
    assert (cell.flips_total, cell.recoveries_total) == (0, 0)
    assert (cell.flips, cell.confusions) == ((), ())


def test_other_utterances_are_refused() -> None:
    with pytest.raises(InputError, match="not scored on the same utterances and references: c"):
        _table(_BEFORE, {"a": "go left"})

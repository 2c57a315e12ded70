"""results.json: what is written is what is read; what is damaged is explained in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.core.cost import Cost
from asrcompress.core.errors import InputError
from asrcompress.core.files import write_json
from asrcompress.core.results import COST_NAME, RESULTS_NAME, CostTable, Results, read_results
from asrcompress.evaluate import ArtefactNote, Matrix, clean_condition, summarise
from tests.evaluate.makers import evaluation, utterance


@pytest.fixture(scope="module")
def results() -> Results:
    found = evaluation([utterance("a", errors=1, n=4), utterance("b", errors=0, n=4)])
    condition = clean_condition(found)
    matrix = Matrix("t", {"fp32": ArtefactNote()}, (condition,), {("fp32", "clean"): found})
    return summarise(matrix)


def test_results_and_costs_survive_writing(results: Results, tmp_path: Path) -> None:
    """Folder or file: the same results and costs come back."""
    cost = Cost(
        device="cpu",
        threads=1,
        batch_size=8,
        audio_s=60.0,
        processing_s=2.0,
        load_s=0.5,
        memory_after_load_bytes=1,
        peak_memory_bytes=2,
    )
    costs = CostTable(costs={"fp32": cost})
    write_json(tmp_path / RESULTS_NAME, results.model_dump(mode="json"))
    write_json(tmp_path / COST_NAME, costs.model_dump(mode="json"))
    assert read_results(tmp_path) == (results, costs)
    assert read_results(tmp_path / RESULTS_NAME) == (results, costs)
    assert cost.rtfx == pytest.approx(30.0)


def test_results_without_costs(results: Results, tmp_path: Path) -> None:
    """Costs are optional: an audit without them has an empty table."""
    write_json(tmp_path / RESULTS_NAME, results.model_dump(mode="json"))
    assert read_results(tmp_path)[1] == CostTable()


def test_cell_by_name(results: Results) -> None:
    """A cell is found by its two names; one that was not run is None."""
    cell = results.cell("fp32", "clean")
    assert cell is not None
    assert cell.words.errors == 1
    assert results.cell("int8", "clean") is None


def test_rates_are_not_stored(results: Results) -> None:
    """The file holds counts; rates are derived by whoever reads it."""
    assert '"rate"' not in results.model_dump_json()


@pytest.mark.parametrize("text", ["{}", '{"schema_version": 2}', "[1]"])
def test_other_json_is_refused(text: str, tmp_path: Path) -> None:
    """A file of another form is named, with what it lacks."""
    (tmp_path / RESULTS_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"not asrcompress Results: .*results\.json"):
        read_results(tmp_path)


def test_another_version_is_named(tmp_path: Path) -> None:
    """Results that an older program wrote are told from a file that is no results at all."""
    (tmp_path / RESULTS_NAME).write_text('{"schema_version": 1}', encoding="utf-8")
    with pytest.raises(InputError, match=r"another version .*schema_version 1; expected 2"):
        read_results(tmp_path)


def test_missing_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: .*results\.json"):
        read_results(tmp_path)


def test_cells_are_found_by_their_place(results: Results) -> None:
    """Also of other results in between, and of changed copies; what is not there is None."""
    changed = results.model_copy(update={"cells": ()})
    for _ in range(2):
        assert results.cell("fp32", "clean") is results.cells[0]
        assert changed.cell("fp32", "clean") is None
        assert results.cell("fp32", "absent") is None

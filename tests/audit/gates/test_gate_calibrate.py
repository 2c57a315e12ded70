"""Proposed rules pass what they are made from, and say how often they would stop it elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import asrcompress
from asrcompress.audit.gates import load_gate_file
from asrcompress.audit.gates.baseline import Baseline
from asrcompress.audit.gates.calibration.calibrate import calibrate
from asrcompress.audit.gates.calibration.cells import cells_of, draws_of
from asrcompress.audit.gates.calibration.proposals import Room
from asrcompress.audit.gates.calibration.resampled import (
    chance_of_stopping,
    least_margin,
    limit_for,
)
from asrcompress.audit.gates.calibration.rounding import rounded_down, rounded_up
from asrcompress.audit.gates.calibration.spread import highest_next, lowest_next
from asrcompress.audit.gates.stored import check_stored
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.files import write_json
from asrcompress.core.gates import GateOutcome
from asrcompress.report import write
from tests.audit.gates.makers import ALIKE, ORIGINAL, Run, cost, costs, run_of

# One error more in every fifth utterance under noise: a loss of 2 points.
A_LITTLE_WORSE = [count + (place % 5 == 0) for place, count in enumerate(ALIKE)]


def stored(run: Run, folder: Path, rtfx: float = 8.0) -> Path:
    """The run's files in a folder, with costs."""
    folder.mkdir()
    table = costs(fp32=cost(10.0, 100_000_000), int8=cost(rtfx, 90_000_000))
    write(folder, replace(run.found, costs=table), run.evaluations)
    return folder


@pytest.fixture
def run() -> Run:
    """int8 a little worse than the original under noise."""
    return run_of(
        {
            ("fp32", "clean"): ORIGINAL,
            ("fp32", "noise"): ORIGINAL,
            ("int8", "clean"): ALIKE,
            ("int8", "noise"): A_LITTLE_WORSE,
        }
    )


def test_what_is_proposed_passes_the_same_results(run: Run, tmp_path: Path) -> None:
    """Round trip: the file is read back, and every check of it passes; and so again with its
    baseline, which it names relative to itself.
    """
    folder = stored(run, tmp_path / "run")
    found = calibrate([folder], baseline_name="baseline.json")
    assert found.baseline is not None
    (tmp_path / "gates.yaml").write_text(found.text, encoding="utf-8")
    write_json(tmp_path / "baseline.json", found.baseline.model_dump(mode="json"))
    loaded = load_gate_file(tmp_path / "gates.yaml")
    assert isinstance(loaded.committed, Baseline)
    table = check_stored(folder, loaded).gates
    assert table is not None
    assert set(table.counts) == {GateOutcome.PASSED}
    assert asrcompress.gate(folder, tmp_path / "gates.yaml") == table
    metrics = {one.metric for one in table.checks}
    assert metrics == {"dwer", "wer", "size", "rtfx_ratio", "memory", "regression"}


def test_limits_come_from_the_results(run: Run, tmp_path: Path) -> None:
    """Sizes to the byte; one run leaves 20 % of room for speed: 0.8 times 0.8, written 0.6."""
    found = calibrate([stored(run, tmp_path / "run")])
    (tmp_path / "gates.yaml").write_text(found.text, encoding="utf-8")
    rules = [rule.model_dump() for rule in load_gate_file(tmp_path / "gates.yaml").gates.rules]
    by_metric = {rule["metric"]: rule for rule in rules}
    assert by_metric["size"]["max_bytes"] == 1_000_000
    assert by_metric["rtfx_ratio"]["min"] == 0.6
    assert by_metric["memory"]["max_mb"] == 110
    margins = [rule for rule in rules if rule["metric"] == "dwer"]
    for rule in margins:
        for condition in rule["conditions"]:
            cell = run.found.results.cell("int8", condition)
            assert cell is not None
            assert cell.comparison is not None
            assert rule["absolute"] >= cell.comparison.smallest_detectable
            assert rule["absolute"] >= cell.comparison.interval.high
    assert "# Stopped by chance: in" in found.text


def test_several_runs_give_their_own_spread(run: Run, tmp_path: Path) -> None:
    """Three runs at 0.78, 0.8 and 0.82 times the original's speed need less room than one."""
    folders = [stored(run, tmp_path / f"{n}", 7.8 + 0.2 * n) for n in range(3)]
    text = calibrate(folders).text
    assert "Seen: 0.78x to 0.82x in 3 runs." in text
    (tmp_path / "gates.yaml").write_text(text, encoding="utf-8")
    rules = load_gate_file(tmp_path / "gates.yaml").gates.rules
    (least,) = [rule.model_dump()["min"] for rule in rules if rule.metric == "rtfx_ratio"]
    assert 0.6 < least < 0.78


def test_other_recordings_or_artefacts_are_refused(run: Run, tmp_path: Path) -> None:
    """Limits of one matrix say nothing about another."""
    first = stored(run, tmp_path / "first")
    other = run_of({("fp32", "clean"): ORIGINAL, ("int4", "clean"): ALIKE})
    with pytest.raises(InputError, match="not the same artefacts"):
        calibrate([first, stored(other, tmp_path / "second")])
    alone = run_of({("fp32", "clean"): ORIGINAL})
    with pytest.raises(NothingToEvaluateError, match="nothing is compared"):
        calibrate([stored(alone, tmp_path / "third")])


def test_chance_is_how_often_drawn_speakers_do_not_pass(run: Run) -> None:
    """Where every speaker loses the same, every draw of speakers does."""
    losses = cells_of(run.found, run.evaluations).losses
    (noise,) = [cell for cell in losses if cell.condition == "noise"]
    draws = draws_of(run.found)
    more = [sum(A_LITTLE_WORSE[n::4]) - sum(ORIGINAL[n::4]) for n in range(4)]
    assert more == [1, 1, 1, 1]
    limit = noise.needed
    assert chance_of_stopping([noise], limit, draws) == 0  # every draw has the same loss
    assert chance_of_stopping([noise], limit - 1e-6, draws) == 1
    assert limit_for([noise], 0.05, draws) == max(noise.needed, noise.apart)


def test_chance_of_uneven_speakers() -> None:
    """One speaker of four has all 4 errors more: it is drawn twice or more in 67 of 256 draws."""
    uneven = [count + (place in (0, 4, 8, 12)) for place, count in enumerate(ALIKE)]
    run = run_of({("fp32", "clean"): ORIGINAL, ("int8", "clean"): uneven})
    (cell,) = cells_of(run.found, run.evaluations).losses
    draws = draws_of(run.found)
    limit = cell.needed + 0.001  # one draw of it keeps the loss of 2 points, two double it
    exact = 67 / 256
    away = 4 * np.sqrt(exact * (1 - exact) / draws.replicates)
    assert chance_of_stopping([cell], limit, draws) == pytest.approx(exact, abs=away)
    assert chance_of_stopping([cell], limit_for([cell], 0.05, draws), draws) <= 0.05


def test_least_margin_is_where_the_test_begins_to_pass() -> None:
    """Of a p-value that falls through 0.025 at 0.03."""
    assert least_margin(lambda m: 0.025 if m >= 0.03 else 0.026, 0.025) == pytest.approx(0.03)
    assert least_margin(lambda _: 0.5, 0.025) is None
    assert least_margin(lambda _: 0.0, 0.025) == 0


@pytest.mark.parametrize(
    ("value", "down", "up"),
    [(0.0123, 0.012, 0.013), (0.2, 0.2, 0.2), (605.0, 600.0, 650.0), (0.99, 0.95, 1.0), (0, 0, 0)],
)
def test_figures_are_rounded_to_the_safe_side(value: float, down: float, up: float) -> None:
    """A limit that results passed before rounding is passed after it."""
    assert (rounded_down(value), rounded_up(value)) == (pytest.approx(down), pytest.approx(up))
    assert rounded_down(value) <= value <= rounded_up(value)


def test_the_next_run_by_hand() -> None:
    """Two runs: room below the lowest. Three: t of 2 degrees of freedom is 2.920 at 5 %."""
    assert lowest_next([0.8, 0.9], 0.2) == pytest.approx(0.64)
    assert highest_next([100.0], 0.2) == pytest.approx(120)
    values = [np.exp(-0.01), 1.0, np.exp(0.01)]
    away = 2.91999 * 0.01 * np.sqrt(4 / 3)
    assert lowest_next(values, 0.2) == pytest.approx(np.exp(-away), rel=1e-5)
    assert highest_next(values, 0.2) == pytest.approx(np.exp(away), rel=1e-5)


def test_a_smaller_chance_gives_no_tighter_limits(run: Run, tmp_path: Path) -> None:
    """Less risk of stopping by chance is bought with room."""
    folder = stored(run, tmp_path / "run")

    def margins(chance: float) -> list[float]:
        text = calibrate([folder], Room(chance=chance)).text
        return [float(line.split()[1]) for line in text.splitlines() if "absolute:" in line]

    assert all(a >= b for a, b in zip(margins(0.001), margins(0.5), strict=True))

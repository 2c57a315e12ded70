"""How much is heard, and what a treatment adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.compress.sensitivity import bench_of, mean, scan_duration_s
from asrcompress.compress.trial import AS_IT_IS, Treatment
from tests.checkpoints import tiny_checkpoint
from tests.compress.benches import noise_audio, setting

FOLDED = 1e-7  # nats; what folding the weight norm of the positions may move the posteriors
LAYER = "wav2vec2.encoder.layers.1.feed_forward.intermediate_dense"


@pytest.mark.parametrize(
    ("weights", "expected_s"),
    [(3_500_000, 60.0), (20_000_000, 60.0), (95_000_000, 12.63), (315_471_520, 8.0)],
)
def test_a_large_models_scan_hears_less(weights: int, expected_s: float) -> None:
    """A minute up to 20 million weights, then in proportion, but 8 s at least."""
    assert scan_duration_s(weights, 60.0) == pytest.approx(expected_s, abs=0.01)


def test_short_audio_is_heard_whole() -> None:
    """There is no more of it than there is."""
    assert scan_duration_s(315_471_520, 5.0) == 5.0


def test_conditions_count_the_same() -> None:
    """However long their audio is."""
    assert mean({"clean": 0.1, "noise": 0.3}) == pytest.approx(0.2)


def test_what_is_added_is_relative_to_the_plan_in_place(tmp_path: Path) -> None:
    """Leaving a treated layer as it is takes off what its treatment had added."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    bench = bench_of(made.weights, made.context)
    alone = bench.of_each({LAYER: [Treatment(2)]}, lambda: None)[LAYER][Treatment(2)]["clean"]
    assert alone > 100 * FOLDED
    planned = bench.of_plan({LAYER: Treatment(2)})["clean"]
    assert planned == pytest.approx(alone, abs=FOLDED)
    undone = bench.of_each({LAYER: [AS_IT_IS]}, lambda: None)[LAYER][AS_IT_IS]["clean"]
    assert undone == pytest.approx(-alone, abs=FOLDED)


def test_a_scan_leaves_nothing_behind(tmp_path: Path) -> None:
    """Each treatment told once, and none of them changes what is in place."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    bench = bench_of(made.weights, made.context)
    told: list[int] = []
    bench.of_each({LAYER: [Treatment(2), Treatment(8)]}, lambda: told.append(1))
    assert len(told) == 2
    assert bench.of_plan({}) == {"clean": pytest.approx(0, abs=FOLDED)}

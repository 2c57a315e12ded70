"""The batch plan, and which models may be batched at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.checkpoint import load
from asrcompress.core.errors import InputError
from asrcompress.evaluate import Batching, BatchPlan, batching_of, common_batching
from tests.checkpoints import ARCHITECTURES
from tests.evaluate.layer_norm import NAMES, layer_norm_checkpoint

Tiny = Callable[[str], Path]


def test_longest_first_within_both_limits() -> None:
    """9 s and 8 s padded are 18 of 20 s; a third would be 27. At most three in the rest."""
    plan = BatchPlan(batch_size=3, max_batch_s=20.0)
    assert plan.batches([1.0, 9.0, 2.0, 8.0, 7.0, 2.0]) == ((1, 3), (4, 2), (5, 0))
    assert plan.batches([2.0, 1.0, 3.0, 4.0]) == ((3, 2, 0), (1,))


def test_a_recording_over_the_limit_is_alone() -> None:
    assert BatchPlan(8, 20.0).batches([30.0, 1.0]) == ((0,), (1,))


def test_no_recordings_no_batches() -> None:
    assert BatchPlan().batches([]) == ()


@given(
    st.lists(st.floats(0, 100), max_size=30), st.integers(1, 9), st.floats(1, 200, exclude_min=True)
)
def test_every_recording_is_in_one_batch(
    durations_s: list[float], batch_size: int, max_batch_s: float
) -> None:
    """A plan is a partition, and only a lone recording may exceed the seconds."""
    batches = BatchPlan(batch_size, max_batch_s).batches(durations_s)
    assert sorted(index for batch in batches for index in batch) == list(range(len(durations_s)))
    for batch in batches:
        assert len(batch) <= batch_size
        padded_s = len(batch) * max(durations_s[index] for index in batch)
        assert len(batch) == 1 or padded_s <= max_batch_s


def test_name_tells_plans_apart() -> None:
    assert BatchPlan(8, 60.0).name == "longest-first-8x60s"
    assert BatchPlan(1, 60.0).name == BatchPlan(1, 30.0).name == "longest-first-1"


@pytest.mark.parametrize(("batch_size", "max_batch_s"), [(0, 60.0), (8, 0.0), (8, float("nan"))])
def test_impossible_plans_are_refused(batch_size: int, max_batch_s: float) -> None:
    with pytest.raises(InputError, match="bad batch plan"):
        BatchPlan(batch_size, max_batch_s)


@pytest.mark.parametrize("architecture", NAMES)
def test_layer_norm_models_are_batched(architecture: str, tiny: Tiny) -> None:
    """Five families mask padding everywhere in their layer-norm form."""
    loaded = load(tiny(f"+{architecture}"))
    assert batching_of(loaded, 8) == Batching(8, None)


@pytest.mark.parametrize("architecture", ["wav2vec2-bert", "parakeet_ctc", "lasr_ctc", "whisper"])
def test_other_models_that_are_batched(architecture: str, tiny: Tiny) -> None:
    """Three mask their padding too; whisper has a window of one length for every recording."""
    assert batching_of(load(tiny(architecture)), 8) == Batching(8, None)


_BATCHED = {"wav2vec2-layer-norm", "wav2vec2-bert", "parakeet_ctc", "lasr_ctc"}


@pytest.mark.parametrize("architecture", sorted({*ARCHITECTURES, "moonshine"} - _BATCHED))
def test_other_models_are_not_batched(architecture: str, tiny: Tiny) -> None:
    """Group norm, stacked positional convolutions, unknown kinds: one by one, with the reason."""
    batching = batching_of(load(tiny(architecture)), 8)
    assert batching.batch_size == 1
    assert batching.note is not None
    assert batching.note.startswith("batch 1: ")


@pytest.mark.parametrize(
    ("architecture", "option", "note"),
    [
        ("hubert", "conv_pos_batch_norm", "batch norm"),
        ("wav2vec2", "add_adapter", "adapter"),
    ],
)
def test_options_that_leak_padding(
    architecture: str, option: str, note: str, tmp_path: Path
) -> None:
    """One configuration flag of a batched family can make padding harmful."""
    loaded = load(layer_norm_checkpoint(tmp_path / "m", architecture, **{option: True}))
    assert note in (batching_of(loaded).note or "")


def test_processor_without_attention_mask(tiny: Tiny) -> None:
    """Without a mask the model cannot know what is padding."""
    loaded = load(tiny("+wav2vec2"))
    loaded.processor.feature_extractor.return_attention_mask = False
    assert batching_of(loaded).note == "batch 1: the processor gives no attention mask"


def test_common_batching_is_the_smallest() -> None:
    """If one model of a comparison needs batch 1, all get it."""
    alone = Batching(1, "batch 1: why")
    assert common_batching([Batching(8), alone]) == alone

"""accelerate's and torch's own states belong to whoever had them before."""

from __future__ import annotations

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from asrcompress.compress.training.accelerator import (
    OwnState,
    accelerator_for,
    device_name,
    own_randomness,
)
from asrcompress.core.errors import InputError


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_needs_a_gpu(precision: str) -> None:
    """On a CPU it is refused before any work."""
    with OwnState()(), pytest.raises(InputError, match=f"without a GPU; got {precision} on cpu"):
        accelerator_for("cpu", precision)


def test_a_users_accelerator_goes_on() -> None:
    """One that a user has in the same process, with other settings, is as it was, and ours too."""
    with OwnState()():  # so that this test leaves nothing behind either
        users = Accelerator(cpu=True, gradient_accumulation_steps=4)
        linear = users.prepare(torch.nn.Linear(1, 1))
        before = (AcceleratorState._shared_state, dict(PartialState._shared_state))
        own = OwnState()
        with own():
            assert PartialState._shared_state == {}
            ours = accelerator_for("cpu", "fp32")
            assert ours.gradient_accumulation_steps == 1
        assert AcceleratorState._shared_state is before[0]
        assert PartialState._shared_state == before[1]
        assert users.gradient_accumulation_steps == 4
        assert str(users.device) == "cpu"
        users.backward(linear(torch.ones(1)).sum())
        with own():
            assert ours.sync_gradients
            assert str(ours.device) == "cpu"


def test_randomness_goes_on() -> None:
    """What a user draws after a training does not depend on the training."""
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    with own_randomness():
        torch.manual_seed(99)
        torch.rand(5)
    assert torch.equal(torch.rand(3), expected)


def test_device_name() -> None:
    """With its threads, which a time is worth nothing without."""
    threads = torch.get_num_threads()
    assert device_name(torch.device("cpu")).startswith(f"cpu, {threads} thread")

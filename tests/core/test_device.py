"""Where a model runs: what this machine has, and nothing else."""

from __future__ import annotations

import pytest
import torch

from asrcompress.core.device import resolve_device
from asrcompress.core.errors import InputError


def test_a_machine_without_a_gpu_does_not_offer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is not named among what would do."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"got 'cuda:99'; expected one of auto, cpu$"):
        resolve_device("cuda:99")


def test_each_gpu_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its number, and the first by the kind's name alone."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"one of auto, cpu, cuda, cuda:0, cuda:1$"):
        resolve_device("abacus")

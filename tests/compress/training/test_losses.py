"""Distances between a student and its teacher, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from asrcompress.compress.training.losses import (
    cosine_distance,
    ctc,
    mean_absolute,
    mean_square,
    posterior_divergence,
)
from asrcompress.compress.training.objective import Outputs

_REAL = torch.tensor([[True, True], [True, False]])
_STUDENT = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 4.0], [9.0, 9.0]]])
_TEACHER = torch.tensor([[[1.0, 0.0], [2.0, 0.0]], [[4.0, 3.0], [-9.0, 5.0]]])


def test_differences() -> None:
    """0 and 0, 2 and 2, 1 and 1 over three real frames: squares 10 / 6, absolute values 6 / 6."""
    assert float(mean_square(_STUDENT, _TEACHER, _REAL)) == pytest.approx(10 / 6)
    assert float(mean_absolute(_STUDENT, _TEACHER, _REAL)) == pytest.approx(1.0)


def test_cosine() -> None:
    """Cosines of 1, 0 and 24 / 25 through -log sigmoid."""
    expected = sum(math.log(1 + math.exp(-cosine)) for cosine in (1.0, 0.0, 24 / 25)) / 3
    assert float(cosine_distance(_STUDENT, _TEACHER, _REAL)) == pytest.approx(expected)


def test_divergence() -> None:
    """KL of (1/2, 1/2) from (4/5, 1/5), once in three real frames; where equal it is 0."""
    teacher = torch.zeros(2, 2, 2)
    student = torch.zeros(2, 2, 2)
    student[0, 1, 0] = math.log(4)
    student[1, 1, 0] = 99.0
    expected = (0.5 * math.log(0.5 / 0.8) + 0.5 * math.log(0.5 / 0.2)) / 3
    found = posterior_divergence(student, teacher, _REAL, temperature=1.0)
    assert float(found) == pytest.approx(expected)


def test_ctc() -> None:
    """Of uniform posteriors over 3 tokens: "a" in 2 frames is 3 paths of 9, over 2 frames."""
    labels = torch.tensor([[1, -100]])
    found = ctc(torch.zeros(1, 4, 3), torch.tensor([2]), labels, blank=0)
    assert float(found) == pytest.approx(-math.log(3 / 9) / 2)


def test_text_too_long_for_its_frames() -> None:
    """Three tokens in two frames count nothing, and give no gradient that is no number."""
    logits = torch.zeros(2, 2, 3, requires_grad=True)
    labels = torch.tensor([[1, -100, -100], [1, 2, 1]])
    found = ctc(logits, torch.tensor([2, 2]), labels, blank=0)
    assert float(found.detach()) == pytest.approx(-math.log(3 / 9) / 4)
    found.backward()
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())
    assert not bool(logits.grad[1].any())


def test_text_of_nothing() -> None:
    """No token at all is silence: blank in both frames."""
    found = ctc(torch.zeros(1, 2, 3), torch.tensor([2]), torch.tensor([[-100]]), blank=0)
    assert float(found) == pytest.approx(-math.log(1 / 9) / 2)


@pytest.mark.parametrize(("count", "expected"), [(10, [4, 10]), (5, [2, 5]), (20, [8, 20])])
def test_real_frames_of_other_lengths(count: int, expected: list[int]) -> None:
    """Where hidden states have fewer or more frames than the logits, as many in proportion."""
    said = Outputs((), torch.zeros(2, 10, 3), torch.tensor([4, 10]))
    assert said.is_real_in(torch.zeros(2, count, 7)).sum(dim=1).tolist() == expected


def test_every_share_of_real_frames_is_exact() -> None:
    """n of n frames are n, whatever n is: no rounding of a quotient adds or loses one."""
    for most in range(1, 200):
        frames = torch.arange(1, most + 1)
        said = Outputs((), torch.zeros(most, most, 1), frames)
        assert said.is_real.sum(dim=1).tolist() == frames.tolist()

"""The hard concrete distribution, against samples and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from asrcompress.compress.structured import hard_concrete

SAMPLES = 400_000
LOG_ALPHAS = [-4.0, -1.0, 0.0, 1.5, 4.595]
# s = 0.5, 0.95 and 0.05 where u = 0.5, so stretched to 0.5, 1.04 and -0.04
INSIDE, ONE, ZERO = 0.0, math.log(19) * 2 / 3, -math.log(19) * 2 / 3
SLOPE_INSIDE = 1.2 * 0.5 * 0.5 * 1.5  # (zeta - gamma) s (1 - s) / beta
SLOPE_OUTSIDE = 1.2 * 0.95 * 0.05 * 1.5


def _sampled(log_alpha: float) -> torch.Tensor:
    u = hard_concrete.draw((SAMPLES,), np.random.default_rng(0))
    return hard_concrete.sample(torch.full((SAMPLES,), log_alpha), u, straight_through=True)


def _gradient(log_alpha: float, towards_z: float, *, straight_through: bool) -> float:
    """Of a loss whose gradient towards z is given."""
    learned = torch.tensor(log_alpha, requires_grad=True)
    z = hard_concrete.sample(learned, torch.tensor(0.5), straight_through)
    torch.autograd.backward(towards_z * z)
    assert learned.grad is not None
    return float(learned.grad)


@pytest.mark.parametrize("log_alpha", LOG_ALPHAS)
def test_probability_kept_is_the_samplers(log_alpha: float) -> None:
    """P(z > 0) is the share of samples above 0, within 1 %."""
    share = float((_sampled(log_alpha) > 0).float().mean())
    kept = float(hard_concrete.probability_kept(torch.tensor(log_alpha)))
    assert kept == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize("log_alpha", LOG_ALPHAS)
def test_mean_is_the_samplers(log_alpha: float) -> None:
    """E[z] is the mean of samples, within 1 %."""
    mean = float(hard_concrete.mean(torch.tensor(log_alpha)))
    assert mean == pytest.approx(float(_sampled(log_alpha).mean()), rel=0.01)


def test_samples_reach_both_ends_and_all_between() -> None:
    """z is exactly 0 and exactly 1 with some probability, and anything between otherwise."""
    z = _sampled(0.0)
    assert float(z.min()) >= 0
    assert float(z.max()) <= 1
    for share in ((z == 0).float().mean(), (z == 1).float().mean()):
        # P(z = 0) = 1 - sigmoid(1.599) = P(z = 1), as the distribution is symmetric at 0
        assert float(share) == pytest.approx(1 / (1 + math.exp(1.599)), rel=0.02)
    assert len(set(z[(z > 0) & (z < 1)].tolist())) > SAMPLES / 4


@pytest.mark.parametrize("probability", [0.01, 0.5, 0.99])
def test_probability_and_log_alpha_are_inverse(probability: float) -> None:
    """A log_alpha asked for a probability has it."""
    log_alpha = hard_concrete.log_alpha_of(probability)
    kept = float(hard_concrete.probability_kept(torch.tensor(log_alpha)))
    assert kept == pytest.approx(probability, rel=1e-5)


def test_u_keeps_away_from_its_ends() -> None:
    """u is drawn from [1e-6, 1 - 1e-6], in float32, so its logit is finite."""

    class _Ends:
        def random(self, _shape: tuple[int, ...]) -> np.ndarray:
            return np.array([0.0, 1.0])

    u = hard_concrete.draw((2,), _Ends())  # type: ignore[arg-type]
    assert u.tolist() == pytest.approx([1e-6, 1 - 1e-6], rel=1e-6)
    assert torch.logit(u).isfinite().all()


@pytest.mark.parametrize(
    ("towards_z", "passed"), [(2.0, 1.0), (1.0, 1.0), (0.4, 0.4), (-1.0, -1.0), (-3.0, -1.0)]
)
@pytest.mark.parametrize(
    ("log_alpha", "slope"),
    [(INSIDE, SLOPE_INSIDE), (ONE, SLOPE_OUTSIDE), (ZERO, SLOPE_OUTSIDE)],
)
def test_straight_through_gradient(
    log_alpha: float, slope: float, towards_z: float, passed: float
) -> None:
    """Wang Eq. 4: the gradient passes everywhere, cut off at -1 and 1."""
    found = _gradient(log_alpha, towards_z, straight_through=True)
    assert found == pytest.approx(passed * slope, rel=1e-4)


@pytest.mark.parametrize("towards_z", [2.0, -3.0])
def test_gradient_without_straight_through(towards_z: float) -> None:
    """The loss's own gradient: none where z is cut off, and whole where it is not."""
    for log_alpha in (ONE, ZERO):
        assert _gradient(log_alpha, towards_z, straight_through=False) == 0
    inside = _gradient(INSIDE, towards_z, straight_through=False)
    assert inside == pytest.approx(towards_z * SLOPE_INSIDE, rel=1e-5)


def test_both_estimators_give_the_same_values() -> None:
    """The straight-through estimator changes gradients, not masks."""
    u = hard_concrete.draw((1000,), np.random.default_rng(3))
    log_alpha = torch.linspace(-6, 6, 1000)
    with_it, without = (hard_concrete.sample(log_alpha, u, ste) for ste in (True, False))
    assert torch.equal(with_it, without)

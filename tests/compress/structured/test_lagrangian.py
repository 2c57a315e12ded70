"""Multipliers that hold a sparsity, and the target that they hold."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.structured.lagrangian import Lagrangian, target_at


def _with(linear: float, quadratic: float) -> Lagrangian:
    lagrangian = Lagrangian()
    lagrangian.linear.data.fill_(linear)
    lagrangian.quadratic.data.fill_(quadratic)
    return lagrangian


def test_term_and_its_gradient_by_hand() -> None:
    """lambda_1 (p - t) + lambda_2 (p - t)^2 = 2 * 0.2 + 5 * 0.04; its slope is 2 + 2 * 5 * 0.2."""
    sparsity = torch.tensor(0.7, requires_grad=True)
    term = _with(2.0, 5.0)(sparsity, 0.5)
    term.backward()
    assert float(term.detach()) == pytest.approx(0.6)
    assert float(sparsity.grad) == pytest.approx(4.0)  # type: ignore[arg-type]


def test_multipliers_start_at_nothing() -> None:
    """At first the term is 0, whatever the distance."""
    assert float(Lagrangian()(torch.tensor(0.0), 0.8).detach()) == 0


@pytest.mark.parametrize(("sparsity", "linear"), [(0.3, -0.2), (0.9, 0.4)])
def test_multipliers_ascend(sparsity: float, linear: float) -> None:
    """A minimising optimiser raises the term by them: by p - t, and by its square."""
    lagrangian = Lagrangian()
    optimiser = torch.optim.SGD(lagrangian.parameters(), lr=1.0)
    lagrangian(torch.tensor(sparsity), 0.5).backward()
    optimiser.step()
    assert float(lagrangian.linear.detach()) == pytest.approx(linear)
    assert float(lagrangian.quadratic.detach()) == pytest.approx(linear**2)


def test_a_free_sparsity_is_driven_to_the_target() -> None:
    """Descending the term by p and ascending it by the multipliers ends at the target."""
    logit = torch.nn.Parameter(torch.tensor(-4.0))
    lagrangian = Lagrangian()
    groups = [{"params": [logit], "lr": 0.05}]
    groups += [
        {"params": group["params"], "lr": 0.05 * group["scale"]}
        for group in lagrangian.parameter_groups(1.0)
    ]
    optimiser = torch.optim.Adam(groups)
    for _ in range(1200):
        optimiser.zero_grad()
        lagrangian(torch.sigmoid(logit), 0.8).backward()
        optimiser.step()
    assert float(torch.sigmoid(logit).detach()) == pytest.approx(0.8, abs=0.01)


def test_target_rises_over_seven_percent() -> None:
    """Linear over 70 of 1000 steps, then constant."""
    assert target_at(34, 70.0, 0.8) == pytest.approx(0.4)
    assert target_at(69, 70.0, 0.8) == 0.8
    assert target_at(999, 70.0, 0.8) == 0.8
    assert target_at(0, 0.21, 0.8) == 0.8

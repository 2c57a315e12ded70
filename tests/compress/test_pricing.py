"""From harms to a plan within a budget of bytes."""

from __future__ import annotations

import random

import pytest

from asrcompress.compress.pricing import Pricing
from asrcompress.compress.trial import AS_IT_IS, Plan, Treatment

HEADER = 100  # a file has one where anything is treated, and pads it to 8 bytes
SIZES = {"a": 1000, "b": 2000, "c": 4000}
CHOICES = tuple(Treatment(bits) for bits in (2, 4, 8, 32))


def _size_of(plan: Plan) -> int:
    """As the engine's: weights by their bits, and a header that is not a sum over layers."""
    treated = {name: t for name, t in plan.items() if t != AS_IT_IS}
    weights = sum(count * plan.get(name, AS_IT_IS).bits // 8 for name, count in SIZES.items())
    header = HEADER + 13 * len(treated) if treated else 0
    return weights + -(-header // 8) * 8


def _pricing() -> Pricing:
    return Pricing(dict.fromkeys(SIZES, CHOICES), _size_of)


def _harms(seed: int = 0) -> dict[str, dict[Treatment, float]]:
    draw = random.Random(seed)
    return {name: {t: draw.random() / t.bits**2 for t in CHOICES} for name in SIZES}


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_is_within_its_budget_and_exactly_at_the_smallest(seed: int) -> None:
    """The header's bytes are counted, though they are no sum over layers."""
    pricing = _pricing()
    smallest = _size_of(pricing.smallest)
    assert pricing.plan_within(_harms(seed), smallest - 1) is None
    assert pricing.plan_within(_harms(seed), smallest) == pricing.smallest
    for budget in range(smallest, pricing.untreated_bytes, 501):
        plan = pricing.plan_within(_harms(seed), budget)
        assert plan is not None
        assert _size_of(plan) <= budget


def test_bytes_go_to_the_layer_that_needs_them() -> None:
    """With room for one layer in full, it is the one that 2 bits harm."""
    harms = {name: dict.fromkeys(CHOICES, 0.0) for name in SIZES}
    harms["b"][Treatment(2)] = 1.0
    plan = _pricing().plan_within(harms, _size_of(_pricing().smallest) + 600)
    assert plan == {"a": Treatment(2), "b": Treatment(4), "c": Treatment(2)}


def test_only_free_layers_change() -> None:
    """The others stay as the fixed plan has them, even in a treatment that is no choice."""
    fixed = {"a": Treatment(4, "hqq"), "b": Treatment(2), "c": Treatment(2)}
    harms = {name: {t: 1.0 / t.bits for t in CHOICES} for name in SIZES}
    harms["a"][Treatment(4, "hqq")] = 0.0
    plan = _pricing().plan_within(harms, 10**6, fixed, ["c"])
    assert plan == {**fixed, "c": AS_IT_IS}


def test_a_plan_is_allowed_by_its_bits() -> None:
    """However its layers are rounded; not with bits that are no choice, nor other layers."""
    pricing = Pricing({"a": (Treatment(2, "gptq"), Treatment(8))}, _size_of)
    assert pricing.allows({"a": Treatment(2, "max")})
    assert not pricing.allows({"a": Treatment(4)})
    assert not pricing.allows({"b": Treatment(2)})

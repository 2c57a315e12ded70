"""The original model with other values in some of its weights, for a while.

The original's tensors are memory-mapped and stay untouched: a layer gets a parameter of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from asrcompress.compress.decision import Bits, Decision, Rounding

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import Layer, Weights


@dataclass(frozen=True, slots=True)
class Treatment:
    """What can be done with a layer's weight: bits, and for 4 and 2 of them how they round."""

    bits: Bits = 32
    rounding: Rounding = "max"

    @property
    def label(self) -> str:
        """For example "2 bits hqq"."""
        if self.bits == 32:
            return "as it is"
        way = f" {self.rounding}" if self.bits in FEW_BITS else ""
        return f"{self.bits} bits{way}"

    def decision(self) -> Decision:
        """It as the engine knows it; without the tensor that GPTQ makes."""
        return Decision(why="", bits=self.bits, rounding=self.rounding)


FEW_BITS: tuple[Bits, ...] = (2, 4)  # those that can be rounded in several ways
ROUNDINGS: tuple[Rounding, ...] = ("max", "hqq")  # that need the weight alone
AS_IT_IS = Treatment()
Plan = Mapping[str, Treatment]  # by layer name; layers without one stay as they are


class TrialModel:
    """A module whose layers can be treated, and a plan that is in place."""

    def __init__(self, module: torch.nn.Module, weights: Weights) -> None:
        """Take over a freshly loaded module, with the weights as earlier steps leave them."""
        self.module = module
        self._weights = weights
        self._plan: dict[str, Treatment] = {}
        self._rounded: dict[tuple[str, Bits], Any] = {}
        self._untreated = {}
        for name, layer in weights.layers.items():
            _fold_weight_norm(module, layer)
            self._untreated[name] = self._as_left(name)

    @property
    def plan(self) -> dict[str, Treatment]:
        """The treatments in place."""
        return dict(self._plan)

    def add_rounded(self, name: str, bits: Bits, quantised: Any) -> None:
        """Know what a layer's treatment with GPTQ gives: quanto's tensor."""
        self._rounded[name, bits] = quantised

    def is_rounded(self, name: str) -> bool:
        """Whether GPTQ is among a layer's treatments."""
        return any(known == name for known, _ in self._rounded)

    def decision(self, name: str, treatment: Treatment) -> Decision:
        """A layer's treatment as the engine does it."""
        plain = treatment.decision()
        if treatment.rounding != "gptq":
            return plain
        return replace(plain, quantised=self._rounded[name, treatment.bits])

    def weight(self, name: str) -> torch.Tensor:
        """A layer's weight before any treatment; not to be changed."""
        weight: torch.Tensor = self._untreated[name].detach()
        return weight

    def use(self, plan: Plan) -> None:
        """Put a plan in place of the present one."""
        for name in {**self._plan, **plan}:
            wanted = plan.get(name, AS_IT_IS)
            if wanted != self._plan.get(name, AS_IT_IS):
                self._put(name, self._treated(name, wanted))
                self._plan[name] = wanted

    @contextmanager
    def with_treated(self, name: str, treatment: Treatment) -> Iterator[None]:
        """Within it, one layer is treated otherwise than the plan says."""
        present: Any = self.module.get_submodule(name).weight
        self._put(name, self._treated(name, treatment))
        try:
            yield
        finally:
            self._put(name, present)

    def _as_left(self, name: str) -> Any:
        """The original's own parameter where no earlier step changed it, and nothing is copied."""
        import torch

        original: Any = self.module.get_submodule(name).weight
        left = self._weights.read(name)
        if torch.equal(original.detach(), left):
            return original
        parameter = torch.nn.Parameter(left, requires_grad=False)
        self._put(name, parameter)
        return parameter

    def _treated(self, name: str, treatment: Treatment) -> Any:
        import torch

        from asrcompress.compress.encode import dequantised

        if treatment == AS_IT_IS:
            return self._untreated[name]
        with torch.no_grad():
            values = dequantised(self.weight(name), self.decision(name, treatment))
        return torch.nn.Parameter(values, requires_grad=False)

    def _put(self, name: str, parameter: Any) -> None:
        for each in (name, *self._weights.layers[name].tied):
            self.module.get_submodule(each).weight = parameter


def _fold_weight_norm(module: torch.nn.Module, layer: Layer) -> None:
    from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

    for name in (layer.name, *layer.tied):
        found = module.get_submodule(name)
        if is_parametrized(found, "weight"):
            remove_parametrizations(found, "weight", leave_parametrized=True)

"""From harms by layer and treatment to the plan that a budget of bytes buys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from asrcompress.compress.allocate import Priced, allocate
from asrcompress.compress.trial import Plan, Treatment

Choices = Mapping[str, Sequence[Treatment]]  # by layer name
Harms = Mapping[str, Mapping[Treatment, float]]
_TRIES = 8  # each takes off what the file's header was longer than the sum foretold


@dataclass(frozen=True)
class Pricing:
    """What each layer may be treated with, and the bytes of the file that a plan gives."""

    choices: Choices
    size_of: Callable[[Plan], int]

    @cached_property
    def bytes_of_each(self) -> dict[str, dict[Treatment, int]]:
        """What each treatment alone makes of the file."""
        return {
            layer: {treatment: self.size_of({layer: treatment}) for treatment in treatments}
            for layer, treatments in self.choices.items()
        }

    @cached_property
    def untreated_bytes(self) -> int:
        """The file with every layer as it is."""
        return self.size_of({})

    @cached_property
    def smallest(self) -> dict[str, Treatment]:
        """The plan of the smallest file."""
        return {
            layer: min(sizes, key=lambda treatment: sizes[treatment])
            for layer, sizes in self.bytes_of_each.items()
        }

    def allows(self, plan: Plan) -> bool:
        """Whether each layer may have the bits that it has in the plan, however rounded."""
        return all(
            any(treatment.bits == choice.bits for choice in self.choices.get(layer, ()))
            for layer, treatment in plan.items()
        )

    def plan_within(
        self,
        harms: Harms,
        budget_bytes: int,
        fixed: Plan | None = None,
        free: Collection[str] = (),
    ) -> dict[str, Treatment] | None:
        """The plan of least summed harm in a file of so many bytes; None where none fits.

        fixed: a plan from which only the layers in `free` may differ.
        """
        options = {
            layer: [fixed[layer]] if fixed is not None and layer not in free else list(treatments)
            for layer, treatments in self.choices.items()
        }
        priced = [
            [Priced(self._added(layer, t), harms[layer][t]) for t in treatments]
            for layer, treatments in options.items()
        ]
        spare = budget_bytes - self._base_bytes
        for _ in range(_TRIES):
            chosen = allocate(priced, spare)
            if chosen is None:
                return None
            plan = {
                layer: treatments[index]
                for (layer, treatments), index in zip(options.items(), chosen, strict=True)
            }
            excess = self.size_of(plan) - budget_bytes
            if excess <= 0:
                return plan
            spare -= excess
        return None

    @cached_property
    def _base_bytes(self) -> int:
        """What a file has beside what the layers' treatments add: the header is no exact sum."""
        added = sum(self._added(layer, treatment) for layer, treatment in self.smallest.items())
        return self.size_of(self.smallest) - added

    def _added(self, layer: str, treatment: Treatment) -> int:
        known = self.bytes_of_each[layer].get(treatment)
        return (self.size_of({layer: treatment}) if known is None else known) - self.untreated_bytes

"""What speed was measured on: said once where it is the same for all, else artefact by artefact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asrcompress.core.cost import Cost
from asrcompress.report.wording import NOT_AVAILABLE, count_of, list_names


@dataclass(frozen=True, slots=True)
class Setup:
    """Device, threads and batch size of several measurements.

    shared: those that are the same for all, in words. differing: the names of the others.
    """

    shared: str
    differing: tuple[str, ...]

    def cells(self, cost: Cost | None) -> list[str]:
        """One measurement's values of what differs."""
        values = _values(cost) if cost else {}
        return [values.get(name, NOT_AVAILABLE) for name in self.differing]


def setup_of(costs: Sequence[Cost]) -> Setup:
    """The setup of these measurements, at least one."""
    first = costs[0]
    words = {
        "device": first.device,
        "threads": count_of(first.threads, "thread"),
        "batch": f"batch {first.batch_size}",
    }
    differing = [name for name in words if len({_values(cost)[name] for cost in costs}) > 1]
    shared = list_names(text for name, text in words.items() if name not in differing)
    return Setup(shared, tuple(differing))


def _values(cost: Cost) -> dict[str, str]:
    return {
        "device": cost.device,
        "threads": str(cost.threads),
        "batch": str(cost.batch_size),
    }

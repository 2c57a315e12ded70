"""Margins of the matrix: an artefact over all SNRs of a noise type, or all noises in a room."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from asrcompress.core.results import ConditionResult

_Steps = Mapping[str, Mapping[str, Any]]  # by effect


@dataclass(frozen=True, slots=True)
class Margin:
    """What is pooled: the conditions, and of these the utterances with one type of noise, if any.

    noise_type None: all utterances.
    """

    by: Literal["noise_type", "snr_db", "room"]
    value: str
    conditions: tuple[str, ...]
    noise_type: str | None = None

    @property
    def is_one_condition(self) -> bool:
        """Whether it is a cell again: all utterances of a single condition."""
        return len(self.conditions) == 1 and self.noise_type is None


def margins_of(
    conditions: Sequence[ConditionResult], met: Mapping[str, Collection[str]]
) -> list[Margin]:
    """The margins of a matrix, from the steps of its conditions.

    met: the types of noise that utterances met, by condition.

    noise_type: the conditions of nothing but noise, over SNRs; where no condition names a type, by
    the type that each utterance met. snr_db: the same over types, where there are several. room:
    the conditions of nothing but a room, and those of a room and noise over SNRs and types. A
    condition with any other effect belongs to none.
    """
    steps = {condition.name: _by_effect(condition) for condition in conditions}
    noises = {name: found for name, found in steps.items() if set(found) == {"noise"}}
    return [*_by_type(noises, met), *_by_snr(noises), *_by_room(steps)]


def _by_effect(condition: ConditionResult) -> _Steps:
    """The steps by their effects; none of a condition that has an effect twice."""
    found = {step["effect"]: step for step in condition.steps}
    return found if len(found) == len(condition.steps) else {}


def _by_type(noises: Mapping[str, _Steps], met: Mapping[str, Collection[str]]) -> Iterator[Margin]:
    named = _grouped({name: steps["noise"].get("type") for name, steps in noises.items()})
    for kind, conditions in named.items():
        yield Margin("noise_type", str(kind), conditions)
    if named or not noises:
        return
    every = {kind for name in noises for kind in met.get(name, ())}
    yield from (Margin("noise_type", kind, tuple(noises), kind) for kind in sorted(every))


def _by_snr(noises: Mapping[str, _Steps]) -> Iterator[Margin]:
    """Over the named types; a condition of any type is a mean over types already."""
    named = {name: steps["noise"] for name, steps in noises.items() if steps["noise"].get("type")}
    found = _grouped({name: step.get("snr_db") for name, step in named.items()})
    if any(len(conditions) > 1 for conditions in found.values()):
        for snr_db, conditions in found.items():
            yield Margin("snr_db", f"{snr_db:g} dB", conditions)


def _by_room(every: Mapping[str, _Steps]) -> Iterator[Margin]:
    for effects in ({"reverb"}, {"reverb", "noise"}):
        here = {name: steps for name, steps in every.items() if set(steps) == effects}
        rooms = _grouped({name: steps["reverb"].get("room") for name, steps in here.items()})
        for room, conditions in rooms.items():
            snrs_db = [here[name].get("noise", {}).get("snr_db") for name in conditions]
            known = [snr_db for snr_db in snrs_db if snr_db is not None]
            yield Margin("room", f"{room}{_range(known)}", conditions)


def _grouped(values: Mapping[str, Any]) -> dict[Any, tuple[str, ...]]:
    """The conditions of each value, both in the order given; None is no value."""
    found: dict[Any, tuple[str, ...]] = {}
    for condition, value in values.items():
        if value is not None:
            found[value] = (*found.get(value, ()), condition)
    return found


def _range(snrs_db: Sequence[float]) -> str:
    """For example ` + noise 0..20 dB`; empty without noise."""
    if not snrs_db:
        return ""
    low, high = min(snrs_db), max(snrs_db)
    return f" + noise {low:g} dB" if low == high else f" + noise {low:g}..{high:g} dB"

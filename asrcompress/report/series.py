"""Conditions and artefacts that differ in one thing only: what a figure's axis is made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, TypeVar

from asrcompress.core.results import ArtefactResult, ConditionResult
from asrcompress.report.places import (
    ANY,
    Family,
    Pruning,
    has_level,
    is_room,
    place_of,
    pruning_of,
)
from asrcompress.report.wording import list_names

Item = TypeVar("Item")
Value = TypeVar("Value", bound=Hashable)
_Step = Mapping[str, Any]

_SIZES = ("small", "medium", "large")  # any other room comes after them


@dataclass(frozen=True, slots=True)
class Series:
    """Conditions that differ in their SNR or their room only, by its value, in the axis's order.

    without: the one that is the same but for the noise, or the room; None where it was not run.
    """

    title: str
    varied: Literal["snr_db", "room"]
    conditions: Mapping[str, ConditionResult]
    without: ConditionResult | None


@dataclass(frozen=True, slots=True)
class NoisyRooms:
    """One kind of noise in several rooms, at the SNRs that were run in every one of them.

    rooms: the conditions of each room, one for each SNR. without: those without a room; empty
    where one of them was not run.
    """

    title: str
    rooms: Mapping[str, tuple[ConditionResult, ...]]
    without: tuple[ConditionResult, ...]


@dataclass(frozen=True, slots=True)
class PruningSet:
    """A model's artefacts that differ in the rate of pruning only, by that rate."""

    title: str
    artefacts: Mapping[float, ArtefactResult]


def noise_series(conditions: Iterable[ConditionResult]) -> list[Series]:
    """Every noise with its SNRs, from the highest to the lowest."""
    rows = tuple(conditions)
    noisy = [row for row in rows if place_of(row).snr_db is not None]
    found = _apart(noisy, key=lambda row: _others(row, "snr_db"), value=_level)
    return [
        Series(
            title=_title(next(iter(levels.values())), "snr_db"),
            varied="snr_db",
            conditions={f"{level:g}": levels[level] for level in sorted(levels, reverse=True)},
            without=_without(rows, next(iter(levels.values())), has_level),
        )
        for levels in found
    ]


def room_series(conditions: Iterable[ConditionResult]) -> list[Series]:
    """Every kind of reverberation without noise, with its rooms from small to large."""
    rows = tuple(conditions)
    quiet = [row for row in rows if place_of(row).room and place_of(row).snr_db is None]
    found = _apart(quiet, key=lambda row: _others(row, "room"), value=_room)
    return [
        Series(
            title=_title(next(iter(rooms.values())), "room"),
            varied="room",
            conditions={name: rooms[name] for name in sorted(rooms, key=_size)},
            without=_without(rows, next(iter(rooms.values())), is_room),
        )
        for rooms in found
    ]


def noisy_rooms(conditions: Iterable[ConditionResult]) -> list[NoisyRooms]:
    """Every noise in rooms, its SNRs together."""
    rows = tuple(conditions)
    found = []
    for rooms in _apart(
        [row for row in noise_series(rows) if _room(_first(row))],
        key=lambda row: _others(_first(row), "room", "snr_db"),
        value=lambda row: _room(_first(row)),
    ):
        levels = [
            level
            for level in next(iter(rooms.values())).conditions
            if all(level in row.conditions for row in rooms.values())
        ]
        if levels:
            found.append(_noisy_rooms(rows, rooms, levels))
    return found


def pruning_sets(family: Family) -> list[PruningSet]:
    """A model's artefacts by rate, one set for each scope and each choice of other methods.

    What was not pruned, but is the same in its other methods, is at rate 0 of every scope.
    """
    known = [(row, found) for row in family.artefacts if (found := pruning_of(row))]
    pruned = [pair for pair in known if pair[1].scope is not None]
    unpruned = {found.others: row for row, found in reversed(known) if found.scope is None}
    sets = []
    for rates in _apart(
        pruned, key=lambda pair: (pair[1].scope, pair[1].others), value=lambda pair: pair[1].rate
    ):
        _, first = next(iter(rates.values()))
        artefacts = {rate: rates[rate][0] for rate in sorted(rates)}
        original = unpruned.get(first.others)
        artefacts = {0.0: original, **artefacts} if original else artefacts
        sets.append(PruningSet(_pruning_title(first), artefacts))
    return sets


def _noisy_rooms(
    rows: tuple[ConditionResult, ...], rooms: Mapping[str, Series], levels: list[str]
) -> NoisyRooms:
    first = next(iter(rooms.values()))
    dry = [_without(rows, first.conditions[level], is_room) for level in levels]
    title = _title(_first(first), "snr_db", "room")
    return NoisyRooms(
        title=f"{title} at {list_names(levels)} dB together",
        rooms={
            name: tuple(rooms[name].conditions[level] for level in levels)
            for name in sorted(rooms, key=_size)
        },
        without=tuple(row for row in dry if row) if all(dry) else (),
    )


def _apart(
    items: Iterable[Item], *, key: Callable[[Item], Hashable], value: Callable[[Item], Value]
) -> list[dict[Value, Item]]:
    """The items of each key by value; a value that comes again, of another corpus perhaps, opens
    a series of its own."""
    found: dict[tuple[Hashable, int], dict[Value, Item]] = {}
    for item in items:
        for repeat in count():
            series = found.setdefault((key(item), repeat), {})
            if value(item) not in series:
                series[value(item)] = item
                break
    return list(found.values())


def _first(series: Series) -> ConditionResult:
    return next(iter(series.conditions.values()))


def _level(condition: ConditionResult) -> float:
    return place_of(condition).snr_db or 0.0  # only asked of conditions with an SNR


def _room(condition: ConditionResult) -> str:
    return place_of(condition).room or ""


def _size(room: str) -> tuple[int, str]:
    return (_SIZES.index(room), room) if room in _SIZES else (len(_SIZES), room)


def _others(condition: ConditionResult, *varied: str) -> str:
    """The steps without what varies, as JSON."""
    steps = [
        {name: value for name, value in step.items() if name not in varied}
        for step in condition.steps
    ]
    return json.dumps(steps, sort_keys=True)


def _without(
    rows: Iterable[ConditionResult],
    condition: ConditionResult,
    is_left_out: Callable[[_Step], bool],
) -> ConditionResult | None:
    """The condition with the same steps but for those."""
    steps = [step for step in condition.steps if not is_left_out(step)]
    return next((row for row in rows if list(row.steps) == steps), None)


def _title(condition: ConditionResult, *varied: str) -> str:
    return " + ".join(_step_words(step, varied) for step in condition.steps)


def _step_words(step: _Step, varied: tuple[str, ...]) -> str:
    """noise (type babble): the effect and its parameters, but for what varies."""
    words = [
        f"{name} {value}"
        for name, value in step.items()
        if name not in ("effect", *varied) and isinstance(value, str | int | float)
    ]
    if has_level(step) and "type" not in step:
        words.insert(0, f"{ANY} type")
    effect = str(step.get("effect", "step"))
    return f"{effect} ({list_names(words)})" if words else effect


def _pruning_title(pruning: Pruning) -> str:
    others = [str(step.get("method")) for step in json.loads(pruning.others)]
    return " + ".join([f"{pruning.scope} pruning", *others])

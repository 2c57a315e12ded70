"""What an effect is: one file in effects/, found by its name.

Such a file holds

    Params                                      its parameters, a frozen pydantic model
    CODE_VERSION: int                           raised with every change that changes its output
    STAGE: Stage                                where it stands among the steps of a condition
    label(params) -> str                        its part of a condition's name
    apply(signal, params, material, generator) -> (signal, record)

and, where it needs them,

    uses(params, libraries) -> tuple[Use, ...]  the libraries it draws from
    draw(params, scene, generator) -> material  what it takes from them
    key(params) -> str                          what its generator is keyed with, else its name
    needs(params) -> tuple[str, ...]            the effects that have to come before it

`apply` is pure: arrays and a generator in, arrays and a record for the manifest out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from asrcompress.core.condition import Condition, Step
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of, load_plugin
from asrcompress.corrupt.active_level import ActiveLevel, active_level
from asrcompress.corrupt.level import Floats, power
from asrcompress.corrupt.sources import Libraries, Response, Source


class Stage(IntEnum):
    """Where on its way from the mouth to the recogniser the sound meets an effect."""

    TALKER = 0
    ROOM = 1
    DISTANCE = 2
    NOISE = 3
    RECORDER = 4
    CODEC = 5
    NETWORK = 6


@dataclass(frozen=True)
class Reference:
    """Speech (time,) float64 that an SNR is set against; its levels are measured once."""

    samples: Floats
    sample_rate_hz: int

    @cached_property
    def power(self) -> float:
        """The mean square over the whole utterance."""
        return power(self.samples)

    @cached_property
    def active(self) -> ActiveLevel | None:
        """The active level; None where it is not defined."""
        return active_level(self.samples, self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class Signal:
    """A recording on its way through the steps; all arrays (time,) float64.

    `samples` is what is heard, `speech` all of it but the noise that an SNR is asked for (None
    once the two cannot be told apart, after a codec say), `reference` the part of the speech that
    an SNR is set against, `room` the response of the room that the speech is in.
    """

    samples: Floats
    speech: Floats | None
    reference: Reference
    sample_rate_hz: int
    room: Response | None = None


def clean_signal(samples: Floats, sample_rate_hz: int) -> Signal:
    """A recording that nothing has been done to: all of it is speech."""
    return Signal(samples, samples, Reference(samples, sample_rate_hz), sample_rate_hz)


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose recording it is, how long it is by now, what there is to draw from, and its room."""

    utterance: Utterance
    frames: int
    libraries: Libraries
    room: Response | None = None


class Use(NamedTuple):
    """A library that an effect draws from, and the kind (None: any) it asks for."""

    name: str
    source: Source
    kind: str | None


@dataclass(frozen=True, slots=True)
class BoundStep:
    """An effect with its checked parameters."""

    name: str
    module: ModuleType
    params: BaseModel

    @property
    def key(self) -> str:
        """What its generator is keyed with, beside the seed and the utterance."""
        return str(self.module.key(self.params)) if hasattr(self.module, "key") else self.name

    @property
    def code_version(self) -> int:
        """The version of what it does to the sound."""
        return int(self.module.CODE_VERSION)

    @property
    def stage(self) -> Stage:
        return Stage(self.module.STAGE)

    @property
    def label(self) -> str:
        """Its part of a condition's name, file-friendly; other parameters, another label."""
        return str(self.module.label(self.params))

    @property
    def needs(self) -> tuple[str, ...]:
        """The effects that have to come before it with these parameters."""
        needs = getattr(self.module, "needs", None)
        return tuple(needs(self.params)) if needs else ()

    @property
    def step(self) -> Step:
        """The step it was bound from, values of the declared types, defaults left out."""
        return Step(self.name, self.params.model_dump(exclude_defaults=True))

    def uses(self, libraries: Libraries) -> tuple[Use, ...]:
        """The libraries that it draws from with these parameters."""
        uses = getattr(self.module, "uses", None)
        return tuple(uses(self.params, libraries)) if uses else ()

    def __call__(
        self, signal: Signal, scene: Scene, generator: np.random.Generator
    ) -> tuple[Signal, dict[str, Any]]:
        draw = getattr(self.module, "draw", None)
        material = draw(self.params, scene, generator) if draw else None
        changed, record = self.module.apply(signal, self.params, material, generator)
        return changed, record


def bind(condition: Condition) -> tuple[BoundStep, ...]:
    """The steps of a condition with their effects.

    Raises:
        InputError: an unknown effect or parameter, a value out of range, an effect twice, before
            one that the sound meets first, or without one that it needs.
    """
    return bind_steps(condition.steps, f"condition {condition.name!r}")


def bind_steps(steps: Sequence[Step], where: str) -> tuple[BoundStep, ...]:
    """As `bind`, for steps that have no name yet; `where` is for the error."""
    bound = tuple(_bind_step(step, where) for step in steps)
    for place, step in enumerate(bound):
        _check_place(step, bound[:place], where)
    return bound


def _check_place(step: BoundStep, before: Sequence[BoundStep], where: str) -> None:
    names = [other.name for other in before]
    if step.name in names:
        raise InputError("effect twice in a condition", where=where, got=step.name)
    late = [other.name for other in before if other.stage > step.stage]
    if late:
        order = ", ".join(stage.name.lower() for stage in Stage)
        raise InputError(
            f"{step.name} after {late[0]}",
            where=where,
            expected=f"{step.name} before {late[0]}: sound goes by {order}",
        )
    missing = [name for name in step.needs if name not in names]
    if missing:
        raise InputError(
            f"{step.name} without {missing[0]}",
            where=where,
            got=step.label,
            expected=f"{missing[0]} before it",
        )


def _bind_step(step: Step, where: str) -> BoundStep:
    module = _effect(step.effect)
    params = _params(module.Params, step.params, f"{where}, effect {step.effect}")
    return BoundStep(step.effect, module, params)


@lru_cache  # a run binds its conditions anew for every recording; the folder is searched once
def _effect(name: str) -> ModuleType:
    from asrcompress.corrupt import effects

    return load_plugin(effects, name)


def _params(form: type[BaseModel], given: Mapping[str, Any], where: str) -> BaseModel:
    try:
        return form.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "parameters"
        if first["type"] == "extra_forbidden":
            raise InputError(
                "unknown parameter",
                where=where,
                got=repr(name),
                expected=expected_one_of(name, form.model_fields),
            ) from None
        got = "nothing" if first["type"] == "missing" else repr(first["input"])
        raise InputError(f"bad {name}", where=where, got=got, expected=_expected(first)) from None


def _expected(mistake: ErrorDetails) -> str:
    """What pydantic's sentence asks for, without the words that introduce it."""
    if mistake["type"] == "missing":
        return "a value for it"
    return mistake["msg"].removeprefix("Input should be ").removeprefix("Value error, ")

"""What an effect is: one file in effects/, found by its name.

Such a file holds

    Params                                      its parameters, a frozen pydantic model
    CODE_VERSION: int                           raised with every change that changes its output
    apply(signal, params, material, generator) -> (signal, record)

and, where it needs them,

    uses(params, libraries) -> tuple[Use, ...]  the libraries it draws from
    draw(params, scene, generator) -> material  what it takes from them
    key(params) -> str                          what its generator is keyed with, else its name
    COMES_FIRST = True                          it acts on speech alone: no other step before it

`apply` is pure: arrays and a generator in, arrays and a record for the manifest out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ValidationError

from asrcompress.core.condition import Condition, Step
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of, load_plugin
from asrcompress.corrupt.level import Floats
from asrcompress.corrupt.sources import Libraries, Source


@dataclass(frozen=True, slots=True)
class Signal:
    """A recording on its way through the steps; all arrays (time,) float64.

    `samples` is what is heard, `speech` what of it is speech (None once the two cannot be told
    apart, after a codec say), `reference` the part of the speech that an SNR is set against.
    """

    samples: Floats
    speech: Floats | None
    reference: Floats
    sample_rate_hz: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose recording it is, how long, and what there is to draw from."""

    utterance: Utterance
    frames: int
    libraries: Libraries


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
    def comes_first(self) -> bool:
        """True where no other step may go before it."""
        return bool(getattr(self.module, "COMES_FIRST", False))

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
        InputError: an unknown effect or parameter, a value out of range, an effect twice, or one
            that acts on speech alone after another.
    """
    steps = tuple(_bind_step(step, condition.name) for step in condition.steps)
    for place, step in enumerate(steps):
        before = steps[:place]
        if step.name in {other.name for other in before}:
            raise InputError("effect twice in a condition", where=condition.name, got=step.name)
        late = [other.name for other in before if step.comes_first and not other.comes_first]
        if late:
            raise InputError(
                f"{step.name} after {late[0]}",
                where=condition.name,
                expected=f"{step.name} first: {late[0]} is not put through it",
            )
    return steps


def _bind_step(step: Step, condition: str) -> BoundStep:
    from asrcompress.corrupt import effects

    module = load_plugin(effects, step.effect)
    where = f"condition {condition!r}, effect {step.effect}"
    return BoundStep(step.effect, module, _params(module.Params, step.params, where))


def _params(form: type[BaseModel], given: Mapping[str, Any], where: str) -> BaseModel:
    try:
        return form.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise InputError(
                "unknown parameter",
                where=where,
                got=repr(name),
                expected=expected_one_of(name, form.model_fields),
            ) from None
        got = "nothing" if first["type"] == "missing" else repr(first["input"])
        raise InputError(f"bad {name}", where=where, got=got, expected=first["msg"]) from None

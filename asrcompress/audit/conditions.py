"""The conditions that a recipe asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from asrcompress.audit.recipe import BothConditions, Recipe
from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError

ANY_TYPE = "any"  # among noise types: of every type, as without types
_EFFECT = "effect"


def conditions_of(recipe: Recipe) -> tuple[Condition, ...]:
    """The conditions of a recipe: clean, noise, rooms, both, effects; each name once.

    Raises:
        InputError: a step of `effects` does not say which effect it is.
    """
    found = [_with_reference(condition, recipe) for condition in _matrix(recipe)]
    found += [
        Condition(name, tuple(step_from(step, name) for step in steps), recipe.seed)
        for name, steps in recipe.conditions.effects.items()
    ]
    return tuple({condition.name: condition for condition in found}.values())


def names_of_matrix(recipe: Recipe) -> tuple[str, ...]:
    """The names of all conditions but those of `effects`."""
    return tuple(condition.name for condition in _matrix(recipe))


def step_from(written: Mapping[str, Any], where: str) -> Step:
    """A step as recipes write it: {effect: opus, bitrate_kbps: 12}.

    Raises:
        InputError: it does not say which effect it is.
    """
    effect = written.get(_EFFECT)
    if not isinstance(effect, str):
        raise InputError(
            "a step without its effect", where=where, expected="like {effect: opus, ...}"
        )
    return Step(effect, {name: value for name, value in written.items() if name != _EFFECT})


def _matrix(recipe: Recipe) -> Iterator[Condition]:
    """Clean, every noise, every room, and noises in rooms."""
    from asrcompress.corrupt import conditions_from

    wanted, seed = recipe.conditions, recipe.seed
    snr_db = wanted.noise.snr_db if wanted.noise else []
    types = wanted.noise.types if wanted.noise else []
    rooms = list(wanted.rooms.sizes) if wanted.rooms else []
    named = [name for name in types if name != ANY_TYPE]
    if wanted.clean:
        yield from conditions_from([], [], False, clean=True, seed=seed)
    if not types or ANY_TYPE in types:
        yield from conditions_from(snr_db, [], False, seed=seed)
    if named:
        yield from conditions_from(snr_db, [], False, noise_types=named, seed=seed)
    yield from conditions_from([], rooms, False, seed=seed)
    if wanted.both:
        both = wanted.both if isinstance(wanted.both, BothConditions) else BothConditions()
        every = conditions_from(both.snr_db or snr_db, both.sizes or rooms, True, seed=seed)
        yield from (condition for condition in every if len(condition.steps) > 1)


def _with_reference(condition: Condition, recipe: Recipe) -> Condition:
    """The condition with the recipe's reference of an SNR, where that is not the usual one."""
    noise = recipe.conditions.noise
    if noise is None or noise.reference == "overall":
        return condition
    steps = tuple(
        Step(step.effect, {**step.params, "reference": noise.reference})
        if step.effect == "noise"
        else step
        for step in condition.steps
    )
    return replace(condition, steps=steps)

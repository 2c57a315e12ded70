"""The conditions that a recipe asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from asrcompress.audit.recipe import BothConditions, Recipe
from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError

_EFFECT = "effect"


def conditions_of(recipe: Recipe) -> tuple[Condition, ...]:
    """The conditions of a recipe: clean, noise, rooms, both, effects; each name once.

    Raises:
        InputError: a step of `effects` has mistakes.
    """
    from asrcompress.corrupt import condition_of

    found = list(_matrix(recipe))
    found += [
        condition_of([step_from(step, name) for step in steps], recipe.seed, name)
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
    is_active = wanted.noise is not None and wanted.noise.reference == "active"
    make = partial(conditions_from, reference="active" if is_active else None, seed=seed)
    if wanted.clean:
        yield from make([], [], False, clean=True)
    yield from make(snr_db, [], False, noise_types=types)
    yield from make([], rooms, False)
    if wanted.both:
        both = wanted.both if isinstance(wanted.both, BothConditions) else BothConditions()
        every = make(both.snr_db or snr_db, both.sizes or rooms, True)
        yield from (condition for condition in every if len(condition.steps) > 1)

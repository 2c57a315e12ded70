"""The conditions that a recipe asks for."""

from __future__ import annotations

from asrcompress.audit.recipe import BothConditions, Recipe
from asrcompress.core.condition import Condition

ANY_TYPE = "any"  # among noise types: of every type, as without types


def conditions_of(recipe: Recipe) -> tuple[Condition, ...]:
    """The conditions of a recipe in its order: clean, noise, rooms, both; each name once."""
    from asrcompress.corrupt import conditions_from

    wanted = recipe.conditions
    snr_db = wanted.noise.snr_db if wanted.noise else []
    types = wanted.noise.types if wanted.noise else []
    rooms = list(wanted.rooms.sizes) if wanted.rooms else []
    named = [name for name in types if name != ANY_TYPE]
    seed = recipe.seed
    found: list[Condition] = []
    if not types or ANY_TYPE in types:
        found += conditions_from(snr_db, [], False, clean=wanted.clean, seed=seed)
    elif wanted.clean:
        found += conditions_from([], [], False, clean=True, seed=seed)
    if named:
        found += conditions_from(snr_db, [], False, noise_types=named, seed=seed)
    found += conditions_from([], rooms, False, seed=seed)
    if wanted.both:
        both = wanted.both if isinstance(wanted.both, BothConditions) else BothConditions()
        every = conditions_from(both.snr_db or snr_db, both.sizes or rooms, True, seed=seed)
        found += [condition for condition in every if len(condition.steps) > 1]
    return tuple({condition.name: condition for condition in found}.values())

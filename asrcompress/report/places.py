"""Where conditions and artefacts stand on the axes: SNR, noise type, room, pruning rate, model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asrcompress.core.results import ArtefactResult, ConditionResult, Results

ANY = "any"  # a noise of any type, a room of any size
_REVERB = "reverb"
_PRUNE = "prune"  # the method, and the name of its rate


@dataclass(frozen=True, slots=True)
class Place:
    """A condition's noise and room; None where it has none."""

    snr_db: float | None
    noise_type: str | None
    room: str | None


@dataclass(frozen=True, slots=True)
class Pruning:
    """How an artefact was pruned: the rate (0 where it was not), and everything else.

    scope: None where nothing was pruned. others: the other methods, as JSON.
    """

    rate: float
    scope: str | None
    others: str


@dataclass(frozen=True, slots=True)
class Family:
    """A model with everything that was made of it."""

    name: str
    artefacts: tuple[ArtefactResult, ...]

    def short_name(self, artefact: str) -> str:
        """The artefact's name without the model's, where that is in front of it."""
        return artefact.removeprefix(f"{self.name}/")


def place_of(condition: ConditionResult) -> Place:
    """The first noise and the first room of a condition's steps."""
    noise = next((step for step in condition.steps if has_level(step)), None)
    room = next((step for step in condition.steps if is_room(step)), None)
    return Place(
        snr_db=float(noise["snr_db"]) if noise else None,
        noise_type=str(noise.get("type") or ANY) if noise else None,
        room=str(room.get("room") or ANY) if room else None,
    )


def has_level(step: Mapping[str, Any]) -> bool:
    """Whether a step adds something at an SNR."""
    value = step.get("snr_db")
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_room(step: Mapping[str, Any]) -> bool:
    """Whether a step is a room."""
    return step.get("effect") == _REVERB


def pruning_of(artefact: ArtefactResult) -> Pruning | None:
    """How an artefact was pruned; None where its methods are not known.

    One that is compared with another but names no method was compressed elsewhere.
    """
    if not artefact.methods and artefact.baseline is not None:
        return None
    pruned = next((step for step in artefact.methods if step.get("method") == _PRUNE), {})
    others = json.dumps([step for step in artefact.methods if step is not pruned], sort_keys=True)
    rate = pruned.get(_PRUNE, 0.0)
    return Pruning(float(rate), str(pruned.get("scope", ANY)) if pruned else None, others)


def families_of(results: Results) -> tuple[Family, ...]:
    """The artefacts by the baseline that they share, or by model where there is none."""
    found: dict[str, list[ArtefactResult]] = {}
    for row in results.artefacts:
        is_baseline = row.name in results.baselines
        key = row.name if is_baseline else row.baseline or f"model {row.model}"
        found.setdefault(key, []).append(row)
    return tuple(Family(_family_name(rows), tuple(rows)) for rows in found.values())


def _family_name(rows: list[ArtefactResult]) -> str:
    """The name in front of all artefacts' names, as in robust/fp32; else the model's."""
    prefixes = {row.name.rpartition("/")[0] for row in rows}
    prefix = prefixes.pop()
    return prefix if prefix and not prefixes else rows[0].model

"""A condition: what is done to a recording before it is recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# A column of corrupted corpora: the recording an utterance is from, to resample by.
# A plain "source" is a label in many corpora (podcast, audiobook), and a label is no recording.
SOURCE_COLUMN = "source_filepath"


@dataclass(frozen=True, slots=True)
class Step:
    """One effect with its parameters, for example noise with snr_db 10."""

    effect: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """Ordered steps under one name; no steps is the clean condition.

    `seed` and `replicate` choose the draw of noises and rooms. They are keyed with the utterance,
    never with the SNR or the model, so every SNR and every model meets the same noise.
    """

    name: str
    steps: tuple[Step, ...] = ()
    seed: int = 0
    replicate: int = 0

    @property
    def is_clean(self) -> bool:
        return not self.steps

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "seed": self.seed,
            "replicate": self.replicate,
            "steps": [{"effect": step.effect, **step.params} for step in self.steps],
        }

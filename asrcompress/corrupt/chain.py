"""The steps of conditions, applied to one recording."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.seeds import generator_for
from asrcompress.corrupt.corrupted import Corrupted
from asrcompress.corrupt.effect import BoundStep, Scene, Signal, bind, clean_signal
from asrcompress.corrupt.level import is_silent
from asrcompress.corrupt.sources import Libraries

_CEILING = 0.999  # where a mixture beyond full scale is brought to: room for rounding
MEASURED_IN_FILE = "file"


def check_conditions(conditions: Sequence[Condition], libraries: Libraries) -> None:
    """All that can be found wrong with conditions before any work.

    Raises:
        InputError: no condition, a name that is no folder's or is there twice, an unknown effect
            or parameter, or a noise type or room that the libraries do not have.
    """
    if not conditions:
        raise InputError("no condition", expected="at least one, for example an SNR or a room")
    check_names([condition.name for condition in conditions])
    for condition in conditions:
        for step in bind(condition):
            for use in step.uses(libraries):
                use.source.check(use.kind)


class Recording:
    """A recording to be put under several conditions.

    What several of them begin with is done once: `shared` says which beginnings to keep, as
    `shared_beginnings` finds them. The results are the same without.
    """

    def __init__(
        self,
        utterance: Utterance,
        samples: Samples,
        libraries: Libraries,
        shared: frozenset[str] = frozenset(),
    ) -> None:
        self._utterance, self._libraries, self._shared = utterance, libraries, shared
        self._is_silent = is_silent(samples)
        self._clean = clean_signal(samples.astype(np.float64), SAMPLE_RATE_HZ)
        self._kept: dict[str, tuple[Signal, dict[str, Any]]] = {}

    def under(self, condition: Condition) -> Corrupted:
        """The recording put through the steps of a condition, with the parts to measure it by.

        Raises:
            InputError: the recording or a noise is silent, or a library's file cannot be read.
        """
        if condition.steps and self._is_silent:
            raise InputError(
                "silent recording",
                where=self._utterance.path,
                next_step="remove it from the corpus",
            )
        signal, done = self._after(condition, bind(condition))
        record = {"condition": condition.name, **done}
        if "snr_db" in record:
            record.setdefault("achieved_snr_in", MEASURED_IN_FILE)
        peak = float(np.max(np.abs(signal.samples), initial=0.0))
        scale = _CEILING / peak if peak > (_CEILING if condition.steps else 1.0) else 1.0
        return Corrupted(signal, scale, {**record, "scale": scale})

    def _after(
        self, condition: Condition, steps: tuple[BoundStep, ...]
    ) -> tuple[Signal, dict[str, Any]]:
        """The signal after these steps, the first of the condition's, and their record."""
        if not steps:
            return self._clean, {}
        place = _beginning(condition, steps)
        if place not in self._kept:
            done = self._step(condition, steps)
            if place not in self._shared:
                return done
            self._kept[place] = done
        return self._kept[place]

    def _step(
        self, condition: Condition, steps: tuple[BoundStep, ...]
    ) -> tuple[Signal, dict[str, Any]]:
        *before, step = steps
        signal, record = self._after(condition, tuple(before))
        generator = generator_for(condition.seed, self._utterance.id, step.key, condition.replicate)
        scene = Scene(self._utterance, len(signal.samples), self._libraries, signal.room)
        changed, done = step(signal, scene, generator)
        record = {**record, **done}
        if "snr_db" in record and changed.speech is None and signal.speech is not None:
            record["achieved_snr_in"] = f"mixture before {step.name}"
        return changed, record


def shared_beginnings(conditions: Sequence[Condition]) -> frozenset[str]:
    """The beginnings, step by step, that two or more of the conditions have in common."""
    counts: Counter[str] = Counter()
    for condition in conditions:
        steps = bind(condition)
        counts.update(_beginning(condition, steps[:end]) for end in range(1, len(steps) + 1))
    return frozenset(place for place, count in counts.items() if count > 1)


def corrupt(
    utterance: Utterance, samples: Samples, condition: Condition, libraries: Libraries
) -> Corrupted:
    """A recording under one condition; as `Recording.under`."""
    return Recording(utterance, samples, libraries).under(condition)


def _beginning(condition: Condition, steps: tuple[BoundStep, ...]) -> str:
    """What the signal after these steps depends on, beside the recording and the libraries."""
    done = [[step.name, step.step.params] for step in steps]
    return json.dumps([condition.seed, condition.replicate, done], sort_keys=True)


def corrupt_one(
    utterance: Utterance, samples: Samples, condition: Condition, libraries: Libraries
) -> tuple[Samples, dict[str, Any]]:
    """(time,) float32 at 16 kHz in, the same under the condition out, with what was done.

    The result depends on the condition, the libraries and the utterance's id and samples only.
    A mixture that would go beyond full scale is scaled as a whole (`scale` in the record).

    Raises:
        InputError: the recording or a noise is silent, or a library's file cannot be read.
    """
    corrupted = corrupt(utterance, samples, condition, libraries)
    written = corrupted.samples
    achieved = corrupted.achieved(written)
    measured = {} if achieved is None else achieved.as_json()
    return written, {**corrupted.record, **measured}


def check_names(names: Sequence[str]) -> None:
    """Raises InputError where a condition's name is no folder's, or is there twice."""
    seen: set[str] = set()
    for name in names:
        if not name or name[0] in ". " or any(not _fits_a_file(char) for char in name):
            raise InputError(
                "bad name for a condition",
                got=repr(name),
                expected="letters, digits, blanks and -_.+, not a dot first",
            )
        if name.casefold() in seen:
            raise InputError(
                "condition twice",
                got=repr(name),
                next_step="give each SNR, noise type and room once",
            )
        seen.add(name.casefold())


def _fits_a_file(char: str) -> bool:
    return char.isalnum() or char in " -_.+"

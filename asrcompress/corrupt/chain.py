"""The steps of a condition, applied to one recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.seeds import generator_for
from asrcompress.corrupt.effect import Scene, Signal, bind
from asrcompress.corrupt.level import is_silent, snr_db
from asrcompress.corrupt.sources import Libraries

_CEILING = 0.999  # where a mixture beyond full scale is brought to: room for rounding
SNR_TOLERANCE_DB = 0.01


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A corrupted recording before its scaling, the scale, and what was done to it."""

    signal: Signal
    scale: float
    record: dict[str, Any]

    @property
    def samples(self) -> Samples:
        """(time,) float32 in [-1, 1], as it is to be written."""
        return np.asarray(self.signal.samples * self.scale, dtype=np.float32)

    def achieved_snr_db(self, written: Samples) -> float | None:
        """The SNR of samples as written: what is not speech in them is noise.

        None without a noise, or where a later effect left speech and noise inseparable.
        """
        if "snr_db" not in self.record or self.signal.speech is None:
            return None
        residual = written.astype(np.float64) - self.scale * self.signal.speech
        return snr_db(self.scale * self.signal.reference, residual)


def check_conditions(conditions: Sequence[Condition], libraries: Libraries) -> None:
    """All that can be found wrong with conditions before any work.

    Raises:
        InputError: no condition, a name that is no folder's or is there twice, an unknown effect
            or parameter, or a noise type or room that the libraries do not have.
    """
    if not conditions:
        raise InputError("no condition", expected="at least one, for example an SNR or a room")
    _check_names([condition.name for condition in conditions])
    for condition in conditions:
        for step in bind(condition):
            for use in step.uses(libraries):
                use.source.check(use.kind)


def corrupt(
    utterance: Utterance, samples: Samples, condition: Condition, libraries: Libraries
) -> Corrupted:
    """A recording put through the steps of a condition, with the parts to measure it by.

    Raises:
        InputError: the recording or a noise is silent, or a library's file cannot be read.
    """
    if condition.steps and is_silent(samples):
        raise InputError(
            "silent recording", where=utterance.path, next_step="remove it from the corpus"
        )
    clean = samples.astype(np.float64)
    signal = Signal(clean, clean, clean, SAMPLE_RATE_HZ)
    scene = Scene(utterance, len(samples), libraries)
    record: dict[str, Any] = {"condition": condition.name}
    for step in bind(condition):
        generator = generator_for(condition.seed, utterance.id, step.key, condition.replicate)
        signal, done = step(signal, scene, generator)
        record.update(done)
    peak = float(np.max(np.abs(signal.samples), initial=0.0))
    scale = _CEILING / peak if peak > 1.0 else 1.0
    return Corrupted(signal, scale, {**record, "scale": scale})


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
    achieved = corrupted.achieved_snr_db(written)
    measured = {} if achieved is None else {"achieved_snr_db": round(achieved, 6) + 0.0}
    return written, {**corrupted.record, **measured}


def _check_names(names: Sequence[str]) -> None:
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

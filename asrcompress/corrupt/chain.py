"""The steps of a condition, applied to one recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.seeds import generator_for
from asrcompress.corrupt.active_level import active_snr_db
from asrcompress.corrupt.effect import Scene, Signal, bind
from asrcompress.corrupt.level import is_silent, power, snr_db
from asrcompress.corrupt.sources import Libraries

_CEILING = 0.999  # where a mixture beyond full scale is brought to: room for rounding
MEASURED_IN_FILE = "file"


@dataclass(frozen=True, slots=True)
class Achieved:
    """The SNRs that a noisy recording has, against its overall and its active speech level."""

    overall_db: float
    active_db: float | None

    def against(self, reference: str) -> float | None:
        """The one that an SNR of that reference asked for."""
        return self.active_db if reference == "active" else self.overall_db

    def as_json(self) -> dict[str, float | None]:
        active_db = None if self.active_db is None else round(self.active_db, 6) + 0.0
        return {
            "achieved_snr_db": round(self.overall_db, 6) + 0.0,
            "achieved_active_snr_db": active_db,
        }


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

    @property
    def noise_power(self) -> float | None:
        """The power of the noise that an SNR was asked for, scaled; None as for `achieved`."""
        if "snr_db" not in self.record or self.signal.speech is None:
            return None
        return power(self.scale * (self.signal.samples - self.signal.speech))

    def scaled_by(self, factor: float) -> Corrupted:
        """The same with a scale that many times larger."""
        scale = factor * self.scale
        return replace(self, scale=scale, record={**self.record, "scale": scale})

    def achieved(self, written: Samples) -> Achieved | None:
        """The SNRs of samples as written: what is not speech in them is noise.

        None without a noise, or where a later effect left speech and noise inseparable.
        """
        if "snr_db" not in self.record or self.signal.speech is None:
            return None
        residual = written.astype(np.float64) - self.scale * self.signal.speech
        overall_db = snr_db(self.scale * self.signal.reference, residual)
        return Achieved(overall_db, active_snr_db(overall_db, self.record["speech_activity"]))


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
    record: dict[str, Any] = {"condition": condition.name}
    for step in bind(condition):
        generator = generator_for(condition.seed, utterance.id, step.key, condition.replicate)
        scene = Scene(utterance, len(signal.samples), libraries, signal.room)
        changed, done = step(signal, scene, generator)
        record.update(done)
        if "snr_db" in record and changed.speech is None and signal.speech is not None:
            record["achieved_snr_in"] = f"mixture before {step.name}"
        signal = changed
    if "snr_db" in record:
        record.setdefault("achieved_snr_in", MEASURED_IN_FILE)
    peak = float(np.max(np.abs(signal.samples), initial=0.0))
    scale = _CEILING / peak if peak > (_CEILING if condition.steps else 1.0) else 1.0
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

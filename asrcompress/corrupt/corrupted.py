"""What becomes of a recording under a condition, and the SNR that it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from asrcompress.core.audio import Samples
from asrcompress.corrupt.active_level import active_snr_db
from asrcompress.corrupt.effect import Signal
from asrcompress.corrupt.level import power, ratio_db


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
        if not self._is_measurable:
            return None
        overall_db = float(self.record["achieved_snr_db"])
        return float(self.scale**2 * self.signal.reference.power * 10.0 ** (-overall_db / 10.0))

    @property
    def _is_measurable(self) -> bool:
        return "snr_db" in self.record and self.signal.speech is not None

    def scaled_by(self, factor: float) -> Corrupted:
        """The same with a scale that many times larger."""
        scale = factor * self.scale
        return replace(self, scale=scale, record={**self.record, "scale": scale})

    def achieved(self, written: Samples) -> Achieved | None:
        """The SNRs of samples as written: what is not speech in them is noise.

        None without a noise, or where a later effect left speech and noise inseparable.
        """
        if self.signal.speech is None or not self._is_measurable:
            return None
        residual = self.scale * self.signal.speech
        np.subtract(written, residual, out=residual)
        overall_db = ratio_db(self.scale**2 * self.signal.reference.power, power(residual))
        return Achieved(overall_db, active_snr_db(overall_db, self.record["speech_activity"]))

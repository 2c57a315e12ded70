"""Speed: faster or slower speech, its pitch with it, as a tape does (Ko et al. 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.audio import resample
from asrcompress.corrupt.effect import Signal, Stage, clean_signal
from asrcompress.corrupt.labels import decimal

CODE_VERSION = 1
STAGE = Stage.TALKER


class Params(BaseModel):
    """A factor on the speed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    factor: float = Field(
        default=0.9, ge=0.5, le=2.0, description="1.1: faster and higher by a tenth, and shorter"
    )


def label(params: Params) -> str:
    """For example speed-0.9."""
    return f"speed-{decimal(params.factor)}"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal resampled as if it had been recorded at `factor` times its rate.

    That rate is a whole number of Hz; `speed_factor` in the record is what came of it.
    """
    del material, generator  # nothing random in it
    rate_hz = round(params.factor * signal.sample_rate_hz)
    samples = np.asarray(signal.samples, dtype=np.float32)
    heard = resample(samples, rate_hz, signal.sample_rate_hz).astype(np.float64)
    record = {"speed_factor": rate_hz / signal.sample_rate_hz}
    return clean_signal(heard, signal.sample_rate_hz), record

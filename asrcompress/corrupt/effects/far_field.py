"""A talker far away: the speech is fainter, the microphone's own noise is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.corrupt.effect import Reference, Signal, Stage
from asrcompress.corrupt.labels import decimal
from asrcompress.corrupt.level import snr_db

CODE_VERSION = 1
STAGE = Stage.DISTANCE
# Speech of 60 dB SPL at 1 m is recorded at -26 dB of full scale (the level of ITU-T's speech
# material), and a microphone with a signal-to-noise ratio of 65 dB (at 94 dB SPL) hisses like
# 29 dB SPL: 31 dB below the speech.
_FLOOR_DBFS = -57.0


class Params(BaseModel):
    """How much fainter the speech is, and how loud the microphone's noise."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    attenuation_db: float = Field(
        default=12.0, ge=0, le=60, description="how much fainter, in dB: 6 for twice the distance"
    )
    floor_dbfs: float = Field(
        default=_FLOOR_DBFS,
        ge=-120,
        le=-20,
        description="the microphone's own noise: mean square in dB of full scale",
    )


def label(params: Params) -> str:
    """For example far-field-12dB."""
    floor = f"{decimal(params.floor_dbfs)}dBFS"
    end = "" if params.floor_dbfs == _FLOOR_DBFS else f"-floor{floor}"
    return f"far-field-{decimal(params.attenuation_db)}dB{end}"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal attenuated, plus white noise at the floor; the two make up the speech from here.

    `far_field_snr_db` is that of the speech (after a room its early part) over the floor.
    """
    del material
    gain = 10.0 ** (-params.attenuation_db / 20.0)
    hiss = generator.standard_normal(len(signal.samples))
    hiss *= 10.0 ** (params.floor_dbfs / 20.0) / np.sqrt(np.mean(hiss**2))
    reference = Reference(gain * signal.reference.samples, signal.sample_rate_hz)
    heard = gain * signal.samples + hiss
    record = {
        "attenuation_db": params.attenuation_db,
        "floor_dbfs": params.floor_dbfs,
        "far_field_snr_db": snr_db(reference.samples, hiss),
    }
    return replace(signal, samples=heard, speech=heard, reference=reference), record

"""Additive noise at a signal-to-noise ratio."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Scene, Signal, Use
from asrcompress.corrupt.level import fit_length, gain_for_snr, is_silent, power, snr_db
from asrcompress.corrupt.sources import Clip, Libraries

CODE_VERSION = 1
_FADE_S = 0.010  # where a short noise starts over: too short to hear as a gap, no click


class Params(BaseModel):
    """Noise of one type, or of any, at an SNR."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    snr_db: float = Field(ge=-30, le=60, description="speech power over noise power, in dB")
    type: str | None = Field(default=None, min_length=1, description="a noise type; none: any")
    reference: Literal["overall"] = Field(
        default="overall", description="the speech power: over the whole utterance"
    )


def key(params: Params) -> str:
    """The noise type and not the SNR: every SNR meets the same noise."""
    return params.type or "any"


def uses(params: Params, libraries: Libraries) -> tuple[Use, ...]:
    """The noise library."""
    return (Use("noise", libraries.noise, params.type),)


def draw(params: Params, scene: Scene, generator: np.random.Generator) -> Clip:
    """A noise for the utterance."""
    return scene.libraries.noise.draw(params.type, scene.utterance, scene.frames, generator)


def apply(
    signal: Signal, params: Params, material: Clip, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal plus the noise, whose power is taken after it is cut or looped to length.

    The SNR is set against `signal.reference`: after a room that is the early speech (Kaldi's
    wav-reverberate), and the noise itself is not reverberated.

    Raises:
        InputError: the noise is silent.
    """
    del generator  # all that is random is in the draw
    fade = round(_FADE_S * signal.sample_rate_hz)
    noise = fit_length(material.samples, len(signal.samples), fade).astype(np.float64)
    if is_silent(noise):
        raise InputError("silent noise", where=material.id)
    gain = gain_for_snr(power(signal.reference), power(noise), params.snr_db)
    record = {
        "snr_db": params.snr_db,
        "achieved_snr_db": snr_db(signal.reference, gain * noise),
        "noise_type": material.kind,
        "noise_id": material.id,
        "noise_offset_s": round(material.offset_s, 6),
        "gain": gain,
    }
    mixed = signal.samples + gain * noise
    return Signal(mixed, signal.speech, signal.reference, signal.sample_rate_hz), record

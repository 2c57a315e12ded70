"""Additive noise at a signal-to-noise ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.audio import SAMPLE_RATE_HZ
from asrcompress.core.errors import InputError
from asrcompress.corrupt.active_level import active_snr_db
from asrcompress.corrupt.convolution import convolve
from asrcompress.corrupt.effect import Reference, Scene, Signal, Stage, Use
from asrcompress.corrupt.labels import decimal
from asrcompress.corrupt.level import SILENCE_POWER, Floats, fit_length, gain_for_snr, power
from asrcompress.corrupt.sources import Clip, Libraries, Response

CODE_VERSION = 2
STAGE = Stage.NOISE
_FADE_S = 0.010  # where a short noise starts over: too short to hear as a gap, no click
_FADE_FRAMES = round(_FADE_S * SAMPLE_RATE_HZ)


class Params(BaseModel):
    """Noise of one type, or of any, at an SNR."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    snr_db: float = Field(ge=-30, le=60, description="speech power over noise power, in dB")
    type: str | None = Field(default=None, min_length=1, description="a noise type; none: any")
    reference: Literal["overall", "active"] = Field(
        default="overall",
        description="the speech power: over the whole utterance, or while somebody speaks (P.56)",
    )
    reverberate: bool = Field(
        default=False, description="put the noise into the speech's room, at another place"
    )


@dataclass(frozen=True, slots=True)
class Material:
    """A noise, the sample at which one that has to loop is met, and the response of its place."""

    clip: Clip
    start: int | None = None
    place: Response | None = None


def label(params: Params) -> str:
    """For example noise-10dB, noise-babble-10dB, noise-10dB-active."""
    words = ["noise", params.type, f"{decimal(params.snr_db)}dB"]
    words += ["active" if params.reference == "active" else None]
    words += ["reverberated" if params.reverberate else None]
    return "-".join(word for word in words if word)


def key(params: Params) -> str:
    """The noise type and not the SNR: every SNR meets the same noise."""
    return params.type or "any"


def needs(params: Params) -> tuple[str, ...]:
    """A room, where the noise is to be in it."""
    return ("reverb",) if params.reverberate else ()


def uses(params: Params, libraries: Libraries) -> tuple[Use, ...]:
    """The noise library."""
    return (Use("noise", libraries.noise, params.type),)


def draw(params: Params, scene: Scene, generator: np.random.Generator) -> Material:
    """A noise for the utterance; a short one starts anywhere in its loop.

    Raises:
        InputError: the noise is to be in the speech's room, and the room has one response only.
    """
    clip = scene.libraries.noise.draw(params.type, scene.utterance, scene.frames, generator)
    place = float(generator.random())
    turn = len(clip.samples) - min(_FADE_FRAMES, len(clip.samples) // 2)
    start = int(place * turn) if len(clip.samples) < scene.frames else None
    if not params.reverberate or scene.room is None:
        return Material(clip, start)
    beside = scene.libraries.rooms.draw_beside(scene.room, generator)
    if beside is None:
        raise InputError(
            "no second response of the room for the noise",
            where=scene.room.id,
            expected="two or more responses of each room",
            next_step="leave reverberate out, or give other impulse responses",
        )
    return Material(clip, start, beside)


def apply(
    signal: Signal, params: Params, material: Material, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal plus the noise, whose power is taken after it is cut or looped to length.

    The SNR is set against `signal.reference`: after a room that is the early speech (Kaldi's
    wav-reverberate). `speech_activity` is the share of it that is active speech, so the SNR
    against the active level is the overall one less 10 log10 of it.

    Raises:
        InputError: the noise is silent, or no active level of the speech can be measured.
    """
    del generator  # all that is random is in the draw
    noise = _heard(material, len(signal.samples))
    noise_power, active = power(noise), signal.reference.active
    if noise_power < SILENCE_POWER:
        raise InputError("silent noise", where=material.clip.id)
    gain = gain_for_snr(_speech_power(signal.reference, params), noise_power, params.snr_db)
    noise *= gain
    achieved_db = 10.0 * math.log10(signal.reference.power / (gain * gain * noise_power))
    activity = active.activity if active else None
    start_s = (material.start or 0) / signal.sample_rate_hz
    record = {
        "snr_db": params.snr_db,
        "snr_reference": params.reference,
        "achieved_snr_db": _rounded(achieved_db),
        "achieved_active_snr_db": _rounded(active_snr_db(achieved_db, activity)),
        "speech_activity": activity,
        "noise_type": material.clip.kind,
        "noise_id": material.clip.id,
        "noise_offset_s": round(material.clip.offset_s + start_s, 6),
        **({"noise_rir_id": material.place.id} if material.place else {}),
        "gain": gain,
    }
    noise += signal.samples
    return replace(signal, samples=noise), record


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0


def _heard(material: Material, frames: int) -> Floats:
    """The noise (frames,) float64, in its place of the room where it has one.

    There it has sounded before the recording begins: its loop goes on to the left, so that no
    reverberation builds up at the start.
    """
    clip = material.clip.samples
    if material.place is None:
        return fit_length(clip, frames, _FADE_FRAMES, material.start).astype(np.float64)
    before = len(material.place.samples) - 1
    turned = clip if material.start is not None else clip[:frames]
    long = fit_length(turned, before + frames, _FADE_FRAMES, (material.start or 0) - before)
    return convolve(long, material.place.samples, before, frames)


def _speech_power(reference: Reference, params: Params) -> float:
    if params.reference == "overall":
        return reference.power
    if reference.active is None:
        raise InputError(
            "no active speech level",
            expected="speech of more than clicks",
            next_step="set the SNR against the overall level",
        )
    return float(10.0 ** (reference.active.level_db / 10.0))

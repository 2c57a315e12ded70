"""Reverberation: speech convolved with a room's impulse response."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.errors import InputError
from asrcompress.corrupt.convolution import convolve
from asrcompress.corrupt.effect import Reference, Scene, Signal, Stage, Use
from asrcompress.corrupt.level import early_span, is_silent, power
from asrcompress.corrupt.sources import Libraries, Response

CODE_VERSION = 2
STAGE = Stage.ROOM


class Params(BaseModel):
    """A room of one class, or of any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: Literal["small", "medium", "large"] | None = Field(
        default=None, description="the room's class; none: any"
    )


def label(params: Params) -> str:
    """For example room-small."""
    return f"room-{params.room or 'any'}"


def key(params: Params) -> str:
    """The same for every class."""
    del params
    return "room"


def uses(params: Params, libraries: Libraries) -> tuple[Use, ...]:
    """The library of impulse responses."""
    return (Use("rooms", libraries.rooms, params.room),)


def draw(params: Params, scene: Scene, generator: np.random.Generator) -> Response:
    """An impulse response for the utterance."""
    return scene.libraries.rooms.draw(params.room, generator)


def apply(
    signal: Signal, params: Params, material: Response, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """Speech in the room: direct sound in place, length and RMS as before.

    Raises:
        InputError: nothing of the speech is left, as the response is silent around its peak.
    """
    del params, generator  # all that is random is in the draw
    frames, peak = len(signal.samples), int(np.argmax(np.abs(material.samples)))
    heard = convolve(signal.samples, material.samples, peak, frames)
    if is_silent(heard):
        raise InputError("silent after the room", where=material.id)
    gain = math.sqrt(power(signal.samples) / power(heard))
    heard *= gain
    early = early_span(material.samples, signal.sample_rate_hz)
    direct = convolve(signal.samples, gain * material.samples[early], peak - early.start, frames)
    reference = Reference(direct, signal.sample_rate_hz)
    record = {
        "room": material.room,
        "rir_id": material.id,
        "rt60_s": _rounded(material.rt60_s),
        "drr_db": _rounded(material.drr_db),
        "reverb_gain": gain,
    }
    return Signal(heard, heard, reference, signal.sample_rate_hz, material), record


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)

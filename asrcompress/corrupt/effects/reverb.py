"""Reverberation: speech convolved with a room's impulse response."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Scene, Signal, Use
from asrcompress.corrupt.level import Floats, convolve, early_part, is_silent, power
from asrcompress.corrupt.sources import Libraries, Response

CODE_VERSION = 1
COMES_FIRST = True


class Params(BaseModel):
    """A room of one class, or of any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: Literal["small", "medium", "large"] | None = Field(
        default=None, description="the room's class; none: any"
    )


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
    heard = _in_room(signal.samples, material.samples, material.samples)
    if is_silent(heard):
        raise InputError("silent after the room", where=material.id)
    gain = math.sqrt(power(signal.samples) / power(heard))
    early = early_part(material.samples, signal.sample_rate_hz)
    reference = gain * _in_room(signal.samples, early, material.samples)
    record = {
        "room": material.room,
        "rir_id": material.id,
        "rt60_s": None if material.rt60_s is None else round(material.rt60_s, 4),
        "reverb_gain": gain,
    }
    heard *= gain
    return Signal(heard, heard, reference, signal.sample_rate_hz), record


def _in_room(samples: Floats, response: Floats, whole: Floats) -> Floats:
    """The convolution, shifted so that the whole response's peak is at time 0, and trimmed."""
    start = int(np.argmax(np.abs(whole)))
    return convolve(samples, response)[start : start + len(samples)]

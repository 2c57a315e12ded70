"""A telephone line: 300 to 3400 Hz at 8 kHz, with the 8 bits of ITU-T G.711."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.corrupt.codec import Container, after_codec, at_rate, codec_record, through
from asrcompress.corrupt.convolution import convolve
from asrcompress.corrupt.effect import Signal, Stage
from asrcompress.corrupt.level import Floats

CODE_VERSION = 1
STAGE = Stage.CODEC
RATE_HZ = 8_000
BAND_HZ = (300.0, 3400.0)  # ITU-T G.712
_TAPS = 257  # odd, so that the delay is a whole sample; 32 ms give edges 100 Hz wide
_BITRATE_KBPS = 64.0  # 8 bits at 8 kHz
_SUBTYPES = {"mu": "ULAW", "a": "ALAW"}


class Params(BaseModel):
    """The law of the line's 8 bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    law: Literal["mu", "a"] = Field(
        default="mu", description="mu (North America, Japan) or a (elsewhere)"
    )


def label(params: Params) -> str:
    """For example telephone-mu-law."""
    return f"telephone-{params.law}-law"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal's telephone band through G.711, and back at its rate, in place in time.

    Raises:
        InputError: libsndfile has no G.711.
    """
    del material, generator  # nothing random in it
    narrow = at_rate(signal.samples, signal.sample_rate_hz, RATE_HZ)
    band = convolve(narrow, _band_pass(), _TAPS // 2, len(narrow))
    coded = through(band, Container("WAV", _SUBTYPES[params.law], RATE_HZ))
    wide = at_rate(coded.samples, RATE_HZ, signal.sample_rate_hz, len(signal.samples))
    return after_codec(signal, wide), codec_record("telephone", coded, _BITRATE_KBPS)


@lru_cache(maxsize=1)
def _band_pass() -> Floats:
    """A symmetric filter, whose delay is _TAPS // 2 samples at every frequency."""
    from scipy.signal import firwin

    taps: Floats = firwin(_TAPS, BAND_HZ, pass_zero=False, fs=RATE_HZ)
    return taps

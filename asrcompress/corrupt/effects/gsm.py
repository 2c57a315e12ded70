"""GSM 06.10 full rate: a mobile phone's 13 kbit/s at 8 kHz."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from asrcompress.corrupt.codec import Container, after_codec, at_rate, codec_record, through
from asrcompress.corrupt.effect import Signal, Stage

CODE_VERSION = 1
STAGE = Stage.CODEC
RATE_HZ = 8_000
_BITRATE_KBPS = 13.0  # ETSI EN 300 961: 260 bits every 20 ms


class Params(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def label(params: Params) -> str:
    """gsm."""
    del params
    return "gsm"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal at 8 kHz, encoded and decoded, and back at its rate.

    Raises:
        InputError: libsndfile has no GSM 06.10.
    """
    del params, material, generator  # nothing random in it
    narrow = at_rate(signal.samples, signal.sample_rate_hz, RATE_HZ)
    coded = through(narrow, Container("WAV", "GSM610", RATE_HZ))
    wide = at_rate(coded.samples, RATE_HZ, signal.sample_rate_hz, len(signal.samples))
    return after_codec(signal, wide), codec_record("gsm", coded, _BITRATE_KBPS)

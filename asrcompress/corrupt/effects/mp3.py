"""MP3 at a constant bit rate (MPEG-2 layer III at 16 kHz, by libsndfile's LAME)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from asrcompress.core.errors import IntegrityError
from asrcompress.corrupt.codec import Container, after_codec, codec_record, through
from asrcompress.corrupt.effect import Signal, Stage

CODE_VERSION = 1
STAGE = Stage.CODEC
# ISO/IEC 13818-3, table of layer III bit rates at 16, 22.05 and 24 kHz, by their index from 1.
BITRATES_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HIGHEST_LEVEL = 0.9999  # libsndfile refuses 1.0
_DELAY_FRAMES = 1105  # LAME's encoder takes 576 samples, every decoder 529


class Params(BaseModel):
    """A bit rate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bitrate_kbps: int = Field(
        default=32, description="one of 8 16 24 32 40 48 56 64 80 96 112 128 144 160"
    )

    @field_validator("bitrate_kbps")
    @classmethod
    def _exists(cls, value: int) -> int:
        if value not in BITRATES_KBPS:
            raise ValueError(f"one of {', '.join(map(str, BITRATES_KBPS))}")
        return value


def label(params: Params) -> str:
    """For example mp3-32kbps."""
    return f"mp3-{params.bitrate_kbps}kbps"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal encoded and decoded, the delay taken out.

    Raises:
        InputError: libsndfile has no MP3.
        IntegrityError: the encoder took another bit rate than asked for.
    """
    del material, generator  # nothing random in it
    lowest, highest = BITRATES_KBPS[0], BITRATES_KBPS[-1]
    level = (highest - params.bitrate_kbps) / (highest - lowest)
    container = Container(
        "MP3", "MPEG_LAYER_III", signal.sample_rate_hz, min(level, _HIGHEST_LEVEL), "CONSTANT"
    )
    coded = through(signal.samples, container, _DELAY_FRAMES)
    found_kbps = BITRATES_KBPS[(coded.file[2] >> 4) - 1]  # the first frame's header says it
    if found_kbps != params.bitrate_kbps:
        raise IntegrityError(
            "MP3 at another bit rate", got=f"{found_kbps} kbps", expected=f"{params.bitrate_kbps}"
        )
    return after_codec(signal, coded.samples), codec_record("mp3", coded, found_kbps)

"""Opus in Ogg at about a bit rate: it is variable, the one achieved is in the record."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asrcompress.corrupt.codec import Container, after_codec, codec_record, through
from asrcompress.corrupt.effect import Signal, Stage
from asrcompress.corrupt.labels import decimal

CODE_VERSION = 1
STAGE = Stage.CODEC
_LOWEST_KBPS, _HIGHEST_KBPS = 6.0, 256.0  # libsndfile's range, compression levels 1 to 0
_HEADER_BYTES = 27  # of an Ogg page (RFC 3533), before its table of segment lengths


class Params(BaseModel):
    """A bit rate."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bitrate_kbps: float = Field(
        default=12.0, ge=_LOWEST_KBPS, le=_HIGHEST_KBPS, description="the mean bit rate aimed at"
    )


def label(params: Params) -> str:
    """For example opus-12kbps."""
    return f"opus-{decimal(params.bitrate_kbps)}kbps"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal encoded and decoded; Ogg's pre-skip takes the delay out.

    Raises:
        InputError: libsndfile has no Opus.
    """
    del material, generator  # nothing random in it
    level = (_HIGHEST_KBPS - params.bitrate_kbps) / (_HIGHEST_KBPS - _LOWEST_KBPS)
    coded = through(signal.samples, Container("OGG", "OPUS", signal.sample_rate_hz, level))
    duration_s = len(signal.samples) / signal.sample_rate_hz
    found_kbps = 8 * audio_bytes(coded.file) / duration_s / 1000
    return after_codec(signal, coded.samples), codec_record("opus", coded, found_kbps)


def audio_bytes(file: bytes) -> int:
    """The bytes of Opus packets in an Ogg file, without the container and its headers.

    RFC 3533, section 6: a page is a header, the count and table of segment lengths, the segments.
    The headers' pages have granule position 0 (RFC 7845, section 3).
    """
    place, found = 0, 0
    while place < len(file):
        granule = int.from_bytes(file[place + 6 : place + 14], "little")
        segments = file[place + _HEADER_BYTES - 1]
        table = file[place + _HEADER_BYTES : place + _HEADER_BYTES + segments]
        found += sum(table) if granule else 0
        place += _HEADER_BYTES + segments + sum(table)
    return found

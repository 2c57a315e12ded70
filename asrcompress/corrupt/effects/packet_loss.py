"""Packet loss in bursts (Gilbert 1960, Elliott 1963), packets of 20 ms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from asrcompress.corrupt.effect import Signal, Stage
from asrcompress.corrupt.labels import decimal
from asrcompress.corrupt.level import Floats

CODE_VERSION = 1
STAGE = Stage.NETWORK
PACKET_S = 0.020  # RFC 3551: the default of every audio codec
_FADE_S = 0.060  # ITU-T G.711 appendix I: 10 ms at full level, then 20 % less every 10 ms
_FULL_S = 0.010


class Params(BaseModel):
    """How many packets are lost, in what bursts, and what is heard instead."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rate: float = Field(default=0.1, gt=0, lt=1, description="the share of packets lost")
    burst: float = Field(default=1.5, ge=1, le=50, description="packets lost in a row, on average")
    conceal: Literal["zero", "repeat"] = Field(
        default="zero", description="silence, or the last packet again, fading within 60 ms"
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Params:
        if _start_probability(self) > 1.0:
            lowest = self.rate / (1.0 - self.rate)
            raise ValueError(f"burst of {lowest:.3g} or more at rate {self.rate}")
        return self


def label(params: Params) -> str:
    """For example loss-10pct, loss-10pct-burst-3-repeat."""
    burst = "" if params.burst == _default("burst") else f"-burst-{decimal(params.burst)}"
    conceal = "" if params.conceal == _default("conceal") else f"-{params.conceal}"
    return f"loss-{decimal(100 * params.rate)}pct{burst}{conceal}"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal without the packets lost."""
    del material
    size = round(PACKET_S * signal.sample_rate_hz)
    packets = -(-len(signal.samples) // size)
    is_lost = losses(packets, params, generator)
    padded = np.pad(signal.samples, (0, packets * size - len(signal.samples)))
    sound = padded.reshape(packets, size)
    filled = _repeated(sound, is_lost, signal.sample_rate_hz) if params.conceal == "repeat" else 0.0
    heard = np.where(is_lost[:, None], filled, sound).reshape(-1)[: len(signal.samples)]
    record = {
        "packets": packets,
        "packets_lost": int(is_lost.sum()),
        "packet_loss": float(is_lost.mean()),
    }
    return replace(signal, samples=heard, speech=None), record


def losses(packets: int, params: Params, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """(packets,) whether each is lost.

    Gilbert's chain: in the good state nothing is lost, in the bad one everything. The bad state is
    left with r = 1 / burst and entered with p = r rate / (1 - rate), so that its share is
    p / (p + r) = rate; the first packet is drawn from that share.
    """
    leave, enter = 1.0 / params.burst, _start_probability(params)
    lost = np.empty(packets, dtype=np.bool_)
    is_bad = False
    for place, draw in enumerate(generator.random(packets)):
        threshold = params.rate if place == 0 else 1.0 - leave if is_bad else enter
        is_bad = bool(draw < threshold)
        lost[place] = is_bad
    return lost


def _start_probability(params: Params) -> float:
    return params.rate / (1.0 - params.rate) / params.burst


def _repeated(sound: Floats, is_lost: npt.NDArray[np.bool_], sample_rate_hz: int) -> Floats:
    """(packets, size): for each packet the last one received, faded; silence before the first."""
    packets, size = sound.shape
    places = np.arange(packets)
    last = np.maximum.accumulate(np.where(is_lost, -1, places))
    since_s = ((places - last - 1)[:, None] * size + np.arange(size)[None, :]) / sample_rate_hz
    fade = np.clip(1.0 - (since_s - _FULL_S) / (_FADE_S - _FULL_S), 0.0, 1.0)
    return np.where(last[:, None] >= 0, sound[np.maximum(last, 0)] * fade, 0.0)


def _default(name: str) -> object:
    return Params.model_fields[name].default

"""Clipping: what a recorder does whose gain is set too high."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Signal, Stage
from asrcompress.corrupt.labels import decimal
from asrcompress.corrupt.level import Floats

CODE_VERSION = 1
STAGE = Stage.RECORDER


class Params(BaseModel):
    """How much is clipped: dB of overload, or instead a share of the samples."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    overload_db: float = Field(
        default=10.0, gt=0, le=60, description="how far the peak is beyond full scale, in dB"
    )
    fraction: float | None = Field(
        default=None, gt=0, le=0.5, description="instead: the share of the samples to clip"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Params:
        if {"overload_db", "fraction"} <= self.model_fields_set:
            raise ValueError("overload_db or fraction, one of them")
        return self


def label(params: Params) -> str:
    """For example clipping-12dB, clipping-1pct."""
    if params.fraction is None:
        return f"clipping-{decimal(params.overload_db)}dB"
    return f"clipping-{decimal(100 * params.fraction)}pct"


def apply(
    signal: Signal, params: Params, material: None, generator: np.random.Generator
) -> tuple[Signal, dict[str, Any]]:
    """The signal with every sample beyond the ceiling set to it; the gain stays as it was.

    The file has no sample at full scale: its ceiling is that of the recorder, `clip_level`.

    Raises:
        InputError: so much is to be clipped that nothing is left.
    """
    del material, generator  # nothing random in it
    size = np.abs(signal.samples)
    ceiling = _ceiling(size, params)
    if ceiling <= 0.0:
        raise InputError(
            "clipping would leave silence", got=f"{params.fraction} of the samples, most of them 0"
        )
    record = {"clip_level": ceiling, "clipped_fraction": float(np.mean(size > ceiling))}
    clipped = np.clip(signal.samples, -ceiling, ceiling)
    return replace(signal, samples=clipped, speech=None), record


def _ceiling(size: Floats, params: Params) -> float:
    if params.fraction is not None:
        return float(np.quantile(size, 1.0 - params.fraction))
    return float(size.max(initial=0.0) * 10.0 ** (-params.overload_db / 20.0))

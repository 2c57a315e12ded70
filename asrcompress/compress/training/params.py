"""How a training is done: the options that all methods that train share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class TrainingParams(BaseModel):
    """Everything that changes what is learned, but for the method's own options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(
        default=20_000, ge=1, le=100_000_000, description="optimiser steps of the training"
    )
    learning_rate: float = Field(
        default=2e-4,
        gt=0,
        le=1,
        description="the highest; up over 7 % of the steps, then down to 0",
    )
    batch_seconds: float = Field(
        default=64.0, gt=0, le=100_000, description="audio of a step in each process, about"
    )
    longest_seconds: float = Field(
        default=15.0,
        ge=0.5,
        le=60,
        description="longer recordings are cut, at random, to this, unless ctc_weight needs all",
    )
    hidden_weight: float = Field(
        default=1.0, ge=0, le=1e6, description="weight of the hidden states' distance"
    )
    logit_weight: float = Field(
        default=1.0, ge=0, le=1e6, description="weight of the posteriors' divergence"
    )
    ctc_weight: float = Field(
        default=0.0, ge=0, le=1e6, description="weight of the CTC loss; needs transcripts"
    )
    temperature: float = Field(
        default=1.0, gt=0, le=100, description="softens the posteriors that are compared"
    )
    augment: Literal["none", "noise", "rooms", "both"] = Field(
        default="both", description="what half of the audio is made harder with"
    )
    augment_snr: str = Field(
        default="0,20", description="the lowest and highest SNR in dB of that noise"
    )
    teacher_hears: Literal["clean", "same"] = Field(
        default="clean", description="the recording as it is, or what the student hears"
    )
    stop_divergence: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="end early below this divergence on held-out audio, in nats a frame",
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32", description="of the training's arithmetic; bf16 or fp16 on a GPU"
    )

    @model_validator(mode="after")
    def _teaches(self) -> TrainingParams:
        if not (self.hidden_weight or self.logit_weight or self.ctc_weight):
            raise ValueError("hidden_weight, logit_weight or ctc_weight above 0, to learn from")
        return self

"""What a machine has for compressing and running speech recognisers, and what that means."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from asrcompress.core.bounds import Count
from asrcompress.core.machine import Machine


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Model):
    """A library; version is None where it is not installed, and `install` then brings it."""

    name: str
    version: str | None
    use: str
    install: str


class Tool(_Model):
    """A program; path is None where there is none on the PATH."""

    name: str
    path: str | None
    use: str


class Codec(_Model):
    """An effect that sends sound through a codec; why_not is None where it works."""

    name: str
    why_not: str | None


class EnergyMeter(_Model):
    """Of a torch device: what measures its energy, or why nothing does."""

    device: str
    method: str | None
    why_not: str | None


class Diagnosis(_Model):
    """The whole of `asrcompress doctor`.

    torch_threads: None where PyTorch itself will decide. libsndfile: its version, None where it
    cannot be loaded. meaning: what to expect of 8- and 4-bit models here.
    next_steps: commands that measure it. broken: what asrcompress
    needs and does not find.
    """

    schema_version: Literal[1] = 1
    machine: Machine
    int8_kernels: str | None
    bf16_kernels: str | None
    torch_threads: Count | None
    packages: tuple[Package, ...]
    libsndfile: str | None
    audio_formats: tuple[str, ...]
    codecs: tuple[Codec, ...]
    tools: tuple[Tool, ...]
    energy: tuple[EnergyMeter, ...]
    meaning: tuple[str, ...]
    next_steps: tuple[str, ...]
    broken: tuple[str, ...]

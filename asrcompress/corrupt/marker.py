"""corpus.json: what a folder of corrupted corpora says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.audio import AudioFormat
from asrcompress.core.condition import Condition, Step
from asrcompress.core.files import read_json, write_json
from asrcompress.core.validation import validated

MARKER_NAME = "corpus.json"
MANIFEST_NAME = "manifest.jsonl"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Record):
    """The corpus that was corrupted."""

    name: str
    sha256: str


class LeftOut(_Record):
    """A recording that could not be corrupted."""

    id: str
    cause: str


class ConditionRecord(_Record):
    """One condition's folder: how it was made, and the hash of its manifest's bytes."""

    name: str
    seed: int
    replicate: int
    steps: list[dict[str, Any]]
    utterances: int
    is_simulated: bool
    bad_files: list[LeftOut]
    manifest_sha256: str

    @property
    def condition(self) -> Condition:
        steps = (dict(step) for step in self.steps)
        return Condition(
            self.name,
            tuple(Step(str(step.pop("effect", "")), step) for step in steps),
            self.seed,
            self.replicate,
        )


class Marker(_Record):
    """The whole of corpus.json."""

    schema_version: Literal[2] = 2
    source: Source
    audio_format: AudioFormat
    conditions: list[ConditionRecord] = Field(min_length=1)
    libraries: dict[str, dict[str, Any]]
    is_simulated: bool
    versions: dict[str, Any]


def write_marker(folder: Path, marker: Marker) -> None:
    """Writes corpus.json into a folder."""
    write_json(folder / MARKER_NAME, marker.model_dump(mode="json"))


def read_marker(folder: Path) -> Marker:
    """What corpus.json in a folder says.

    Raises:
        InputError: there is none, or it is none that this version of the program writes.
    """
    path = folder / MARKER_NAME
    return validated(
        Marker,
        read_json(path),
        where=path,
        next_step="name a folder that this version's `asrcompress corrupt` wrote",
    )

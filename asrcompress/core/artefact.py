"""An artefact: a compressed checkpoint's folder with its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.manifest import ArtefactManifest


@dataclass(frozen=True, slots=True)
class Artefact:
    """A folder that `load` opens; the manifest says what was done to get it."""

    folder: Path
    manifest: ArtefactManifest

"""What to compress, how, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.manifest import MethodStep


@dataclass(frozen=True, slots=True)
class CompressRequest:
    """One compression.

    steps: as `steps_from` gives them. output: a folder, None for `default_output` in the current
    one. include and exclude: fnmatch patterns over layer names. measure_zip: deflate the weight
    files for the zipped sizes, the slowest part for a large model.
    """

    model: str
    steps: tuple[MethodStep, ...]
    output: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    seed: int = 0
    overwrite: bool = False
    trust_remote_code: bool = False
    revision: str | None = None
    measure_zip: bool = True

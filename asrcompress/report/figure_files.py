"""The page's figures as files: all of them in one folder, with a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.core.files import write_json
from asrcompress.core.findings import Findings
from asrcompress.core.output import staged_folder
from asrcompress.core.registry import load_plugin, plugin_names
from asrcompress.report import pictures
from asrcompress.report.pictures._picture import Picture, with_own_names
from asrcompress.report.pictures._render import FORMATS as FORMATS
from asrcompress.report.pictures._render import rendered
from asrcompress.report.view import View, build_view

LIST_NAME = "figures.json"


def write_figures(
    folder: Path, found: Findings, formats: Sequence[str] = FORMATS, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write every figure of the page in every format, and figures.json; the figures' files' names.

    The folder is there when all of them are. formats: of FORMATS.

    Raises:
        InputError: the results have nothing to draw.
        OutputError: the folder is there already, or cannot be written.
    """
    with staged_folder(folder, overwrite=overwrite) as staging:
        rows = [_written(staging, picture, formats) for picture in pictures_of(build_view(found))]
        if not rows:
            raise InputError("nothing to draw: the results have no cells", where=folder)
        write_json(staging / LIST_NAME, {"schema_version": 1, "figures": rows})
    return tuple(name for row in rows for name in row["files"])


def pictures_of(view: View) -> Iterator[Picture]:
    """The pictures of every kind, each with a name of its own."""
    kinds = (load_plugin(pictures, name) for name in plugin_names(pictures))
    return with_own_names(picture for kind in kinds for picture in kind.pictures(view))


def _written(folder: Path, picture: Picture, formats: Sequence[str]) -> dict[str, Any]:
    names = []
    for file_format, content in rendered(picture, formats).items():
        names.append(f"{picture.name}.{file_format}")
        (folder / names[-1]).write_bytes(content)
    return {"name": picture.name, "caption": picture.caption, "files": names}

"""Which format a corpus has: each format says how sure it is, and the surest one reads it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from types import ModuleType

from asrcompress.core.errors import InputError
from asrcompress.core.registry import load_plugin, plugin_names


class Evidence(IntEnum):
    """What a format's `detect` goes by; the strongest evidence wins, never an order of formats."""

    NONE = 0
    AUDIO = 1  # nothing but audio files, with or without texts
    SUFFIX = 2  # the ending of the file's name
    TREE = 3  # what lies in which sub-folder
    NAME = 4  # a manifest of the format's name
    CONTENT = 5  # the first row is of the format


def format_of(place: Path, format_name: str | None = None) -> ModuleType:
    """The format named, or the one that has the strongest evidence.

    Raises:
        InputError: no such format; none recognises the place; or two do equally.
    """
    import asrcompress.core.formats as formats

    if format_name is not None:
        return load_plugin(formats, format_name)
    modules = {name: load_plugin(formats, name) for name in plugin_names(formats)}
    evidence = {name: module.detect(place) for name, module in modules.items()}
    strongest = max(evidence.values())
    found = [name for name, strength in evidence.items() if strength == strongest]
    if strongest is Evidence.NONE:
        raise InputError(
            "not a corpus that is recognised",
            where=place,
            expected="a NeMo or lhotse .jsonl, a .csv or .tsv, a LibriSpeech tree, a Kaldi or "
            "audiofolder folder, or audio with or without .txt beside it",
            next_step=f"where the command has --format, name it ({', '.join(modules)})",
        )
    if len(found) > 1:
        raise InputError(
            "a corpus in several formats at once",
            where=place,
            got=" and ".join(found),
            next_step=f"name one with --format ({', '.join(found)})",
        )
    if strongest is Evidence.AUDIO:
        _refuse_unread_manifest(place, modules)
    return modules[found[0]]


def _refuse_unread_manifest(place: Path, modules: Mapping[str, ModuleType]) -> None:
    """A manifest under a name of its own lies beside audio: the audio alone has no references."""
    for path in sorted(path for path in place.iterdir() if path.is_file()):
        if any(module.detect(path) is Evidence.CONTENT for module in modules.values()):
            raise InputError(
                "a folder of audio with a manifest in it",
                where=place,
                got=path.name,
                next_step=f"give the manifest's path, {path}, or --format transcript_files for "
                "the audio with the texts beside it",
            )

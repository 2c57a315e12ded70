"""Whether a finished piece is still what was written; one that is not is made again.

A look at a folder tells that it was not cut short, its own hashes that no byte has changed. The
second is done once for each piece that is used, by the process that uses it.
"""

from __future__ import annotations

from pathlib import Path

from asrcompress.core.errors import AsrcompressError
from asrcompress.core.files import is_whole_json, read_json_lines, sha256_of_file
from asrcompress.core.manifest import MANIFEST_NAME, read_manifest

_CORPUS_MARKER = "corpus.json"  # what corrupt writes beside its conditions


def has_artefact(folder: Path) -> bool:
    """Whether an artefact is there, as far as a look can tell."""
    return is_whole_json(folder / MANIFEST_NAME)


def has_corpus(folder: Path) -> bool:
    """Whether a corrupted corpus is there, as far as a look can tell."""
    return is_whole_json(folder / _CORPUS_MARKER)


def is_sound_artefact(folder: Path) -> bool:
    """Whether an artefact's manifest can be read and its weights have the bytes it says."""
    try:
        manifest = read_manifest(folder)
        if manifest is None:
            return False
        files = {manifest.weights_file: manifest.weights_sha256}
        files |= manifest.export.files if manifest.export else {}
        return all(sha256_of_file(folder / name) == digest for name, digest in files.items())
    except AsrcompressError:
        return False


def is_sound_corpus(folder: Path) -> bool:
    """Whether a corrupted corpus has its list, and every recording in it the bytes it says."""
    from asrcompress.corrupt.marker import MANIFEST_NAME, read_marker
    from asrcompress.corrupt.writing import HASH_COLUMN

    try:
        for condition in read_marker(folder).conditions:
            place = folder / condition.name
            if sha256_of_file(place / MANIFEST_NAME) != condition.manifest_sha256:
                return False
            for _, row in read_json_lines(place / MANIFEST_NAME):
                if sha256_of_file(place / str(row["audio_filepath"])) != row[HASH_COLUMN]:
                    return False
    except (AsrcompressError, KeyError):
        return False
    return True

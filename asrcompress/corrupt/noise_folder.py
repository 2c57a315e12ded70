"""Noises from the user's folder."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, read_audio
from asrcompress.core.audio_stream import Span
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.corrupt.decoded import duration_s, read_kept
from asrcompress.corrupt.folders import (
    ARCHIVE_FOLDERS,
    Folder,
    LibraryFile,
    audible,
    audio_in,
    nothing_in,
    others,
)
from asrcompress.corrupt.level import is_silent
from asrcompress.corrupt.listing import NOISE_LIST, RIR_LIST, listed_files, read_table
from asrcompress.corrupt.noise_groups import (
    GROUPS,
    MISC,
    TABLE_VERSION,
    dns_label,
    group_named,
    group_of_label,
)
from asrcompress.corrupt.rooms import is_response_path
from asrcompress.corrupt.sources import Clip, check_kind

# A sound that nothing names is not "other miscellaneous sources": most of DNS4 is AudioSet clips
# without a label, and to count music and traffic among them as misc would make the paper's group
# out of anything.
UNTYPED = "untyped"
TYPE_COLUMNS = ("type", "category", "class")
LABEL_COLUMN = "label"
_SPARE_S = 0.01  # read beyond the crop: a resampled crop may come out a sample short
_SCAN_S = 60.0  # a long noise is searched for sound in pieces of a minute


@dataclass(frozen=True)
class NoiseFolder(Folder):
    """The noise files of a folder by type, and the labels that the table of groups lacks."""

    uses_table: bool = False
    unknown_labels: Mapping[str, int] | None = None

    def describe(self) -> dict[str, Any]:
        if not self.uses_table:
            return super().describe()
        groups = {"version": TABLE_VERSION, "unknown_labels_as_misc": self.unknown_labels or {}}
        return {**super().describe(), "noise_groups": groups}

    def fingerprint(self, kind: str | None) -> object:
        return [super().fingerprint(kind), TABLE_VERSION if self.uses_table else None]

    def check(self, kind: str | None) -> None:
        if kind in GROUPS and kind not in self.kinds and UNTYPED in self.kinds:
            raise InputError(
                "no noise of that type",
                where=self.root,
                got=repr(kind),
                expected=f"one of {', '.join(self.kinds)}",
                next_step=f"give the {len(self.of_kind(UNTYPED))} untyped files a type in "
                "manifest.tsv (columns file, type) or by folder",
            )
        check_kind("noise type", kind, self.kinds, self.root)

    def draw(
        self, kind: str | None, utterance: Utterance, frames: int, generator: np.random.Generator
    ) -> Clip:
        """One file, all equally likely, cut at a random offset where it is longer.

        Raises:
            InputError: the file cannot be read, or it is silent all through.
        """
        del utterance  # any file suits every utterance
        files = self.of_kind(kind)
        file = files[int(generator.integers(len(files)))]
        place = float(generator.random())
        needed_s = frames / SAMPLE_RATE_HZ + _SPARE_S
        slack_s = duration_s(file.path) - needed_s
        if slack_s <= 0:
            return Clip(audible(file, read_kept(file.path)), file.kind, file.id, 0.0)
        offset_s = place * slack_s
        crop = read_kept(file.path, Span(offset_s, needed_s))
        if is_silent(crop[:frames]):
            offset_s = min(max(0.0, find_loudest_s(file) - needed_s / 2), slack_s)
            crop = read_kept(file.path, Span(offset_s, needed_s))
        return Clip(audible(file, crop), file.kind, file.id, offset_s)


def open_noise_folder(root: Path) -> NoiseFolder:
    """The noises in a folder: those a Kaldi noise_list names, or else all audio but responses.

    A noise's type is its folder (`<root>/<type>/*`); else what manifest.tsv or .csv says in a
    column type, category, class or label; else its noise_list's; else the group of its DNS name.

    Raises:
        InputError: no such folder, no noise in it, or a manifest or list with mistakes.
    """
    paths = audio_in(root, "noise")
    listed, responses = listed_files(root, NOISE_LIST), listed_files(root, RIR_LIST)
    noises = list(listed) or others(root, paths, responses, is_response_path)
    if not noises:
        raise nothing_in(root, "noise")
    rows = read_table(root)
    unknown: Counter[str] = Counter()
    files, by_name = [], []
    for path in noises:
        relative = path.relative_to(root)
        kind = _stated_type(relative, rows.get(relative.as_posix(), {}), listed.get(path, {}))
        label = None if kind else dns_label(path.stem)
        by_name.append(label)
        if label and group_of_label(label) is None:
            unknown[label] += 1
        named = (group_of_label(label) or MISC) if label else UNTYPED
        files.append(LibraryFile(relative.as_posix(), path, kind or named))
    return NoiseFolder(
        root,
        tuple(files),
        len(set(paths) - set(noises)),
        uses_table=any(by_name) or _has_labels(rows.values()),
        unknown_labels=dict(sorted(unknown.items())),
    )


def _stated_type(
    relative: PurePath, row: Mapping[str, str], options: Mapping[str, str]
) -> str | None:
    """The type by folder, manifest or noise_list; None where none of them names one."""
    folders = relative.parent.parts
    archives = [place for place, name in enumerate(folders) if name.lower() in ARCHIVE_FOLDERS]
    below = folders[archives[-1] + 1 :] if archives else folders
    stated = below[0] if below else next((row[name] for name in TYPE_COLUMNS if row.get(name)), "")
    if stated:
        return group_named(stated) or stated
    if label := row.get(LABEL_COLUMN):
        return group_of_label(label) or label
    return options.get("noise-type")


def _has_labels(rows: Iterable[Mapping[str, str]]) -> bool:
    return any(row.get(LABEL_COLUMN) for row in rows)


def find_loudest_s(file: LibraryFile) -> float:
    """Where the loudest sample of a long file is, in s."""
    pieces = math.ceil(duration_s(file.path) / _SCAN_S)
    best, loudest_s = 0.0, 0.0
    for start_s in (piece * _SCAN_S for piece in range(pieces)):
        piece = np.abs(read_audio(file.path, offset_s=start_s, duration_s=_SCAN_S))
        if float(piece.max()) > best:
            best = float(piece.max())
            loudest_s = start_s + int(piece.argmax()) / SAMPLE_RATE_HZ
    return loudest_s

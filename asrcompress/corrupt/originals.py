"""What a folder of corrupted corpora was made from, where it is at hand to verify it by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import bind
from asrcompress.corrupt.marker import ConditionRecord, Marker
from asrcompress.corrupt.sources import Libraries, Source, open_libraries

RECORD = "its record"  # bytes, durations and recorded SNRs
ORIGINALS = "its original"  # the SNR measured anew from two files
MADE_AGAIN = "itself made again"  # every sample


@dataclass(frozen=True, slots=True)
class Originals:
    """The recordings by their ids, and the libraries with those of them that were used."""

    utterances: dict[str, Utterance]
    libraries: Libraries
    usable: frozenset[str]

    def libraries_for(self, record: ConditionRecord) -> Libraries | None:
        """The libraries, where all that the condition draws from is at hand."""
        uses = (use for step in bind(record.condition) for use in step.uses(self.libraries))
        return self.libraries if all(use.name in self.usable for use in uses) else None

    def compared_with(self, record: ConditionRecord) -> str:
        """What the condition's files can be compared with."""
        if self.libraries_for(record):
            return MADE_AGAIN
        is_noise_alone = [step.effect for step in record.condition.steps] == ["noise"]
        return ORIGINALS if is_noise_alone else RECORD


def open_originals(
    corpus: Corpus, noise: Path | None, rir: Path | None, marker: Marker
) -> Originals:
    """The corpus that was corrupted, with its libraries.

    Raises:
        InputError: the corpus or a folder is not the one that was used.
    """
    if corpus.sha256() != marker.source.sha256:
        raise InputError(
            "not the corpus that was corrupted",
            where=corpus.name,
            expected=f"the recordings and texts of {marker.source.name!r}, unchanged",
        )
    libraries = open_libraries(corpus, noise, rir)
    pairs: tuple[tuple[str, Source, Path | None], ...] = (
        ("noise", libraries.noise, noise),
        ("rooms", libraries.rooms, rir),
    )
    usable = (name for name, source, given in pairs if _is_the_one(marker, name, source, given))
    utterances = {utterance.id: utterance for utterance in corpus.utterances}
    return Originals(utterances, libraries, frozenset(usable))


def _is_the_one(marker: Marker, name: str, source: Source, given: Path | None) -> bool:
    """Whether a library is described as the one that was used; its folder's name may differ."""
    used = marker.libraries.get(name)
    if used is None:
        return True  # no condition drew from it
    found = source.describe()
    if given is None:
        return found == used
    if {**found, "library": ""} != {**used, "library": ""}:
        raise InputError(
            f"not the {name} that the corpus was corrupted with", where=given, expected=f"{used}"
        )
    return True

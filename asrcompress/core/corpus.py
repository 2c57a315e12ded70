"""A corpus: ordered utterances with their references, audio read only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.detection import format_of
from asrcompress.core.digests import digest_or_none
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.files import sha256_of_file, sha256_of_json
from asrcompress.core.utterance import Utterance as Utterance
from asrcompress.core.utterance import is_file

BUNDLED = "bundled:corpus"
_USUAL_NAMES = ("manifest", "metadata", "cuts")  # they say nothing of what is in the corpus
HUB_PREFIX = "hf:"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Utterances in the manifest's order, under a name."""

    name: str
    utterances: tuple[Utterance, ...]

    @property
    def audio_s(self) -> float:
        return sum(utterance.duration_s for utterance in self.utterances)

    def sha256(self, digest_of: Callable[[Path], str] = sha256_of_file) -> str:
        """A hash of the audio files' bytes, the references, speakers and spans; not of paths.

        A file that is missing or unreadable counts as such, for reading reports and counts it.
        digest_of: the hash of one file, for example from a memo of those hashed before.
        """
        paths = {utterance.path for utterance in self.utterances}
        of_file = {path: digest_or_none(path, digest_of) for path in paths}
        return sha256_of_json(
            [
                [
                    u.id,
                    of_file[u.path],
                    u.offset_s,
                    u.duration_s,
                    u.is_segment,
                    u.text,
                    u.speaker,
                    *(() if u.channel is None else (u.channel,)),
                ]
                for u in self.utterances
            ]
        )


def read_corpus(path: str | Path, *, format_name: str | None = None) -> Corpus:
    """The corpus at a path (a manifest file or a folder), its format detected or named.

    `bundled:corpus` is the small corpus that ships with the program; `hf:NAME[:CONFIG[:SPLIT]]`
    is a data set of the Hugging Face hub, of its cache, or of a local folder. Audio files that
    are missing fail when they are read, where they are counted; a corpus with none at all fails
    here.

    Raises:
        InputError: no such place, an unknown format, or a manifest with mistakes.
        NothingToEvaluateError: not a single utterance in it.
    """
    if str(path).startswith(HUB_PREFIX):
        from asrcompress.core.hub_datasets import read_hub_dataset

        name, utterances = read_hub_dataset(str(path).removeprefix(HUB_PREFIX), format_name)
    else:
        place = _bundled_folder() if str(path) == BUNDLED else Path(path)
        if not place.exists():
            raise InputError("no such corpus", where=path, expected="a manifest file or a folder")
        name = "bundled" if str(path) == BUNDLED else _name_of(place)
        utterances = tuple(format_of(place, format_name).read(place))
    if not utterances:
        raise NothingToEvaluateError("empty corpus", where=path, expected="at least one utterance")
    _refuse_duplicates(utterances, path)
    _refuse_all_missing(utterances, path)
    return Corpus(name, utterances)


def _refuse_duplicates(utterances: tuple[Utterance, ...], place: str | Path) -> None:
    seen: set[str] = set()
    for utterance in utterances:
        if utterance.id in seen:
            raise InputError("utterance twice in the corpus", where=place, got=repr(utterance.id))
        seen.add(utterance.id)


def _refuse_all_missing(utterances: tuple[Utterance, ...], place: str | Path) -> None:
    if not any(is_file(utterance.path) for utterance in utterances):
        raise InputError(
            f"none of the {len(utterances)} audio files is there",
            where=place,
            got=f"first {utterances[0].path}",
            next_step="relative paths are relative to the manifest",
        )


def _name_of(place: Path) -> str:
    """The folder's name; a manifest's own where it has one, so that two in a folder differ."""
    resolved = place.resolve()
    if resolved.is_dir():
        return resolved.name
    stem = resolved.name.partition(".")[0]
    return resolved.parent.name or stem if stem in _USUAL_NAMES else stem


def _bundled_folder() -> Path:
    from importlib.resources import files

    return Path(str(files("asrcompress.bundled"))) / "corpus"

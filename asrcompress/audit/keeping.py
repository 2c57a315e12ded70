"""What is in a cache, and what of it nobody uses any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asrcompress.audit.cache import FOLDERS, Cache, remove, size_bytes
from asrcompress.audit.uses import PIECES_NAME, UNFINISHED, Piece, read_pieces
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.files import read_json
from asrcompress.core.manifest import read_manifest

_AUDIT_CACHE = "cache"  # in an audit's folder


@dataclass(frozen=True, slots=True)
class KeptPiece:
    """A piece that is in a cache; what: it for a reader, where that is known."""

    kind: str
    key: str
    size_bytes: int
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cache holds; unfinished: bytes that interrupted runs left, which nobody can use."""

    folder: Path
    pieces: tuple[KeptPiece, ...]
    unfinished_bytes: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be; busy: pieces that were left, for a process works on them."""

    removed: tuple[KeptPiece, ...]
    unfinished_bytes: int
    kept: int
    busy: int

    @property
    def size_bytes(self) -> int:
        """All that is free now."""
        return self.unfinished_bytes + sum(piece.size_bytes for piece in self.removed)


def cache_at(place: Path) -> Cache:
    """The cache of an audit's folder, or the one that the folder is.

    Raises:
        InputError: it is neither.
    """
    if (place / PIECES_NAME).is_file():
        cache = Cache(Path(read_pieces(place).cache))
        if not cache.is_there() and Cache(place / _AUDIT_CACHE).is_there():
            return Cache(place / _AUDIT_CACHE)  # the folder was moved
    elif Cache(place / _AUDIT_CACHE).is_there():
        cache = Cache(place / _AUDIT_CACHE)
    else:
        cache = Cache(place)
    if not cache.is_there():
        raise InputError(
            "not an audit's folder and not a cache",
            where=place,
            got="no such folder" if not place.is_dir() else None,
            next_step="name what was given to audit with -o or --cache",
        )
    return cache


def kept_in(cache: Cache, audits: Sequence[Path] = ()) -> Kept:
    """All pieces, in the order of their kinds and keys.

    audits: folders whose lists tell what the pieces are; else the pieces are asked themselves.
    """
    named = {piece.task: piece.what for piece in _used_by(audits)}
    pieces = tuple(
        KeptPiece(kind, key, size_bytes(path), named.get(f"{kind}-{key}") or _asked(kind, path))
        for kind, key, path in _places(cache)
    )
    return Kept(cache.folder, pieces, sum(size_bytes(path) for path, _ in cache.leftovers()))


def prune(cache: Cache, audits: Sequence[Path] = (), *, is_trial: bool = False) -> Pruned:
    """Remove the pieces that none of the audits uses, and what interrupted runs left.

    Nothing outside the cache is touched, and no link is followed. What a process works on stays.
    is_trial: only tell.

    Raises:
        InputError: a folder is no audit's.
    """
    used = {piece.task for piece in _used_by(audits)}
    used |= {f"failure-{task}" for task in used}
    removed, kept, busy = [], 0, 0
    for kind, key, path in _places(cache):
        task = f"{kind}-{key}"
        if task in used:
            kept += 1
            continue
        with cache.locks.if_free(key if kind == "failure" else task) as is_free:
            if not is_free:
                busy += 1
                continue
            removed.append(KeptPiece(kind, key, size_bytes(path)))
            if not is_trial:
                remove(path)
    if is_trial:
        unfinished = sum(size_bytes(path) for path, task in cache.leftovers())
    else:
        unfinished = cache.remove_leftovers()
    return Pruned(tuple(removed), unfinished, kept, busy)


def _used_by(audits: Sequence[Path]) -> Iterator[Piece]:
    for audit in audits:
        if not (audit / PIECES_NAME).is_file():
            raise InputError(
                "not an audit's folder",
                where=audit,
                expected=f"{PIECES_NAME} in it",
                next_step="name what was given to audit with -o, and run it once",
            )
        yield from read_pieces(audit).pieces


def _places(cache: Cache) -> Iterator[tuple[str, str, Path]]:
    """Kind, key and place of every piece; a training that was interrupted counts as its own."""
    for folder, kind in FOLDERS.items():
        place = cache.folder / folder
        if place.is_symlink() or not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            if not path.name.startswith("."):
                key = path.name.removesuffix(".json").removesuffix(UNFINISHED)
                yield kind, key, path


def _asked(kind: str, path: Path) -> str | None:
    """What a piece says of itself."""
    try:
        if kind == "artefact":
            manifest = read_manifest(path)
            return f"{manifest.source.model} {manifest.label}" if manifest else None
        if kind in ("corpus", "calibration"):
            return _corpus_words(path)
        if kind in ("cell", "failure"):
            content = read_json(path)
            names = ("words", "cause") if kind == "failure" else ("model", "corpus")
            return " ".join(str(content[name]) for name in names)
    except (AsrcompressError, KeyError, TypeError):
        return None
    return None


def _corpus_words(path: Path) -> str:
    from asrcompress.corrupt.marker import read_marker

    marker = read_marker(path)
    return f"{marker.source.name} {', '.join(one.name for one in marker.conditions)}"

"""Where results go: checked before long work, staged beside the target, swapped in at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.files import read_json, umask

# The file that marks each kind of our folders, and a key it has beside schema_version.
_MARKERS = {
    "asrcompress.json": "weights_sha256",
    "corpus.json": "libraries",
    "results.json": "cells",
    "figures.json": "figures",
}
_AUDIT_MARKER = "audit.json"
_STAGING, _ASIDE = ".partial-", ".old-"  # in the names of the hidden folders beside a target
_CHOOSE_ANOTHER = "choose another with -o"


def check_output(
    target: Path, *, overwrite: bool = False, inputs: Iterable[str | Path | None] = ()
) -> None:
    """Make sure, before long work, that a new folder can be put at `target`.

    inputs: what the work reads; those that are no existing paths (hub ids, None) do not count.

    Raises:
        OutputError: it equals, contains or lies in an input; it exists (and `overwrite` is not
            set, or it is no folder that this program made, or an audit's); or its parent cannot
            be written.
    """
    _refuse_inputs(target, inputs)
    _remove_leftovers(target)
    if os.path.lexists(target):
        _refuse_existing(target, overwrite=overwrite)
        _refuse_precious(target)
    _check_parent(target)


def check_output_file(target: Path, *, overwrite: bool = False) -> None:
    """Make sure, before long work, that a file can be put at `target`.

    Raises:
        OutputError: it exists (and `overwrite` is not set, or it is a folder), or its parent
            cannot be written.
    """
    if os.path.lexists(target):
        _refuse_existing(target, overwrite=overwrite)
    if target.is_dir():
        raise OutputError(
            "a folder is there", where=target, expected="a file", next_step=_CHOOSE_ANOTHER
        )
    _check_parent(target)


def _refuse_inputs(target: Path, inputs: Iterable[str | Path | None]) -> None:
    place = Path(os.path.realpath(target))
    around_target = _identities(place)
    for given in inputs:
        source = None if given is None else Path(given).expanduser()
        if source is None or not os.path.exists(source):
            continue
        around_source = _identities(Path(os.path.realpath(source)))
        if around_source[0] in around_target or _identity(place) in around_source:
            raise OutputError(
                "the output would touch an input",
                where=target,
                got=f"{source} to read",
                expected="two folders apart",
                next_step=_CHOOSE_ANOTHER,
            )


def _identities(path: Path) -> list[tuple[int, int]]:
    """What tells a file or folder from every other, under any name: its own first, then parents."""
    found = (_identity(place) for place in (path, *path.parents))
    return [identity for identity in found if identity is not None]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:  # not there yet
        return None
    return status.st_dev, status.st_ino


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if not overwrite:
        raise OutputError(
            "output exists", where=target, next_step=f"{_CHOOSE_ANOTHER}, or add --overwrite"
        )


def _refuse_precious(target: Path) -> None:
    """Only an empty folder, or one of our own that a command can make again, may be replaced."""
    if not target.is_dir():
        raise OutputError(
            "will not overwrite what is not a folder", where=target, next_step=_CHOOSE_ANOTHER
        )
    if (target / _AUDIT_MARKER).exists():
        raise OutputError(
            "will not overwrite an audit's folder", where=target, next_step=_CHOOSE_ANOTHER
        )
    if any(target.iterdir()) and not _is_ours(target):
        raise OutputError(
            "will not overwrite a folder that asrcompress did not make",
            where=target,
            expected=f"one with our {' or '.join(_MARKERS)}",
            next_step=_CHOOSE_ANOTHER,
        )


def _is_ours(folder: Path) -> bool:
    return any(_is_marker(folder / name, key) for name, key in _MARKERS.items())


def _is_marker(path: Path, key: str) -> bool:
    """Whether a file is what we write under its name; many programs have a results.json."""
    try:
        content = read_json(path)
    except InputError:
        return False
    if not isinstance(content, dict):
        return False
    return key in content and isinstance(content.get("schema_version"), int)


def _check_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise OutputError(
            "cannot write",
            where=target,
            got=error.strerror,
            next_step="choose a writable place with -o",
        ) from None


@contextmanager
def staged_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block ends well, and vanishes otherwise.

    The old target, if `overwrite` is set, is replaced only at the end.
    """
    check_output(target, overwrite=overwrite)
    staging = _hidden_folder(target, _STAGING)
    lock = _locked(staging)
    try:
        yield staging
        os.chmod(staging, 0o777 & ~umask())
        _flush_to_disk()
        _swap_in(staging, target, overwrite=overwrite)
    except OSError as error:
        raise OutputError("cannot write", where=target, got=error.strerror or error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _hidden_folder(target: Path, kind: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{target.name}{kind}", dir=target.parent))


def _remove_leftovers(target: Path) -> None:
    """Remove what a killed run left of this target; one that still runs holds its folder's lock.

    An old target that it had moved aside, without putting its own in the place, comes back first.
    """
    for kind in (_ASIDE, _STAGING):
        for entry in _hidden_folders(target, kind):
            lock = _locked(entry)
            if lock is None:
                continue
            _put_back(entry / target.name, target)
            shutil.rmtree(entry, ignore_errors=True)
            os.close(lock)


def _hidden_folders(target: Path, kind: str) -> list[Path]:
    prefix = f".{target.name}{kind}"
    beside = sorted(target.parent.iterdir()) if target.parent.is_dir() else []
    return [
        entry
        for entry in beside
        if entry.name.startswith(prefix) and entry.is_dir() and not entry.is_symlink()
    ]


def _put_back(aside: Path, target: Path) -> None:
    if os.path.lexists(aside) and not os.path.lexists(target):
        os.rename(aside, target)


def _locked(folder: Path) -> int | None:
    """A lock on a folder, held until it is closed or the process ends; None if another has it."""
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # gone meanwhile, or somebody else's
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _flush_to_disk() -> None:
    """So that a power cut after the swap finds whole files; one call for thousands of them."""
    if hasattr(os, "sync"):
        os.sync()


def _swap_in(staging: Path, target: Path, *, overwrite: bool) -> None:
    if not os.path.lexists(target):
        os.rename(staging, target)
        return
    check_output(target, overwrite=overwrite)
    aside = _hidden_folder(target, _ASIDE)
    lock = _locked(aside)
    try:
        os.rename(target, aside / target.name)
        os.rename(staging, target)
    finally:
        _put_back(aside / target.name, target)  # if the second failed, or Ctrl-C came before it
        shutil.rmtree(aside, ignore_errors=True)
        if lock is not None:
            os.close(lock)

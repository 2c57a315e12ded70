"""Plug-ins: a plug-in's name is its file's name, so adding one edits nothing else."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from asrcompress.core.errors import InputError


def plugin_names(package: ModuleType) -> tuple[str, ...]:
    """The names of all plug-ins in a package, sorted."""
    found = pkgutil.iter_modules(package.__path__)
    return tuple(sorted(info.name for info in found if not info.name.startswith("_")))


def load_plugin(package: ModuleType, name: str) -> ModuleType:
    """The plug-in module of that name.

    Raises:
        InputError: no plug-in has that name; the nearest one is suggested.
    """
    known = plugin_names(package)
    if name not in known:
        kind = package.__name__.rsplit(".", 1)[-1]
        raise InputError(
            f"unknown name among {kind}", got=repr(name), expected=expected_one_of(name, known)
        )
    return importlib.import_module(f"{package.__name__}.{name}")


def expected_one_of(got: str, known: Iterable[str]) -> str:
    """What to print after `expected`: the known names, and the nearest one where one is near."""
    names = sorted(known)
    listed = f"one of {', '.join(names)}"
    near = difflib.get_close_matches(got, names, n=1)
    return f"{listed} (did you mean {near[0]!r}?)" if near else listed

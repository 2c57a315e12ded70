"""Whether a node of a cluster can do tasks of a plan: the same programs, and all that it reads."""

from __future__ import annotations

import platform
import socket
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from asrcompress.audit.engines._ray_slot import Work, enter
from asrcompress.audit.plan import Plan

# What results depend on; cells have some of them in their key, as they are where the plan is made.
_PACKAGES = ("asrcompress", "torch", "transformers", "numpy", "librosa", "soxr", "soundfile")
_MOST_RECORDINGS = 200  # a look at 100 000 of them would take minutes on a shared folder


@dataclass(frozen=True, slots=True)
class Facts:
    """What a node has: versions by package, the first path that it does not see, if it shares."""

    hostname: str
    versions: dict[str, str]
    missing_path: str | None
    has_probe: bool


def look(work: Work) -> Facts:
    """What this node has of what the plan needs.

    Raises:
        AsrcompressError: it cannot use the store.
    """
    enter(work.home)
    if work.store is not None:
        work.store.check()
    return Facts(
        hostname=socket.gethostname(),
        versions=versions(),
        missing_path=next((name for name in work.paths if not Path(name).exists()), None),
        has_probe=work.store is not None or _has_text(*work.probe),
    )


def what_is_wrong(facts: Facts, work: Work) -> str | None:
    """Why the node cannot do the plan's tasks, in words; None where it can."""
    here = versions()
    other = [
        f"{name} {facts.versions.get(name)} instead of {version}"
        for name, version in here.items()
        if facts.versions.get(name) != version
    ]
    if other:
        return f"it has {', '.join(other)}"
    if facts.missing_path is not None:
        return f"it does not see {facts.missing_path}, which has to be in a shared folder"
    if not facts.has_probe:
        folder = work.plan.cache.folder
        return f"it does not share the cache {folder}; choose a shared folder or a URL with --cache"
    return None


def versions() -> dict[str, str]:
    """Of Python and of the packages that results depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **{name: metadata.version(name) for name in _PACKAGES}}


def paths_of(plan: Plan) -> tuple[str, ...]:
    """The local files and folders that a plan names: models, noises, rooms, some recordings.

    Models of the hub are none, and are loaded on each node.
    """
    recordings = [str(utterance.path) for utterance in plan.corpus.utterances]
    every = -(-len(recordings) // _MOST_RECORDINGS)
    named = (
        *(job.model for job in plan.artefacts),
        *(str(folder) for folder in (plan.noise, plan.rir) if folder is not None),
        *recordings[::every],
    )
    return tuple(name for name in dict.fromkeys(named) if Path(name).exists())


def _has_text(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except OSError:
        return False

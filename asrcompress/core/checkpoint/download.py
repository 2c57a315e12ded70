"""Fetching a model from the hub, or from its cache, before transformers is involved.

transformers, given a hub id, may ask the hub again at each load and starts a conversion of pickled
weights there in the background. So only the files needed are fetched here, and everything after
reads the local folder.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.checkpoint.layout import PICKLED_WEIGHTS_NAME, SIDE_FILES
from asrcompress.core.errors import ModelError
from asrcompress.core.manifest import MANIFEST_NAME, PLAIN_WEIGHTS_NAME, QUANTISED_WEIGHTS_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAFE = (
    *SIDE_FILES,
    "*.py",
    MANIFEST_NAME,
    PLAIN_WEIGHTS_NAME,
    QUANTISED_WEIGHTS_NAME,
    f"{PLAIN_WEIGHTS_NAME}.index.json",
    "model-*-of-*.safetensors",
)
_PICKLED = (
    PICKLED_WEIGHTS_NAME,
    f"{PICKLED_WEIGHTS_NAME}.index.json",
    "pytorch_model-*-of-*.bin",
)


def download(repo_id: str, revision: str | None) -> Path:
    """The local snapshot's folder, named by its commit: safetensors if the model has them.

    Without a network, what the hub's cache holds is used.

    Raises:
        ModelError: no such repository or revision, no access, or no network and not cached.
    """
    with _explained(repo_id, revision), _bars_only_on_terminal():
        folder = _snapshot(repo_id, revision, _SAFE)
        if not any(folder.glob("*.safetensors")):
            folder = _snapshot(repo_id, folder.name, _PICKLED)
    return folder


def _snapshot(repo_id: str, revision: str | None, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download

    # A pattern's `*` matches "/" too: keep files of subfolders away.
    return Path(
        snapshot_download(
            repo_id, revision=revision, allow_patterns=list(patterns), ignore_patterns=["*/*"]
        )
    )


@contextmanager
def _explained(repo_id: str, revision: str | None) -> Iterator[None]:
    """Turns the hub client's errors into one line each."""
    from huggingface_hub import errors

    where = repo_id if revision is None else f"{repo_id} at {revision}"
    try:
        yield
    except errors.GatedRepoError:
        raise ModelError(
            "access to the model is restricted on the hub",
            where=where,
            next_step="ask for access on its page, then run `hf auth login`",
        ) from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            "no such model on the hub, and no such folder here",
            where=where,
            expected="a folder with config.json, bundled:model, or a hub id",
            next_step="check the spelling; for a private model run `hf auth login` first",
        ) from None
    except errors.RevisionNotFoundError:
        raise ModelError(
            "no such revision of the model", where=where, expected="a branch, tag or commit"
        ) from None
    except errors.HFValidationError as error:
        raise ModelError("neither a folder nor a hub id", where=where, got=error) from None
    except errors.LocalEntryNotFoundError:
        raise ModelError(
            "no such folder here, and the hub cannot be reached",
            where=where,
            got="no network and no copy in the hub's cache",
            expected="a folder with config.json, bundled:model, or a hub id already downloaded",
            next_step="check the spelling, or connect once to download it",
        ) from None
    except (errors.HfHubHTTPError, OSError) as error:
        raise ModelError("cannot fetch the model from the hub", where=where, got=error) from None


@contextmanager
def _bars_only_on_terminal() -> Iterator[None]:
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()

"""Whether an artefact's tensors are those that were written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.errors import IntegrityError
from asrcompress.core.files import sha256_of_file

if TYPE_CHECKING:
    import torch

    from asrcompress.core.manifest import ArtefactManifest


def digest_of(tensor: torch.Tensor) -> str:
    """The SHA-256 of a tensor's bytes, in hexadecimal; half precision counts as float32."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    if flat.dtype in (torch.float16, torch.bfloat16):
        flat = flat.float()
    return hashlib.sha256(flat.view(torch.uint8).numpy().data).hexdigest()


def differing_tensors(module: torch.nn.Module, digests: Mapping[str, str]) -> tuple[str, ...]:
    """The names of tensors that are missing, too many, or not of the recorded bits."""
    state = module.state_dict()
    return tuple(
        name
        for name in dict.fromkeys([*digests, *state])
        if name not in state or digests.get(name) != digest_of(state[name])
    )


def verify_files(folder: Path, digests: Mapping[str, str]) -> None:
    """Make sure that files have the bytes that were written.

    Raises:
        IntegrityError: one differs.
    """
    for name, expected in digests.items():
        found = sha256_of_file(folder / name)
        if found != expected:
            raise IntegrityError(
                "a file differs from what was written",
                where=folder / name,
                got=f"sha256 {found[:16]}",
                expected=f"{expected[:16]} as in the manifest",
                next_step="compress the model again",
            )


def verify(path: Path, manifest: ArtefactManifest, module: torch.nn.Module) -> None:
    """Make sure that the weight file is as the manifest says; the tensors tell where it is not.

    Raises:
        IntegrityError: it is not; the first tensor that differs is named.
    """
    digest = sha256_of_file(path)
    if digest == manifest.weights_sha256:
        return
    altered = differing_tensors(module, manifest.tensors)
    more = f" and {len(altered) - 1} more" if len(altered) > 1 else ""
    raise IntegrityError(
        "a tensor was altered" if altered else "weight file differs from what was written",
        where=f"{path}: {altered[0]}{more}" if altered else path,
        got=f"sha256 {digest[:16]} of the file",
        expected=f"{manifest.weights_sha256[:16]} as in the manifest",
        next_step="compress the model again",
    )

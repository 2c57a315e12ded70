"""compress --runtime: the artefact for PyTorch first, then the runtime's graph of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from asrcompress.compress.artefact import write_manifest, write_side_files
from asrcompress.compress.export import Target, check_exportable, check_installed, export
from asrcompress.compress.learn import training_step
from asrcompress.compress.request import CompressRequest
from asrcompress.compress.run import TRAINING_SUFFIX, compress_to, refuse_further
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import Checkpoint, load, locate
from asrcompress.core.errors import ModelError
from asrcompress.core.manifest import ArtefactManifest
from asrcompress.core.output import staged_folder
from asrcompress.core.progress import Progress

_IN_PYTORCH = "in-pytorch"  # a folder in the staged one, gone before that appears


def run_export(
    request: CompressRequest, checkpoint: Checkpoint, target: Path, progress: Progress
) -> Artefact:
    """The runtime's artefact of what the request's steps make of the checkpoint.

    Without steps, of the checkpoint itself, which may be an artefact of any method.

    Raises:
        ModelError, InputError, OutputError, IntegrityError: as `run` and `export`.
    """
    _refuse_early(request, checkpoint)
    with staged_folder(target, overwrite=request.overwrite) as folder:
        made = _in_pytorch(request, checkpoint, folder / _IN_PYTORCH, target, progress)
        loaded = load(made, trust_remote_code=request.trust_remote_code)
        manifest = made.manifest
        assert manifest is not None
        write_side_files(loaded, folder, ["float32"])
        where = Target(request.options.runtime, folder, request.options.weights_only)
        manifest = export(loaded, manifest, where, request.audio, progress)
        shutil.rmtree(folder / _IN_PYTORCH, ignore_errors=True)
        manifest = _with_disk_bytes(manifest, folder)
        write_manifest(folder, manifest)
    progress("done", 1, 1)
    return Artefact(target, manifest)


def _in_pytorch(
    request: CompressRequest,
    checkpoint: Checkpoint,
    folder: Path,
    target: Path,
    progress: Progress,
) -> Checkpoint:
    """The artefact to export: what is there already, or made for it in the folder."""
    if not request.options.steps and checkpoint.manifest is not None:
        return checkpoint
    place = request.place
    if place.folder is None:  # where the same command finds an interrupted training again
        place = replace(place, folder=Path(f"{target}{TRAINING_SUFFIX}"))
    options = replace(request.options, runtime="torch", weights_only=False)
    inner = replace(request, options=options, output=folder, place=place)
    compress_to(inner, checkpoint, folder, progress)
    return locate(folder)


def _refuse_early(request: CompressRequest, checkpoint: Checkpoint) -> None:
    """What can be told before hours of training."""
    runtime = request.options.runtime
    if checkpoint.runtime != "torch":
        refuse_further(checkpoint)
    check_installed(runtime)
    if request.options.storage != "dense":
        raise ModelError(
            f"{runtime} has its own form of storage",
            got=f"storage {request.options.storage}",
            next_step="leave storage out",
        )
    if training_step(request.options) is not None or checkpoint.is_encoder_decoder:
        from asrcompress.core.checkpoint.load import load_without_values

        shell = load_without_values(checkpoint, trust_remote_code=request.trust_remote_code)
        check_exportable(shell, runtime)


def _with_disk_bytes(manifest: ArtefactManifest, folder: Path) -> ArtefactManifest:
    disk_bytes = sum(path.stat().st_size for path in folder.iterdir())
    sizes = manifest.sizes.model_copy(update={"disk_bytes": disk_bytes})
    return manifest.model_copy(update={"sizes": sizes})

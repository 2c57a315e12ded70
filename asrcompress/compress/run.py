"""The way through this room: learn, open, decide step by step, write, prove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asrcompress.compress.artefact import prove, write_manifest, write_side_files
from asrcompress.compress.decide import Decided, Surroundings, decide
from asrcompress.compress.engine import Written, write
from asrcompress.compress.learn import Learned, learn, other_steps
from asrcompress.compress.plan import default_output, in_order
from asrcompress.compress.request import CompressRequest
from asrcompress.compress.sizes import zipped_bytes
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load, locate, probe
from asrcompress.core.checkpoint.source import ModuleSource, Source, open_source
from asrcompress.core.checkpoint.weights import read_weights, stored_dtype
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.files import sha256_of_file
from asrcompress.core.manifest import ArtefactManifest, SourceRecord
from asrcompress.core.output import check_output, staged_folder
from asrcompress.core.progress import Progress, silent
from asrcompress.core.provenance import versions
from asrcompress.core.structure import Structure
from asrcompress.core.training_record import TrainingRecord
from asrcompress.core.utterance import Utterance

TRAINING_SUFFIX = ".training"  # behind the output's name: the folder of a training's checkpoints


@dataclass(frozen=True, slots=True)
class Origin:
    """What is compressed, for the manifest."""

    model: str
    revision: str | None
    sha256: str
    dtype: str
    disk_bytes: int
    zipped_bytes: int | None


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the methods that choose bits work on: the original, or what was learned from it.

    structure, training: what the artefact inherits. config: what differs from the original's.
    """

    source: Source
    loaded: LoadedModel
    original: Callable[[], LoadedModel]
    structure: Structure | None
    training: TrainingRecord | None
    config: Mapping[str, Any] = field(default_factory=dict)


def run(request: CompressRequest, progress: Progress = silent) -> Artefact:
    """Compress a model into a folder of its own, proved by a reload.

    Raises:
        ModelError: the model cannot be found or loaded, or a method does not fit it.
        InputError: no step, an unknown one, or patterns that match nothing.
        OutputError: the output exists or cannot be written.
        IntegrityError: the saved artefact does not reload bit for bit.
    """
    exporting = request.options.runtime != "torch"
    if not request.options.steps and not exporting:
        raise InputError("nothing to do", next_step="ask for a compression, for example bits 8")
    if not isinstance(request.model, str):
        from asrcompress.compress.run_module import run_module

        return run_module(request, request.model, progress)
    checkpoint = locate(request.model, revision=request.revision)
    target = request.output or default_output(request.model, request.options)
    heard = {utterance.path for utterance in _utterances(request)}
    check_output(target, overwrite=request.overwrite, inputs=[checkpoint.folder, *heard])
    if exporting:
        from asrcompress.compress.run_export import run_export

        return run_export(request, checkpoint, target, progress)
    return compress_to(request, checkpoint, target, progress)


def compress_to(
    request: CompressRequest, checkpoint: Checkpoint, target: Path, progress: Progress
) -> Artefact:
    """The artefact for PyTorch, in a folder that may be written to; for errors see `run`."""
    refuse_further(checkpoint)
    with ThreadPoolExecutor(1) as aside:  # hashing needs no Python, so it is done meanwhile
        hashing = aside.submit(checkpoint.sha256)
        return _compress(request, checkpoint, target, hashing, progress)


def _utterances(request: CompressRequest) -> Iterator[Utterance]:
    """All that is listened to."""
    for audio in request.audio:
        yield from audio.utterances
    if request.training is not None:
        yield from request.training.utterances


def _compress(
    request: CompressRequest,
    checkpoint: Checkpoint,
    target: Path,
    hashing: Future[str],
    progress: Progress,
) -> Artefact:
    progress("opening", 0, 1)
    trusting = request.trust_remote_code
    training = Path(f"{target}{TRAINING_SUFFIX}")
    learned = learn(request, checkpoint, training, progress)
    subject = _subject(learned, checkpoint, trusting=trusting)
    around = Surroundings(
        original=subject.original,
        audio=request.audio,
        seed=request.seed,
        progress=progress,
        explain=request.explain,
        identity=None if learned else hashing.result,
        scans=request.scans,
    )
    options = other_steps(request.options)
    decided = decide(checkpoint.model, subject.source, options, around)
    with staged_folder(target, overwrite=request.overwrite) as folder:
        may_be_plain = subject.structure is None
        written = write(
            decided.weights, folder, options.storage, progress, may_be_plain=may_be_plain
        )
        write_side_files(subject.loaded, folder, written.dtypes, subject.config)
        if learned is not None:
            written = replace(written, ledger=learned.ledger(written.ledger))
        progress("hashing the original", 0, 1)
        hashing.result()  # the checkpoint keeps it
        origin = _origin(checkpoint, progress, measure_zip=request.measure_zip)
        manifest = make_manifest(folder, request, origin, decided, written)
        manifest = manifest.model_copy(
            update={"structure": subject.structure, "training": subject.training}
        )
        write_manifest(folder, manifest)
        progress("proving", 0, 1)
        reloaded = prove(folder, written, trust_remote_code=trusting)
        manifest = manifest.model_copy(update={"probe": probe(reloaded)})
        write_manifest(folder, manifest)
    if learned is not None:
        from asrcompress.compress.training.checkpoint import Checkpoints

        Checkpoints(request.place.folder or training).remove()
    progress("done", 1, 1)
    return Artefact(target, manifest)


def _subject(learned: Learned | None, checkpoint: Checkpoint, *, trusting: bool) -> _Subject:
    if learned is not None:
        return _Subject(
            source=ModuleSource(learned.loaded.model),
            loaded=learned.loaded,
            original=learned.copied,
            structure=learned.trained.structure,
            training=learned.trained.record,
            config=learned.trained.config,
        )
    source = open_source(checkpoint, trust_remote_code=trusting)
    manifest = checkpoint.manifest
    return _Subject(
        source=source,
        loaded=source.loaded,
        original=lambda: load(checkpoint, trust_remote_code=trusting),
        structure=manifest.structure if manifest else None,
        training=manifest.training if manifest else None,
    )


def make_manifest(
    folder: Path,
    request: CompressRequest,
    origin: Origin,
    decided: Decided,
    written: Written,
) -> ArtefactManifest:
    """The manifest of a folder whose other files are all there; without a probe yet."""
    options, ledger = request.options, written.ledger
    return ArtefactManifest(
        label=options.label,
        source=SourceRecord(
            model=origin.model,
            revision=origin.revision,
            sha256=origin.sha256,
            dtype=origin.dtype,
            sizes=Sizes(
                memory_bytes=ledger.bytes_before,
                disk_bytes=origin.disk_bytes,
                zipped_bytes=origin.zipped_bytes,
            ),
            low_mantissa_bits_zero=written.low_mantissa_bits_zero,
        ),
        steps=in_order(options.steps),
        selection=options.selection,
        storage=options.storage,
        seed=request.seed,
        weights_file=written.path.name,
        weights_sha256=sha256_of_file(written.path),
        quantization=written.quantization,
        tensors=written.tensors,
        encodings=written.encodings,
        sizes=Sizes(
            memory_bytes=ledger.bytes_after,
            disk_bytes=sum(path.stat().st_size for path in folder.iterdir()),
            zipped_bytes=zipped_bytes([written.path]) if request.measure_zip else None,
        ),
        ledger=ledger,
        calibration=decided.calibration,
        probe=None,
        versions=dict(versions()),
    )


def _origin(checkpoint: Checkpoint, progress: Progress, *, measure_zip: bool) -> Origin:
    if measure_zip:
        progress("zipping the original", 0, 1)
    return Origin(
        model=checkpoint.model,
        revision=checkpoint.revision,
        sha256=checkpoint.sha256(),
        dtype=stored_dtype(read_weights(checkpoint.weight_files).values()),
        disk_bytes=checkpoint.disk_bytes,
        zipped_bytes=zipped_bytes(checkpoint.weight_files) if measure_zip else None,
    )


def refuse_further(checkpoint: Checkpoint) -> None:
    """Raise ModelError for an artefact that no method can take further."""
    if checkpoint.manifest is not None and checkpoint.runtime != "torch":
        raise ModelError(
            f"the model is {checkpoint.runtime}'s already",
            where=checkpoint.model,
            next_step=f"compress its original, {checkpoint.manifest.source.model}",
        )
    if checkpoint.manifest is not None and not checkpoint.manifest.is_float:
        raise ModelError(
            "the model is quantised already",
            where=checkpoint.model,
            next_step=f"compress its original, {checkpoint.manifest.source.model}",
        )

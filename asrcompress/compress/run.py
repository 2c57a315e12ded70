"""The way through this room: load, apply the methods in order, save, prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.compress.layers import Selection
from asrcompress.compress.ledger import ledger_of, tensors_of
from asrcompress.compress.method import method_of
from asrcompress.compress.plan import default_output, label_of
from asrcompress.compress.request import CompressRequest
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load, locate, probe
from asrcompress.core.checkpoint.weights import read_weights, stored_dtype
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.files import sha256_of_file
from asrcompress.core.ledger import Ledger
from asrcompress.core.manifest import ArtefactManifest, MethodStep, SourceRecord
from asrcompress.core.output import check_output
from asrcompress.core.progress import Progress, silent
from asrcompress.core.provenance import versions

if TYPE_CHECKING:
    import torch


def run(request: CompressRequest, progress: Progress = silent) -> Artefact:
    """Compress a model into a folder of its own, proved by a reload.

    Raises:
        ModelError: the model cannot be found or loaded, or a method does not fit it.
        InputError: no step, an unknown one, or patterns that match nothing.
        OutputError: the output exists or cannot be written.
        IntegrityError: the saved artefact does not reload bit for bit.
    """
    if not request.steps:
        raise InputError("nothing to do", next_step="ask for a compression, for example bits 8")
    checkpoint = locate(request.model, revision=request.revision)
    target = request.output or default_output(request.model, request.steps)
    check_output(target, overwrite=request.overwrite, inputs=[checkpoint.folder])
    _refuse_quantised(checkpoint)
    count = _Count(progress, total=len(request.steps) + (3 if request.measure_zip else 2))

    count.next("loading")
    loaded = load(checkpoint, trust_remote_code=request.trust_remote_code)
    _refuse_unfit(request, loaded.model)
    source = _source_record(loaded, count, measure_zip=request.measure_zip)
    ledger = _apply(request, loaded.model, count)

    from asrcompress.compress.artefact import save

    count.next("saving and proving")
    artefact = save(
        loaded,
        target,
        lambda folder: _manifest(folder, request, loaded, source, ledger),
        overwrite=request.overwrite,
        trust_remote_code=request.trust_remote_code,
    )
    count.end()
    return artefact


def _refuse_quantised(checkpoint: Checkpoint) -> None:
    if checkpoint.manifest is not None and checkpoint.manifest.is_quantised:
        raise ModelError(
            "the model is quantised already",
            where=checkpoint.model,
            next_step=f"compress its original, {checkpoint.manifest.source.model}",
        )


def _refuse_unfit(request: CompressRequest, module: torch.nn.Module) -> None:
    Selection(request.include, request.exclude).check(module)
    for step in request.steps:
        refusal = method_of(step.method).refusal(module)
        if refusal is not None:
            raise ModelError(f"cannot {step.method} the model", where=request.model, got=refusal)


def _apply(request: CompressRequest, module: torch.nn.Module, count: _Count) -> Ledger:
    selection = Selection(request.include, request.exclude)
    before = tensors_of(module)
    why: dict[str, str] = {}
    for step in in_order(request.steps):
        count.next(step.method)
        method = method_of(step.method)
        params = method.Params.model_validate(step.params)
        why = _joined(why, method.compress(module, params, selection))
    return ledger_of(before, module, why, selection)


def in_order(steps: tuple[MethodStep, ...]) -> tuple[MethodStep, ...]:
    """The steps as they are applied: pruning before quantising, whatever order they came in."""
    return tuple(sorted(steps, key=lambda step: method_of(step.method).ORDER))


def _joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    names = dict.fromkeys([*first, *second])
    return {name: "; ".join(why[name] for why in (first, second) if name in why) for name in names}


def _source_record(loaded: LoadedModel, count: _Count, *, measure_zip: bool) -> SourceRecord:
    from asrcompress.compress.sizes import low_mantissa_bits_zero, state_dict_bytes, zipped_bytes

    checkpoint = loaded.checkpoint
    if measure_zip:
        count.next("zipping the original")
    return SourceRecord(
        model=checkpoint.model,
        revision=checkpoint.revision,
        sha256=checkpoint.sha256(),
        dtype=stored_dtype(read_weights(checkpoint.weight_files).values()),
        sizes=Sizes(
            memory_bytes=state_dict_bytes(loaded.model),
            disk_bytes=checkpoint.disk_bytes,
            zipped_bytes=zipped_bytes(checkpoint.weight_files) if measure_zip else None,
        ),
        low_mantissa_bits_zero=low_mantissa_bits_zero(loaded.model.state_dict().values()),
    )


def _manifest(
    folder: Path,
    request: CompressRequest,
    loaded: LoadedModel,
    source: SourceRecord,
    ledger: Ledger,
) -> ArtefactManifest:
    from asrcompress.compress.artefact import quantization_of, weights_name
    from asrcompress.compress.sizes import state_dict_bytes, zipped_bytes

    weights = folder / weights_name(loaded.model)
    return ArtefactManifest(
        label=label_of(request.steps),
        source=source,
        steps=in_order(request.steps),
        include=request.include,
        exclude=request.exclude,
        seed=request.seed,
        weights_file=weights.name,
        weights_sha256=sha256_of_file(weights),
        quantization=quantization_of(loaded.model),
        sizes=Sizes(
            memory_bytes=state_dict_bytes(loaded.model),
            disk_bytes=sum(path.stat().st_size for path in folder.iterdir()),
            zipped_bytes=zipped_bytes([weights]) if request.measure_zip else None,
        ),
        ledger=ledger,
        probe=probe(loaded),
        versions=dict(versions()),
    )


@dataclass(slots=True)
class _Count:
    """How many of the stages are done."""

    progress: Progress
    total: int
    done: int = 0

    def next(self, what: str) -> None:
        self.progress(what, self.done, self.total)
        self.done += 1

    def end(self) -> None:
        self.progress("done", self.total, self.total)

"""From a compressed model in PyTorch to a runtime's graph of it, checked on the way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.compress import runtimes
from asrcompress.compress.calibration import beginning, record_of
from asrcompress.compress.exported_ledger import exported_ledger
from asrcompress.compress.heard import Heard, divergence_from, hear, hear_each, largest_change
from asrcompress.compress.layers import matches
from asrcompress.compress.runtimes._export import Arrays, Exportable, Exported
from asrcompress.compress.sizes import zipped_bytes
from asrcompress.compress.weight_codes import codes_of, use_floats
from asrcompress.core.checkpoint import LoadedModel
from asrcompress.core.checkpoint.probe import probe_of, pseudo_speech
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import IntegrityError, ModelError
from asrcompress.core.files import sha256_of_file
from asrcompress.core.manifest import ArtefactManifest, ExportRecord, Probe, Runtime
from asrcompress.core.progress import Progress
from asrcompress.core.provenance import versions
from asrcompress.core.registry import load_plugin
from asrcompress.core.runtimes import open_graph
from asrcompress.core.runtimes._needed import needed

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import CalibrationAudio

_log = logging.getLogger(__name__)
EXPORT_VERSION = 2  # raised when the same model gives another graph
_FAR = 0.1  # nats a frame: real recognisers in 8 bits move by 0.0001 to 0.01
FLOAT_CHANGE = 1e-3  # of a logit, between PyTorch and a graph in floats
_CALIBRATION_S = 30.0  # of each condition: ranges change little after 10 s
_UNPADDED_S, _PADDED_S = 1.0, 0.6  # the recordings of the example
_PROBE = "pseudo-speech"


@dataclass(frozen=True, slots=True)
class Target:
    """What computes the graph, and the folder that it goes to.

    weights_only: activations are left to the runtime.
    """

    runtime: Runtime
    folder: Path
    weights_only: bool = False


def check_installed(runtime: Runtime) -> Any:
    """The runtime's exporter, whose packages are all here.

    Raises:
        ModelError: one is not.
    """
    exporter = load_plugin(runtimes, runtime)
    for package in exporter.NEEDS:
        needed(package, extra=runtime)
    return exporter


def check_exportable(loaded: LoadedModel, runtime: Runtime) -> Any:
    """The runtime's exporter, where it is installed and the model is of a kind that it can have.

    Raises:
        ModelError: a package is missing, or the model is an encoder-decoder.
    """
    exporter = check_installed(runtime)
    if loaded.is_encoder_decoder:
        raise ModelError(
            "only CTC models can be exported to another runtime",
            where=loaded.checkpoint.model,
            got=f"model type {loaded.checkpoint.model_type}, an encoder-decoder",
            next_step="leave --runtime out",
        )
    return exporter


def export(
    loaded: LoadedModel,
    manifest: ArtefactManifest,
    target: Target,
    audio: Sequence[CalibrationAudio],
    progress: Progress,
) -> ArtefactManifest:
    """Write the loaded artefact as the runtime's graph; the manifest of what was written.

    The graph in floats is compared with PyTorch before anything is quantised. What quantising
    activations and convolutions then changes is told as a divergence.

    Raises:
        ModelError: the runtime is not installed or cannot compute the model.
        IntegrityError: its graph in floats is not the model.
        InputError: audio cannot be read.
    """
    runtime, folder = target.runtime, target.folder
    exporter = check_exportable(loaded, runtime)
    progress("listening in PyTorch", 0, 1)
    speech = pseudo_speech(loaded.sample_rate_hz)
    heard = [hear(loaded, _PROBE, [speech])]
    example = _example(loaded)
    is_calibrated = exporter.CALIBRATES and bool(codes_of(loaded.model)) and not target.weights_only
    calibrated = audio if is_calibrated else ()
    for sample in (beginning(one, _CALIBRATION_S) for one in audio):
        heard += hear_each(loaded, sample)
    calibration = [one.inputs for one in heard[1:]] if calibrated else []
    model = _exportable(loaded, exporter, manifest, example, calibration)
    progress("tracing", 0, 1)
    graph = exporter.trace(model, folder)
    _check_float(exporter, graph, model, (heard[0], example))
    exported: Exported = exporter.write(graph, model, folder, progress)
    del model, graph
    progress("proving", 0, 1)
    opened = open_graph(runtime, folder, inputs=tuple(example.inputs), exact=_is_exact(exported))
    found = [opened.run(one.inputs) for one in heard]
    record = ExportRecord(
        files={name: sha256_of_file(folder / name) for name in exported.files},
        inputs=tuple(example.inputs),
        layers=_counts(exported.layers),
        calibration=tuple(record_of(beginning(one, _CALIBRATION_S)) for one in calibrated),
        max_logit_change=largest_change(heard[0], found[0]),
        divergence=divergence_from(heard, found),
    )
    _warn_if_far(manifest.source.model, record)
    return _manifest(manifest, target, record, exported, probe_of(speech.size, found[0]))


def _example(loaded: LoadedModel) -> Heard:
    """What to trace with: two recordings of unequal length, or one where padding would be heard."""
    rate_hz = loaded.sample_rate_hz
    speech = [pseudo_speech(rate_hz, duration_s=seconds) for seconds in (_UNPADDED_S, _PADDED_S)]
    both = hear(loaded, _PROBE, speech)
    return both if "attention_mask" in both.inputs else hear(loaded, _PROBE, speech[:1])


def _warn_if_far(model: str, record: ExportRecord) -> None:
    condition, most = max(record.divergence.items(), key=lambda item: item[1])
    if most > _FAR:
        _log.warning(
            "%s: the exported graph's posteriors are %.2g nats a frame from PyTorch's under %s; "
            "evaluate it before it ships, or leave activations in floats with --weights-only",
            model,
            most,
            condition,
        )


def _is_exact(exported: Exported) -> bool:
    return set(exported.layers.values()) == {"float32"}


def _counts(layers: dict[str, str]) -> dict[str, int]:
    forms = list(layers.values())
    return {form: forms.count(form) for form in dict.fromkeys(forms)}


def _exportable(
    loaded: LoadedModel,
    exporter: Any,
    manifest: ArtefactManifest,
    example: Heard,
    calibration: list[Arrays],
) -> Exportable:
    """The loaded model, changed in place to be traced: its module is of no other use after."""
    from asrcompress.compress.traced import feature_encoder
    from asrcompress.compress.traced.recogniser import TracedRecogniser, prepare

    codes = codes_of(loaded.model)
    floats = _kept_in_floats(loaded.model, manifest, codes)
    use_floats(loaded.model)
    form = getattr(feature_encoder, exporter.ENCODER_FORM)
    prepare(loaded.model, form, has_mask="attention_mask" in example.inputs)
    return Exportable(
        traced=TracedRecogniser(loaded.model, tuple(example.inputs)).eval(),
        example=example.inputs,
        codes=codes,
        floats=floats,
        calibration=calibration,
    )


def _kept_in_floats(
    model: torch.nn.Module, manifest: ArtefactManifest, codes: dict[str, Any]
) -> frozenset[str]:
    """Layers whose activations stay floats: what the methods left, and what hears the samples.

    Convolutions are computed in 8 bits with the rest, unless they were excluded by name. The first
    one is a hundredth of the work, and 8 bits would be all that is left of the audio itself.
    """
    import torch

    modules = dict(model.named_modules())
    convolutions = [name for name, one in modules.items() if isinstance(one, torch.nn.Conv1d)]
    linear = {name for name, one in modules.items() if isinstance(one, torch.nn.Linear)}
    excluded = {
        name
        for name in convolutions
        if any(matches(name, pattern) for pattern in manifest.selection.exclude)
    }
    return frozenset({*excluded, *convolutions[:1], *(linear - codes.keys())})


def _check_float(exporter: Any, graph: Any, model: Exportable, heard: Sequence[Heard]) -> None:
    """Raise IntegrityError where the graph in floats is not the model as it was before tracing."""
    for one in heard:
        change = largest_change(one, exporter.logits_of(graph, model, one.inputs))
        if not change <= FLOAT_CHANGE:
            raise IntegrityError(
                "the exported graph is not the model",
                where="the largest change of a logit, in floats",
                got=f"{change:.2g}",
                expected=f"at most {FLOAT_CHANGE:g}",
                next_step="leave --runtime out, and please report it with the model's name",
            )


def _manifest(
    manifest: ArtefactManifest,
    target: Target,
    record: ExportRecord,
    exported: Exported,
    probe: Probe,
) -> ArtefactManifest:
    weights = target.folder / exported.files[0]
    zipped = manifest.sizes.zipped_bytes is not None
    return manifest.model_copy(
        update={
            "label": f"{manifest.label}-{target.runtime}",
            "runtime": target.runtime,
            "storage": "dense",
            "weights_file": weights.name,
            "weights_sha256": record.files[weights.name],
            "quantization": {},
            "tensors": {},
            "encodings": {},
            "sizes": Sizes(
                memory_bytes=weights.stat().st_size,
                disk_bytes=None,
                zipped_bytes=zipped_bytes([weights]) if zipped else None,
            ),
            "ledger": exported_ledger(manifest.ledger, exported.layers, target.runtime),
            "export": record,
            "probe": probe,
            "versions": dict(versions()),
        }
    )

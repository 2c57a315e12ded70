"""From a compressed model in PyTorch to a runtime's graph of it, checked on the way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from asrcompress.compress import runtimes
from asrcompress.compress.calibration import beginning, record_of
from asrcompress.compress.exported_ledger import exported_ledger
from asrcompress.compress.layers import matches
from asrcompress.compress.runtimes._export import Arrays, Exportable, Exported
from asrcompress.compress.sizes import zipped_bytes
from asrcompress.compress.weight_codes import codes_of, use_floats
from asrcompress.core.checkpoint import LoadedModel, quiet_transformers
from asrcompress.core.checkpoint.probe import probe_of, pseudo_speech
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import IntegrityError, ModelError
from asrcompress.core.files import sha256_of_file
from asrcompress.core.manifest import ArtefactManifest, ExportRecord, Runtime
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """One recording: its condition, the model's inputs, and the logits (frames, tokens)."""

    condition: str
    inputs: Arrays
    logits: npt.NDArray[np.float32]


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
    probe_inputs = _inputs(loaded, [speech])
    heard = [_Heard(_PROBE, probe_inputs, _logits(loaded.model, probe_inputs)[0])]
    codes = codes_of(loaded.model)
    is_calibrated = exporter.CALIBRATES and bool(codes) and not target.weights_only
    calibrated = audio if is_calibrated else ()
    for sample in (beginning(one, _CALIBRATION_S) for one in audio):
        heard += _listen(loaded, sample)
    calibration = [one.inputs for one in heard[1:]] if calibrated else []
    model = _exportable(loaded, exporter, manifest, calibration)
    progress("tracing", 0, 1)
    graph = exporter.trace(model, folder)
    _check_float(exporter, graph, model, heard[0])
    exported: Exported = exporter.write(graph, model, folder, progress)
    del model, graph
    progress("proving", 0, 1)
    opened = open_graph(runtime, folder, inputs=tuple(probe_inputs), exact=_is_exact(exported))
    found = [opened.run(one.inputs)[0] for one in heard]
    record = ExportRecord(
        files={name: sha256_of_file(folder / name) for name in exported.files},
        inputs=tuple(probe_inputs),
        layers=_counts(exported.layers),
        calibration=tuple(record_of(beginning(one, _CALIBRATION_S)) for one in calibrated),
        max_logit_change=float(np.abs(found[0] - heard[0].logits).max()),
        divergence=_divergence(heard, found),
    )
    _warn_if_far(manifest.source.model, record)
    return _manifest(manifest, runtime, record, exported, folder, speech.size, found[0])


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


def _listen(loaded: LoadedModel, audio: CalibrationAudio) -> list[_Heard]:
    found = []
    for utterance in audio.utterances:
        inputs = _inputs(loaded, [utterance.audio(loaded.sample_rate_hz)])
        found.append(_Heard(audio.condition, inputs, _logits(loaded.model, inputs)[0]))
    return found


def _inputs(loaded: LoadedModel, batch: Sequence[npt.NDArray[np.float32]]) -> Arrays:
    """What the processor gives, padded to the longest, as arrays by name."""
    with quiet_transformers():
        given = loaded.processor(
            audio=list(batch),
            sampling_rate=loaded.sample_rate_hz,
            padding="longest",
            return_tensors="np",
        )
    return {
        name: np.ascontiguousarray(
            values, np.float32 if np.asarray(values).dtype.kind == "f" else np.int64
        )
        for name, values in given.items()
    }


def _logits(model: torch.nn.Module, inputs: Arrays) -> npt.NDArray[np.float32]:
    """(batch, frames, tokens) in PyTorch; not under inference_mode, see quanto's low bits."""
    import torch

    with quiet_transformers(), torch.no_grad():
        tensors = {name: torch.from_numpy(values) for name, values in inputs.items()}
        logits = model(**tensors).logits
    return np.asarray(logits.float().numpy())


def _exportable(
    loaded: LoadedModel, exporter: Any, manifest: ArtefactManifest, calibration: list[Arrays]
) -> Exportable:
    """The loaded model, changed in place to be traced: its module is of no other use after."""
    from asrcompress.compress.traced import feature_encoder
    from asrcompress.compress.traced.recogniser import TracedRecogniser, prepare

    codes = codes_of(loaded.model)
    floats = _kept_in_floats(loaded.model, manifest, codes)
    use_floats(loaded.model)
    rate_hz = loaded.sample_rate_hz
    speech = [pseudo_speech(rate_hz, duration_s=seconds) for seconds in (_UNPADDED_S, _PADDED_S)]
    example = _inputs(loaded, speech)
    if "attention_mask" not in example:  # padding would be heard
        example = _inputs(loaded, speech[:1])
    form = getattr(feature_encoder, exporter.ENCODER_FORM)
    prepare(loaded.model, form, has_mask="attention_mask" in example)
    return Exportable(
        traced=TracedRecogniser(loaded.model, tuple(example)).eval(),
        example=example,
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


def _check_float(exporter: Any, graph: Any, model: Exportable, heard: _Heard) -> None:
    """Raise IntegrityError where the graph in floats is not the model."""
    for inputs in (heard.inputs, model.example):
        expected = _logits(model.traced.model, inputs)
        change = _largest_change(expected, exporter.logits_of(graph, model, inputs), inputs)
        if not change <= FLOAT_CHANGE:
            raise IntegrityError(
                "the exported graph is not the model",
                where="the largest change of a logit, in floats",
                got=f"{change:.2g}",
                expected=f"at most {FLOAT_CHANGE:g}",
                next_step="leave --runtime out, and please report it with the model's name",
            )


def _largest_change(
    expected: npt.NDArray[np.float32], found: npt.NDArray[np.float32], inputs: Arrays
) -> float:
    """Of the frames that are the recordings' own; those of padding mean nothing."""
    if expected.shape != found.shape:
        return float("inf")
    changes = np.abs(expected - found).max(axis=-1)  # (batch, frames)
    mask = inputs.get("attention_mask")
    if mask is not None:
        share = mask.mean(axis=1) * changes.shape[1]
        own = np.arange(changes.shape[1])[None] < np.floor(share)[:, None] - 1
        changes = np.where(own, changes, 0.0)
    return float(changes.max())


def _divergence(
    heard: Sequence[_Heard], found: Sequence[npt.NDArray[np.float32]]
) -> dict[str, float]:
    """KL(PyTorch || graph) in nats a frame, by condition."""
    sums: dict[str, list[float]] = {}
    for one, logits in zip(heard, found, strict=True):
        before, after = _log_softmax(one.logits), _log_softmax(logits)
        each = (np.exp(before) * (before - after)).sum(axis=-1)
        sums.setdefault(one.condition, []).extend(float(value) for value in each)
    return {condition: float(np.mean(values)) for condition, values in sums.items()}


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _manifest(
    manifest: ArtefactManifest,
    runtime: Runtime,
    record: ExportRecord,
    exported: Exported,
    folder: Path,
    samples: int,
    probe_logits: npt.NDArray[np.float32],
) -> ArtefactManifest:
    weights = folder / exported.files[0]
    zipped = manifest.sizes.zipped_bytes is not None
    return manifest.model_copy(
        update={
            "label": f"{manifest.label}-{runtime}",
            "runtime": runtime,
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
            "ledger": exported_ledger(manifest.ledger, exported.layers, runtime),
            "export": record,
            "probe": probe_of(samples, probe_logits[None]),
            "versions": dict(versions()),
        }
    )

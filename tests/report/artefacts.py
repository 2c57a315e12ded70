"""Made-up manifests of compressed models: real models' names and shapes, numbers by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asrcompress.core.cost import Sizes
from asrcompress.core.ledger import (
    HISTOGRAM_BINS,
    LayerAnalysis,
    Ledger,
    LedgerRow,
    Memberships,
    Sensitivity,
)
from asrcompress.core.manifest import (
    ArtefactManifest,
    CalibrationCorpus,
    CalibrationRecord,
    ExportRecord,
    MethodStep,
    Probe,
    Selection,
    SourceRecord,
)
from tests.report.layouts import CONV, EMBEDDING, LINEAR, NORM, Shapes, wav2vec2, whisper

NOT_CHOSEN = {CONV: "Conv1d: only with --conv", EMBEDDING: "Embedding: only with --embedding"}
_BYTES = {"qint8": 1.0, "qint4": 0.5625, "qint2": 0.3125, "float16": 2.0, "float32": 4.0}


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to stand in a layer's row."""

    qtype: str = "float32"
    why: str = "quantised"
    sparsity: float = 0.0
    analysis: LayerAnalysis | None = None
    tied_to: str | None = None


def bell(median: float = 0.02, peak: int = 1000) -> LayerAnalysis:
    """A peaked histogram: each bin outwards has half of the one before."""
    middle = HISTOGRAM_BINS // 2
    counts = tuple(peak >> abs(at - middle) for at in range(HISTOGRAM_BINS))
    return LayerAnalysis(
        histogram=counts, max_abs=10 * median, median_abs=median, std_abs=1.5 * median
    )


def memberships(low: float, medium: float, high: float) -> Memberships:
    """Shares with their largest as the class; alpha and beta of setting 1."""
    shares = {"low": low, "medium": medium, "high": high}
    largest: Any = max(shares, key=lambda name: shares[name])
    return Memberships(**shares, alpha=0.5, beta=1.0, layer_class=largest)


def sensitivity(nats: Mapping[str, float], weights: int) -> tuple[Sensitivity, ...]:
    """By option, the divergence in the clean; three times that in noise."""
    size = {"2 bits": 0.3125, "4 bits": 0.5625, "8 bits": 1.0}
    return tuple(
        Sensitivity(
            option=option,
            weight_bytes=round(weights * size.get(option, 1.0)),
            divergence={"clean": value, "noise-10dB": 3 * value},
        )
        for option, value in nats.items()
    )


def rows_of(shapes: Shapes, fate_of: Callable[[str], Fate | None]) -> tuple[LedgerRow, ...]:
    """A row a tensor; what `fate_of` knows nothing of was left alone."""
    found = []
    for name, (kind, shape) in shapes.items():
        layer = name.removesuffix(".weight").removesuffix(".parametrizations.weight.original1")
        is_weight = layer != name and kind != NORM
        fate = fate_of(layer) if is_weight else None
        left = "a norm, bias or gain" if not is_weight else NOT_CHOSEN.get(kind, "excluded")
        found.append(_row(name, kind, shape, fate or Fate(why=left), is_compressed=bool(fate)))
    return tuple(found)


def _row(
    name: str, kind: str, shape: tuple[int, ...], fate: Fate, *, is_compressed: bool
) -> LedgerRow:
    weights = 1
    for size in shape:
        weights *= size
    counted = 0 if fate.tied_to else weights
    return LedgerRow(
        name=name,
        kind=kind,
        shape_before=shape,
        shape_after=shape,
        qtype=fate.qtype,
        sparsity=fate.sparsity,
        bytes_before=4 * counted,
        bytes_after=round(_BYTES[fate.qtype] * counted),
        is_compressed=is_compressed,
        why=fate.why,
        tied_to=fate.tied_to,
        analysis=fate.analysis,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What a manifest is made of beside its rows."""

    label: str
    steps: tuple[MethodStep, ...]
    selection: Selection = field(default_factory=Selection)
    calibration: CalibrationRecord | None = None
    storage: Any = "dense"
    encodings: Mapping[str, str] = field(default_factory=dict)
    model: str = "facebook/wav2vec2-large-960h"


def manifest_of(rows: tuple[LedgerRow, ...], made: Made) -> ArtefactManifest:
    """A whole manifest; files are 1 % larger than tensors, and zip to nine tenths."""
    ledger = Ledger(rows=rows)
    before, after = ledger.bytes_before, ledger.bytes_after
    quantised = [row.name.removesuffix(".weight") for row in rows if row.qtype.startswith("qint")]
    return ArtefactManifest(
        label=made.label,
        source=SourceRecord(
            model=made.model,
            revision="main",
            sha256="5" * 64,
            dtype="float32",
            sizes=_sizes(before),
            low_mantissa_bits_zero=False,
        ),
        steps=made.steps,
        selection=made.selection,
        storage=made.storage,
        weights_file="asrcompress.safetensors" if quantised else "model.safetensors",
        weights_sha256="7" * 64,
        quantization={name: {"weights": "qint8"} for name in quantised},
        tensors={row.name: "0" * 64 for row in rows},
        encodings=dict(made.encodings),
        sizes=_sizes(after),
        ledger=ledger,
        calibration=made.calibration,
        probe=Probe(samples=16000, seed=0, logits_shape=(1, 49, 32), sha256="0" * 64, head=(0.0,)),
        versions={"asrcompress": "0.2.0", "torch": "2.13.0"},
    )


def _sizes(size_bytes: int) -> Sizes:
    return Sizes(
        memory_bytes=size_bytes,
        disk_bytes=round(1.01 * size_bytes),
        zipped_bytes=round(0.9 * size_bytes),
    )


def _block(layer: str) -> int:
    """The number in a layer's name, 0 where there is none."""
    return next((int(part) for part in layer.split(".") if part.isdecimal()), 0)


def adaptive() -> ArtefactManifest:
    """Three classes on the large layout: q and k low, v and out medium, the rest high."""

    def fate(layer: str) -> Fate | None:
        if layer.endswith(("q_proj", "k_proj")):
            low = (50 + _block(layer)) / 100
            found = bell().model_copy(update={"memberships": memberships(low, 0.8 - low, 0.2)})
            why = f"low has most weights: pruned {100 * low:.0f} %, 8 bits"
            return Fate("qint8", why, low, found)
        if layer.endswith(("v_proj", "out_proj")):
            found = bell(0.03).model_copy(update={"memberships": memberships(0.3, 0.45, 0.25)})
            return Fate("qint4", "class medium: 4 bits", 0.0, found)
        if "feed_forward" in layer or layer.endswith("projection"):
            found = bell(0.01).model_copy(update={"memberships": memberships(0.3, 0.3, 0.4)})
            return Fate("qint8", "class high: 8 bits", 0.02, found)
        return None

    steps = (MethodStep(method="adaptive", params={"adaptive": "three-class", "setting": 1}),)
    made = Made("adaptive3-1", steps, Selection(keep_head=True))
    return manifest_of(rows_of(wav2vec2(), fate), made)


CALIBRATION = CalibrationRecord(
    corpora=(
        CalibrationCorpus(
            name="dev", condition="clean", utterances=32, duration_s=120.0, sha256="a" * 64
        ),
        CalibrationCorpus(
            name="dev", condition="noise-10dB", utterances=32, duration_s=120.0, sha256="b" * 64
        ),
    ),
    budget="8.3 MB",
    budget_bytes=8_300_000,
    predicted={"clean": 0.012, "noise-10dB": 0.034},
    measured={"clean": 0.015, "noise-10dB": 0.041},
    plans_measured=3,
)
BUNDLED = {"blocks": 2, "width": 256, "inner": 512, "channels": 128}


def mixed(shapes: Shapes | None = None) -> ArtefactManifest:
    """Bits by measured sensitivity on the bundled model's layout; deeper blocks are sensitive."""
    shapes = shapes or wav2vec2(**BUNDLED)
    order = ("qint2", "qint4", "qint8", "float16")

    def fate(layer: str) -> Fate | None:
        if shapes[next(n for n in shapes if n.startswith(f"{layer}."))][0] != LINEAR:
            return None
        block = _block(layer)
        weights = shapes[f"{layer}.weight"][1]
        nats = {
            "2 bits": 0.02 * (block + 1),
            "4 bits": 0.001 * (block + 1),
            "8 bits": 0.00001 * (block + 1),
        }
        found = bell(0.02 + 0.001 * block).model_copy(
            update={"sensitivity": sensitivity(nats, weights[0] * weights[1])}
        )
        qtype = "float16" if layer == "lm_head" else order[min(block * 3 // 8, 2)]
        return Fate(qtype, f"least predicted harm at the budget: {qtype}", 0.0, found)

    steps = (MethodStep(method="mixed", params={"target_size": "8.3 MB", "hqq": True}),)
    made = Made("mixed-8.3MB", steps, calibration=CALIBRATION, model="bundled:model")
    return manifest_of(rows_of(shapes, fate), made)


def whisper_int8() -> ArtefactManifest:
    """Linear layers at 8 bits and the embedding at float16; the output layer is tied to it."""
    table = "model.decoder.embed_tokens"

    def fate(layer: str) -> Fate | None:
        if layer == "proj_out":
            return Fate("float16", f"tied to {table}", tied_to=f"{table}.weight")
        if layer == table:
            return Fate("float16", "Embedding: float16")
        return Fate("qint8", "Linear, 8 bits") if ".layers." in layer else None

    steps = (MethodStep(method="quantize", params={"bits": 8, "embedding_bits": 16}),)
    made = Made("int8", steps, Selection(embedding=True, exclude=("model.encoder.conv*",)))
    return manifest_of(rows_of(whisper(), fate), made)


EXPORT = ExportRecord(
    files={"openvino_model.bin": "8" * 64, "openvino_model.xml": "9" * 64},
    inputs=("input_values", "attention_mask"),
    layers={"int8": 74, "int8 weights": 2, "float32": 1},
    calibration=CALIBRATION.corpora,
    max_logit_change=0.1234,
    divergence={"pseudo-speech": 0.00031, "clean": 0.0012, "noise-10dB": 0.0034},
)


def exported(record: ExportRecord = EXPORT) -> ArtefactManifest:
    """The bundled layout's Linear layers at 8 bits as OpenVINO's graph."""
    shapes = wav2vec2(**BUNDLED)

    def fate(layer: str) -> Fate | None:
        kind = next(found for name, (found, _) in shapes.items() if name.startswith(f"{layer}."))
        return Fate("qint8", "Linear, 8 bits in openvino") if kind == LINEAR else None

    steps = (MethodStep(method="quantize", params={"bits": 8}),)
    made = manifest_of(rows_of(shapes, fate), Made("int8-openvino", steps))
    return made.model_copy(
        update={
            "runtime": "openvino",
            "export": record,
            "quantization": {},
            "tensors": {},
            "weights_file": "openvino_model.bin",
            "weights_sha256": record.files["openvino_model.bin"],
        }
    )

"""What is said of an artefact that is a runtime's graph, in words, the same in every format."""

from __future__ import annotations

from asrcompress.core.manifest import ArtefactManifest, CalibrationCorpus, ExportRecord
from asrcompress.report.wording import count_of, divergence, list_names, runtime_words

DEPENDS_ON_PROCESSOR = (
    "how fast a graph is depends on the processor: asrcompress evaluate --speed measures it on the "
    "machine that is to run it"
)
_FORMS = {
    "int8": "with 8-bit weights and activations",
    "int8 weights": "with 8-bit weights alone",
    "int4 weights": "with 4-bit weights alone",
    "float32": "in floats",
}


def runtime_name(manifest: ArtefactManifest) -> str:
    """What computes the artefact: PyTorch, OpenVINO, ONNX Runtime."""
    return runtime_words(manifest.runtime)


def export_facts(manifest: ArtefactManifest) -> dict[str, str]:
    """What of the graph fits a line each, by what it is about; nothing without a graph."""
    record = manifest.export
    if record is None:
        return {}
    return {
        "runtime": f"{runtime_name(manifest)}, {list_names(record.files)}",
        "computed": computed_words(record),
        "activations": activations_words(record),
        "against PyTorch": against_words(record),
    }


def computed_words(record: ExportRecord) -> str:
    """For example: 74 layers with 8-bit weights and activations, 1 layer in floats."""
    rows = record.layers.items()
    found = [f"{count_of(count, 'layer')} {_FORMS.get(form, form)}" for form, count in rows]
    return list_names(found) if found else "no layers"


def activations_words(record: ExportRecord) -> str:
    """How the ranges of activations are known."""
    if record.calibration:
        return f"ranges measured beforehand on {list_names(map(audio_words, record.calibration))}"
    return "no ranges measured beforehand: measured anew each time, or computed in floats"


def against_words(record: ExportRecord) -> str:
    """How near the graph is to the same compressed model in PyTorch."""
    change = f"largest change of a logit {record.max_logit_change:.2g}"
    if not record.divergence:
        return change
    pairs = record.divergence.items()
    found = [f"{divergence(nats)} under {condition}" for condition, nats in pairs]
    return f"{change}; divergence in nats a frame {list_names(found)}"


def audio_words(corpus: CalibrationCorpus) -> str:
    """For example: dev under clean (32 utterances, 120.0 s)."""
    utterances = count_of(corpus.utterances, "utterance")
    return f"{corpus.name} under {corpus.condition} ({utterances}, {corpus.duration_s:.1f} s)"

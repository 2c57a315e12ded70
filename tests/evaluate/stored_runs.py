"""A folder as `audit` writes it, made of texts: two models, two conditions, no audio, no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import ConditionResult, CostTable
from asrcompress.evaluate import (
    ArtefactNote,
    Hypotheses,
    Matrix,
    Statistics,
    errors_of,
    score,
    summarise,
)
from asrcompress.report import write
from tests.evaluate.makers import DECODING

_TEXTS = {
    "a": "Go, LEFT!",
    "b": "colour me\u00fccht",
    "c": "",
    "d": "one two three",
    "e": "yes",
    "f": "\u0939\u093f\u0928\u094d\u0926\u0940 no",
}
_HEARD = {
    ("fp32", "clean"): ("go left", "color meucht", "", "one two three", "yes", "no"),
    ("fp32", "noise-10dB"): ("go left", "collar", "um", "one three", "yes", "no no"),
    ("int8", "clean"): ("go lift", "color me\u00fccht", "", "one two tree", "yes", "know"),
    ("int8", "noise-10dB"): ("so", "collar meucht", "", "one two three", "no", "no"),
}
_COST = Cost(
    device="cpu",
    threads=1,
    batch_size=1,
    audio_s=1.2,
    processing_s=0.1,
    load_s=0.1,
    memory_after_load_bytes=1,
    peak_memory_bytes=2,
)


def stored_run(folder: Path, *, by: tuple[str, ...] = (), baseline: str | None = "fp32") -> Path:
    """Write the folder; one utterance of the corpus has no reference, another no audio."""
    matrix = Matrix(
        title="Two models",
        artefacts={"fp32": ArtefactNote(), "int8": ArtefactNote("int8", ({"bits": 8},), 0.01)},
        conditions=tuple(_condition(name) for name in ("clean", "noise-10dB")),
        evaluations={cell: _evaluation(cell) for cell in _HEARD},
        baseline=baseline,
        notes=("A note of the recipe.",),
    )
    results = summarise(matrix, Statistics(seed=3, margin=0.02, replicates=200, by=by))
    costs = CostTable(costs={"fp32": _COST})
    folder.mkdir()
    write(folder, Findings(results, costs, errors_of(matrix)), matrix.evaluations)
    return folder


def _condition(name: str) -> ConditionResult:
    noise: dict[str, Any] = {"effect": "noise", "snr_db": 10.0}
    return ConditionResult(
        name=name,
        corpus="words",
        corpus_sha256="1" * 64,
        utterances=8,
        audio_s=8.25,
        steps=() if name == "clean" else (noise,),
    )


def _evaluation(cell: tuple[str, str]) -> Evaluation:
    texts: dict[str, str | None] = {**_TEXTS, "g": None, "h": "lost"}
    utterances = tuple(
        Utterance(
            key,
            Path(f"audio/{key}.flac"),
            1.0 + place / 100,
            text,
            speaker=f"s{place % 3}",
            fields={"device": "phone" if place % 2 else "headset", "condition": "new", "x": 0.5},
        )
        for place, (key, text) in enumerate(texts.items())
    )
    hypotheses = Hypotheses(
        model=f"models/{cell[0]}",
        model_sha256="2" * 64,
        corpus="words",
        corpus_sha256="1" * 64,
        decoding=DECODING,
        sizes=Sizes(memory_bytes=4, disk_bytes=5, zipped_bytes=3),
        pred_texts=dict(zip(_TEXTS, _HEARD[cell], strict=True)),
        bad_files={"h": "cannot read"},
    )
    return score(hypotheses, Corpus("words", utterances))

"""Audits of any size without any inference: silent recordings, made-up texts, and a real plan."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asrcompress.audit import AuditRequest, plan_of
from asrcompress.audit.jobs import Cell, ConditionJob
from asrcompress.audit.plan import Plan
from asrcompress.core.cost import Sizes
from asrcompress.core.evaluation import Decoding
from asrcompress.core.files import write_json
from asrcompress.core.seeds import generator_for
from asrcompress.evaluate import Hypotheses
from tests.checkpoints import tiny_checkpoint

RATE_HZ = 16_000
WORDS = tuple(f"w{number}" for number in range(2000))
_TYPES = ("white", "pink", "brown", "babble")
_DECODING = Decoding(recogniser="simulated", device="cpu", threads=1, batch_plan="none")


@dataclass(frozen=True, slots=True)
class Size:
    """How large an audit is: its matrix, and the recordings with their length and words."""

    models: int
    compressions: int
    conditions: int
    utterances: int
    duration_s: float = 10.0
    words: int = 20
    speakers: int = 100


def write_recipe(folder: Path, size: Size) -> Path:
    """A recipe with its models and its corpus; the recordings are sparse files of silence."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = _write_corpus(folder / "corpus", size)
    models = {}
    for number in range(size.models):
        model = tiny_checkpoint(folder / f"model-{number}", "wav2vec2-layer-norm", seed=number)
        models[f"m{number}"] = str(model)
    compressions: dict[str, dict[str, float]] = {"fp32": {}}
    for number in range(1, size.compressions):
        compressions[f"p{number}"] = {"prune": number / (size.compressions + 1)}
    snrs_db, left = divmod(size.conditions - 1, len(_TYPES))
    effects = {f"opus-{n}": [{"effect": "opus", "bitrate_kbps": 8 + 4 * n}] for n in range(left)}
    conditions: dict[str, object] = {"effects": effects}
    if snrs_db:
        conditions["noise"] = {"types": list(_TYPES), "snr_db": [3 * n for n in range(snrs_db)]}
    recipe = {
        "title": "Simulated",
        "models": models,
        "compressions": compressions,
        "corpus": str(corpus),
        "conditions": conditions,
        "evaluate": {"measure_cost": False},
    }
    path = folder / "simulated.yaml"
    path.write_text(json.dumps(recipe, indent=1), encoding="utf-8")  # JSON is YAML
    return path


def plan_in(recipe: Path, output: Path) -> Plan:
    """The plan of the recipe, with its cache in an output folder."""
    return plan_of(AuditRequest(str(recipe), output=output, threads=1))


def write_conditions(plan: Plan) -> None:
    """Every corrupted corpus as corrupt leaves it: its manifest and marker, on the same audio."""
    for job in plan.missing_conditions():
        _write_condition(plan, job)


def write_cells(plan: Plan, cells: Iterable[Cell], *, wrong: float = 0.1) -> int:
    """The hypotheses of cells, so many of their words wrong; gives how many were written."""
    written = 0
    for cell in cells:
        generator = generator_for(0, cell.artefact.name, cell.condition.condition.name)
        hypotheses = Hypotheses(
            model=cell.artefact.name,
            model_sha256=cell.artefact.key,
            corpus=plan.corpus.name,
            corpus_sha256=plan.corpus_sha256,
            decoding=_DECODING,
            sizes=Sizes(memory_bytes=4, disk_bytes=5),
            pred_texts={
                utterance.id: _misheard(utterance.text or "", wrong, generator)
                for utterance in plan.corpus.utterances
            },
        )
        write_json(plan.cache.cell(cell.key), hypotheses.model_dump(mode="json"))
        written += 1
    return written


def _write_corpus(folder: Path, size: Size) -> Path:
    folder.mkdir()
    (folder / "audio").mkdir()
    generator = np.random.default_rng(0)
    rows = []
    for number in range(size.utterances):
        name = f"audio/u{number:06d}.wav"
        _write_silence(folder / name, round(size.duration_s * RATE_HZ), number)
        rows.append(
            {
                "audio_filepath": name,
                "text": " ".join(generator.choice(WORDS, size=size.words)),
                "duration": size.duration_s,
                "speaker": f"s{number % size.speakers}",
            }
        )
    _write_lines(folder / "manifest.jsonl", rows)
    return folder


def _write_silence(path: Path, samples: int, first: int) -> None:
    """A 16-bit WAV of silence after its first samples, that takes one block of the disk."""
    data_bytes = 2 * samples
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVE" + fmt
    with path.open("wb") as stream:
        stream.write(head + b"data" + struct.pack("<II", data_bytes, first))
        stream.truncate(44 + data_bytes)
    os.utime(path, (1_000_000_000, 1_000_000_000))


def _write_condition(plan: Plan, job: ConditionJob) -> None:
    folder = plan.cache.corpus(job.key)
    rows = [
        {
            "audio_filepath": str(utterance.path),
            "text": utterance.text,
            "duration": utterance.duration_s,
            "speaker": utterance.speaker,
            "id": utterance.id,
            "source_filepath": utterance.path.name,
        }
        for utterance in plan.corpus.utterances
    ]
    (folder / job.condition.name).mkdir(parents=True)
    _write_lines(folder / job.condition.name / "manifest.jsonl", rows)
    write_json(folder / "corpus.json", {"conditions": [{"bad_files": []}]})


def _write_lines(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _misheard(text: str, wrong: float, generator: np.random.Generator) -> str:
    """The text with some words replaced, dropped or doubled."""
    heard: list[str] = []
    for word, draw in zip(text.split(), generator.random(text.count(" ") + 1), strict=True):
        if draw < wrong / 2:
            heard.append(WORDS[int(draw * 1e6) % len(WORDS)])
        elif draw < 3 * wrong / 4:
            continue
        else:
            heard += [word, word] if draw < wrong else [word]
    return " ".join(heard)

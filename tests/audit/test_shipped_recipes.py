"""The shipped recipes of the compression methods, run from end to end on tiny stand-ins."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import transformers

from asrcompress.audit import AuditOutcome, AuditRequest, run
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.findings import Findings
from asrcompress.report import render
from asrcompress.report.published import published_rows
from tests.checkpoints import config_of_tiny, tiny_checkpoint, write_processor
from tests.corpora import tiny_corpus

MODELS = ("wav2vec2", "hubert", "wavlm")
PARTS = ("test-clean", "test-other", "dev-clean", "dev-other")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny model of each of the three architectures."""
    folder = tmp_path_factory.mktemp("models")
    return {name: tiny_checkpoint(folder / name, name) for name in MODELS}


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny wav2vec 2.0 with the large one's 24 layers, and its feed-forward's width."""
    folder = tmp_path_factory.mktemp("deep") / "deep"
    config = config_of_tiny("wav2vec2-layer-norm")
    config.num_hidden_layers, config.intermediate_size = 24, 4096
    with quiet_transformers(), torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    write_processor(folder)
    return folder


def _librispeech(folder: Path) -> Path:
    """Four parts of one speaker and two utterances each, in LibriSpeech's tree."""
    for number, part in enumerate(PARTS):
        made = tiny_corpus(folder / "made", speakers=1, seed=number)
        chapter = folder / "LibriSpeech" / part / f"{number}" / "7"
        chapter.mkdir(parents=True)
        lines = []
        for index in (0, 1):
            name = f"{number}-7-000{index}"
            samples, rate_hz = soundfile.read(made / f"s0-{index}.wav")
            soundfile.write(chapter / f"{name}.flac", samples, rate_hz)
            lines.append(f"{name} YES NO UP\n")
        (chapter / f"{number}-7.trans.txt").write_text("".join(lines), encoding="utf-8")
        shutil.rmtree(folder / "made")
    return folder / "LibriSpeech"


def _data(folder: Path) -> Path:
    """The layout that `mixed` and `methods` expect: to score, to calibrate on, and noises."""
    tiny_corpus(folder / "connected" / "en10-test")
    tiny_corpus(folder / "unlabelled", seed=1)
    (folder / "noise" / "hum").mkdir(parents=True)
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(32_000) / 16_000)
    soundfile.write(folder / "noise" / "hum" / "hum.wav", hum, 16_000)
    return folder


def _audit(name: str, output: Path, **settings: object) -> AuditOutcome:
    given = tuple(f"{key}={value}" for key, value in settings.items())
    return run(AuditRequest(name, given, output=output, workers=1))


@pytest.mark.slow
def test_oujabour(models: dict[str, Path], tmp_path: Path) -> None:
    """Nine systems of three models; the six tables with their rows, and every published rate."""
    speech = _librispeech(tmp_path)
    outcome = _audit("oujabour2025", tmp_path / "out", speech=speech, **models)
    results = outcome.results
    assert len(results.artefacts) == 27
    text = render(Findings(results, outcome.costs), "markdown")
    for number in ("I", "II", "III", "IV", "V", "VI"):
        assert f"**Table {number}: " in text
    assert "| model | data | fp32 | int8 | int4 | int2 |" in text
    assert "| model | WER % | zipped MB | %L | %M | %H | %Pr |" in text
    assert "|  | wav2vec2 | hubert | wavlm |" in text
    second = text.partition("**Table II: ")[2].partition("**Table III: ")[0]
    lines = [line.split(" | ") for line in second.splitlines() if line.startswith("| ")]
    assert [cells[1] for cells in lines[2:]] == list(PARTS) * 3
    rows = published_rows(results)
    assert len(rows) == 54
    assert all(row.measured is not None for row in rows)


@pytest.mark.slow
def test_mixed(models: dict[str, Path], tmp_path: Path) -> None:
    """Each mixed model's file is no larger than the one it is compared with."""
    data = _data(tmp_path / "data")
    outcome = _audit("mixed", tmp_path / "out", data=data, model=models["wav2vec2"])
    jobs = {job.compression: job for job in outcome.plan.artefacts}
    pairs = [(job, job.same_size_as) for job in jobs.values() if job.same_size_as]
    assert len(pairs) == 6
    for job, other in pairs:
        folders = (outcome.plan.cache.artefact(one.key) for one in (job, other))
        mine, theirs = ((folder / "asrcompress.safetensors").stat().st_size for folder in folders)
        assert mine <= theirs
    text = render(Findings(outcome.results, outcome.costs), "table")
    assert "Error rates and sizes" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_methods(models: dict[str, Path], tmp_path: Path) -> None:
    """Eighteen forms of three models under two conditions, in three tables."""
    outcome = _audit("methods", tmp_path / "out", data=_data(tmp_path / "data"), **models)
    assert len(outcome.results.cells) == 3 * 18 * 2
    text = render(Findings(outcome.results, outcome.costs), "html")
    for title in ("Uniform bits and pruning", "Fuzzy rules", "Mixed bits"):
        assert f"<span>{title}" in text


def _speech_and_train(folder: Path) -> dict[str, Path]:
    """LibriSpeech's test-clean to score, and a folder of its other parts to train on."""
    speech = _librispeech(folder)
    train = folder / "train"
    train.mkdir()
    for part in PARTS[1:]:
        (speech / part).rename(train / part)
    return {"speech": speech / PARTS[0], "train": train}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "model", "forms"), [("wang2023", "wavlm", 5), ("shrinking-bigfoot", "wav2vec2", 5)]
)
def test_papers_that_train(
    models: dict[str, Path],
    deep: Path,
    tmp_path: Path,
    name: str,
    model: str,
    forms: int,
) -> None:
    """Two steps of each training; every form is scored in the clean and in noise."""
    data = _speech_and_train(tmp_path)
    outcome = _audit(
        name,
        tmp_path / "out",
        **data,
        model=models[model] if name == "wang2023" else deep,
        steps=2,
        batch_seconds=1,
        precision="fp32",
        measure_cost="false",
    )
    assert len(outcome.results.cells) == forms * 2
    assert any(note.startswith("Trained on 6 utterances") for note in outcome.results.notes)
    rows = {row.name: row for row in outcome.results.artefacts}
    fewer = [row for row in rows.values() if row.parameters != rows["fp32"].parameters]
    assert len(fewer) == (4 if name == "wang2023" else 3)


@pytest.mark.slow
def test_structured_small(models: dict[str, Path], tmp_path: Path) -> None:
    """Eight forms of three models; the quantised one is made of the pruned one."""
    data = _data(tmp_path / "data")
    outcome = _audit(
        "structured-small",
        tmp_path / "out",
        data=data,
        train=data / "unlabelled",
        sparsity=0.5,
        steps=2,
        finetune_steps=1,
        student_steps=2,
        batch_seconds=1,
        layers=1,
        measure_cost="false",
        **models,
    )
    assert len(outcome.results.cells) == 3 * 8 * 2
    text = render(Findings(outcome.results, outcome.costs), "table")
    assert "Structured pruning, what it is made of" in text

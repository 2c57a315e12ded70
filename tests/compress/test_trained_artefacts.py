"""What was learned as an artefact: whole, told against its original, and open to more."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.compress.entries import entries_of
from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import LoadedModel, agrees, load, probe, quiet_transformers
from asrcompress.core.checkpoint.probe import pseudo_speech
from asrcompress.core.errors import IntegrityError, ModelError
from asrcompress.core.manifest import MANIFEST_NAME, read_manifest
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import noise_corpus

_QUICK = {"steps": 4, "batch_seconds": 1.0, "augment": "none", "learning_rate": 1e-3}
_STRUCTURED = {"method": "structured", "sparsity": 0.5, "finetune_steps": 2, **_QUICK}
_DISTILLED = {"method": "distill", "layers": 1, **_QUICK}
_WAYS: dict[str, dict[str, Any]] = {
    "structured": _STRUCTURED,
    "structured, 8 bits": {**_STRUCTURED, "bits": 8},
    "structured, 4 bits": {**_STRUCTURED, "bits": 4},
    "structured, pruned": {**_STRUCTURED, "prune": 0.3},
    "distilled": _DISTILLED,
    "distilled, 8 bits": {**_DISTILLED, "bits": 8},
}


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> TrainingAudio:
    return noise_corpus(tmp_path_factory.mktemp("noise"), [0.5] * 20)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def made(
    source: Path, audio: TrainingAudio, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Artefact]:
    """An artefact of every way."""
    folder = tmp_path_factory.mktemp("made")
    return {
        way: _compress(source, folder / f"{number}", options, audio)
        for number, (way, options) in enumerate(_WAYS.items())
    }


def _compress(
    source: Path, target: Path, options: dict[str, Any], audio: TrainingAudio | None = None
) -> Artefact:
    request = CompressRequest(
        model=str(source),
        options=read_options(options),
        output=target,
        training=audio,
        measure_zip=False,
    )
    return run(request)


def _logits(loaded: LoadedModel | Any) -> torch.Tensor:
    model = getattr(loaded, "model", loaded)
    with torch.no_grad(), quiet_transformers():
        logits: torch.Tensor = model(torch.from_numpy(pseudo_speech(16_000))[None]).logits
    return logits


@pytest.mark.parametrize("way", _WAYS)
def test_reloads(made: dict[str, Artefact], way: str) -> None:
    """The logits of a reload are those that the manifest keeps, and its files are all there is."""
    artefact = made[way]
    loaded = load(artefact.folder)
    assert loaded.checkpoint.manifest == artefact.manifest
    assert artefact.manifest.probe is not None
    assert agrees(probe(loaded), artefact.manifest.probe)
    assert bool(torch.isfinite(_logits(loaded)).all())
    assert not artefact.folder.with_name(f"{artefact.folder.name}.training").exists()


@pytest.mark.parametrize("way", _WAYS)
def test_what_the_manifest_says(made: dict[str, Artefact], way: str) -> None:
    """How it was trained, and, where no configuration can say it, which shape it has."""
    manifest = made[way].manifest
    training = manifest.training
    assert training is not None
    assert training.method == str(_WAYS[way]["method"])
    assert training.steps_done == (6 if training.method == "structured" else 4)
    assert training.block_parameters[1] <= 0.51 * training.block_parameters[0]
    assert (manifest.structure is not None) == (training.method == "structured")
    assert manifest.steps[0].method == training.method


@pytest.mark.parametrize("way", _WAYS)
def test_the_ledger_is_the_originals(made: dict[str, Artefact], source: Path, way: str) -> None:
    """Every tensor of the original has its row, under its name, and the rows sum to the sizes."""
    manifest = made[way].manifest
    original = entries_of(load(source).model)
    rows = manifest.ledger.rows
    assert [row.name for row in rows] == [entry.key for entry in original]
    assert [row.shape_before for row in rows] == [entry.shape for entry in original]
    assert sum(row.bytes_before for row in rows) == manifest.source.sizes.memory_bytes
    assert sum(row.bytes_after for row in rows) == manifest.sizes.memory_bytes
    assert manifest.source.sizes.memory_bytes == sum(entry.memory_bytes for entry in original)
    for row in rows:
        is_removed = row.qtype == "removed"
        assert is_removed == (row.bytes_after == 0 and row.bytes_before > 0)
        is_frozen = ".feature_extractor." in row.name or row.name.endswith("masked_spec_embed")
        what = "removed" if is_removed else "as it was" if is_frozen else "learned"
        assert what in row.why


def test_rows_of_removed_layers(made: dict[str, Artefact]) -> None:
    """Of a student of one layer of two all 16 tensors of the first are gone, and no others."""
    rows = made["distilled"].manifest.ledger.rows
    removed = [row.name for row in rows if row.qtype == "removed"]
    assert len(removed) == 16
    assert all(".layers.0." in name for name in removed)


def test_quantised_after_learning(made: dict[str, Artefact]) -> None:
    """The bits asked for are those of the smaller model's Linear layers."""
    for way, qtype in (
        ("structured, 8 bits", "qint8"),
        ("structured, 4 bits", "qint4"),
        ("distilled, 8 bits", "qint8"),
    ):
        rows = {row.name: row for row in made[way].manifest.ledger.rows}
        assert rows["lm_head.weight"].qtype == qtype
        assert qtype in {row.qtype for name, row in rows.items() if ".layers.1." in name}


def test_pruned_after_learning(made: dict[str, Artefact]) -> None:
    """30 % of the smaller model's weights are zeros, the smallest of all layers together."""
    rows = [
        row
        for row in made["structured, pruned"].manifest.ledger.rows
        if row.kind == "Linear" and len(row.shape_after) == 2
    ]
    weights = [math.prod(row.shape_after) for row in rows]
    zeros = sum(row.sparsity * count for row, count in zip(rows, weights, strict=True))
    assert zeros / sum(weights) == pytest.approx(0.3, abs=0.06)


def test_compressed_again(made: dict[str, Artefact], tmp_path: Path) -> None:
    """8 bits of a structured artefact's folder: as 8 bits asked for with it, history included."""
    again = _compress(made["structured"].folder, tmp_path / "again", {"bits": 8})
    together = made["structured, 8 bits"]
    assert again.manifest.structure == together.manifest.structure
    assert again.manifest.training == made["structured"].manifest.training
    assert torch.equal(_logits(load(again.folder)), _logits(load(together.folder)))
    assert again.manifest.sizes.memory_bytes == together.manifest.sizes.memory_bytes


def test_an_ordinary_checkpoint(made: dict[str, Artefact]) -> None:
    """A distilled artefact loads with transformers alone and says the same."""
    folder = made["distilled"].folder
    with quiet_transformers():
        plain = transformers.AutoModelForCTC.from_pretrained(folder).eval()
    assert plain.config.num_hidden_layers == 1
    assert torch.equal(_logits(plain), _logits(load(folder)))


def test_no_silent_random_weights(made: dict[str, Artefact]) -> None:
    """transformers alone refuses a structured artefact: its shapes are not the configuration's."""
    with quiet_transformers(), pytest.raises((RuntimeError, OSError)):
        transformers.AutoModelForCTC.from_pretrained(made["structured"].folder)


def test_structured_again(made: dict[str, Artefact], audio: TrainingAudio, tmp_path: Path) -> None:
    """Pruning what was pruned is refused in words before any work, and leaves nothing behind."""
    target = tmp_path / "there" / "again"
    with pytest.raises(ModelError, match="pruned before"):
        _compress(made["structured"].folder, target, _STRUCTURED, audio)
    assert list(target.parent.iterdir()) == []


def test_an_edited_structure(made: dict[str, Artefact], tmp_path: Path) -> None:
    """A manifest whose widths were changed is not compressed on."""
    folder = tmp_path / "edited"
    shutil.copytree(made["structured"].folder, folder)
    content = json.loads((folder / MANIFEST_NAME).read_text())
    content["structure"]["blocks"][0]["feed_forward"] += 1
    (folder / MANIFEST_NAME).write_text(json.dumps(content))
    assert read_manifest(folder) is not None
    with pytest.raises(IntegrityError):
        _compress(folder, tmp_path / "there" / "again", {"bits": 8})
    assert not (tmp_path / "there" / "again").exists()

"""An audit whose artefacts run where they will ship."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asrcompress.audit import AuditRequest, plan_of, run
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.manifest import read_manifest
from asrcompress.core.results import read_results
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

pytest.importorskip("openvino")
pytest.importorskip("nncf")
_RECIPE = """\
title: Runtimes
models:
  tiny: {model}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
  floats: {{runtime: openvino}}
  shipped: {{runtime: openvino, from: int8}}
  weights: {{runtime: openvino, from: int8, weights_only: true}}
corpus: {corpus}
calibration:
  corpus: {unlabelled}
  duration_s: 1.5
  snr_db: [5]
evaluate:
  measure_cost: false
  replicates: 200
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtimes")
    path = folder / "tiny.yaml"
    text = _RECIPE.format(
        model=tiny_checkpoint(folder / "model", "wav2vec2-layer-norm"),
        corpus=tiny_corpus(folder / "corpus"),
        unlabelled=tiny_corpus(folder / "unlabelled", seed=7),
    )
    path.write_text(text, encoding="utf-8")
    return path


def test_each_artefact_is_scored_in_its_runtime(recipe: Path, tmp_path: Path) -> None:
    """None of them is the original in disguise, and each was calibrated as it says."""
    output = tmp_path / "audit"
    outcome = run(AuditRequest(str(recipe), output=output, workers=1))
    assert outcome.cells_run == 5
    results, _ = read_results(output)
    by_name = {row.compression: row for row in results.artefacts}
    assert {name: row.decoding.recogniser for name, row in by_name.items()} == {
        "fp32": "torch_ctc",
        "int8": "torch_ctc",
        "floats": "openvino_ctc",
        "shipped": "openvino_ctc",
        "weights": "openvino_ctc",
    }
    assert len({row.sha256 for row in by_name.values()}) == 5
    assert [len(row.methods) for row in by_name.values()] == [0, 1, 0, 1, 1]
    plan = plan_of(AuditRequest(str(recipe), output=output))
    manifests = {
        job.compression: read_manifest(plan.cache.artefact(job.key)) for job in plan.artefacts
    }
    heard = {
        name: [one.condition for one in manifest.export.calibration]
        for name, manifest in manifests.items()
        if manifest is not None and manifest.export is not None
    }
    assert heard == {"floats": [], "shipped": ["clean", "noise-5dB"], "weights": []}


def test_a_runtime_is_another_artefact(recipe: Path, tmp_path: Path) -> None:
    """Its key is not the original's, nor that of the same one with other calibration audio."""
    keys = {job.compression: job.key for job in plan_of(AuditRequest(str(recipe))).artefacts}
    assert len(set(keys.values())) == len(keys)
    changed = tmp_path / "changed.yaml"
    text = recipe.read_text(encoding="utf-8").replace("duration_s: 1.5", "duration_s: 0.8")
    changed.write_text(text, encoding="utf-8")
    now = {job.compression: job.key for job in plan_of(AuditRequest(str(changed))).artefacts}
    assert {name for name in keys if keys[name] != now[name]} == {"floats", "shipped"}


def test_options_of_pytorch_are_refused(recipe: Path) -> None:
    """Before anything is compressed."""
    with pytest.raises(InputError, match="dtype and compile are PyTorch's"):
        plan_of(AuditRequest(str(recipe), dtype="bfloat16"))


def test_a_missing_runtime_is_told_at_once(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At planning, with the command that installs it."""
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ModelError, match=r"pip install 'asrcompress\[openvino\]'"):
        plan_of(AuditRequest(str(recipe)))

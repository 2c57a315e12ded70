"""Speed in an audit: asked for in the recipe, measured once for all artefacts, kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit import AuditRequest, plan_of, run
from asrcompress.audit.speed import options_of_recipe, speed_of
from asrcompress.core.cost import Sizes
from asrcompress.core.progress import Progress
from asrcompress.core.speed import Latency, Speed, SpeedTable, Throughput, read_speed
from asrcompress.evaluate import SpeedJob, SpeedOptions
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

RECIPE = """\
title: Tiny
models:
  tiny: {model}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
corpus: {corpus}
evaluate:
  replicates: 200
  speed: {speed}
"""


def _recipe(folder: Path, speed: str) -> Path:
    model = tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    corpus = tiny_corpus(folder / "corpus", speakers=2, each=1)
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.format(model=model, corpus=corpus, speed=speed), encoding="utf-8")
    return path


class _Measured:
    """Stands for the processes; notes what it was asked."""

    def __init__(self) -> None:
        self.jobs: list[tuple[SpeedJob, SpeedOptions]] = []

    def __call__(self, job: SpeedJob, options: SpeedOptions, _: Progress) -> SpeedTable:
        self.jobs.append((job, options))
        speeds = {name: _speed(rtfx) for rtfx, name in enumerate(job.checkpoints, start=20)}
        return SpeedTable(
            machine="x", rounds=options.rounds, baseline=job.baseline, speeds=speeds, notes=("n",)
        )


def _speed(rtfx: float) -> Speed:
    return Speed(
        runtime="torch_ctc",
        device="cpu",
        threads=1,
        precision="float32",
        load_s=1,
        memory_after_load_bytes=1,
        peak_memory_bytes=2,
        sizes=Sizes(),
        latencies=(Latency(audio_s=3, runs=1, p50_ms=1, p95_ms=1),),
        throughputs=(Throughput(batch_size=8, audio_s=80, rtfx=rtfx),),
    )


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> _Measured:
    stand_in = _Measured()
    monkeypatch.setattr(sys.modules["asrcompress.evaluate"], "measure_speed", stand_in)
    return stand_in


def test_all_artefacts_in_one_run_once(tmp_path: Path, measured: _Measured) -> None:
    """Written beside the results, costs from the same figures, and not measured again."""
    recipe = _recipe(tmp_path, "{lengths_s: [3, 5], rounds: 2, energy: true}")
    output = tmp_path / "out"
    request = AuditRequest(str(recipe), output=output, threads=1, workers=1, jobs=0)
    outcome = run(request)
    ((job, options),) = measured.jobs
    assert list(job.checkpoints) == ["fp32", "int8"]
    assert (job.baseline, job.how.threads, job.batch_size) == ("fp32", 1, 8)
    assert options == SpeedOptions(lengths_s=(3, 5), rounds=2, energy=True)
    assert outcome.findings.speed == read_speed(output)
    assert outcome.findings.speed is not None
    assert outcome.findings.speed.notes == ("n",)
    assert [cost.rtfx for cost in outcome.costs.costs.values()] == [20, 21]
    assert run(request).findings.speed == outcome.findings.speed
    assert len(measured.jobs) == 1


def test_what_the_figures_depend_on_is_measured_anew(tmp_path: Path, measured: _Measured) -> None:
    """Another number of threads, another artefact beside."""
    recipe = _recipe(tmp_path, "true")
    output = tmp_path / "out"
    run(AuditRequest(str(recipe), output=output, threads=1, workers=1, jobs=0))
    again = plan_of(AuditRequest(str(recipe), output=output, threads=1))
    assert speed_of(again) is not None
    assert speed_of(plan_of(AuditRequest(str(recipe), output=output, threads=2))) is None
    recipe.write_text(recipe.read_text().replace("int8: {bits: 8}", "int4: {bits: 4}"))
    assert speed_of(plan_of(AuditRequest(str(recipe), output=output, threads=1))) is None


def test_speeds_of_a_changed_recipe_are_removed(tmp_path: Path, measured: _Measured) -> None:
    """What is in the folder was made by the recipe in it."""
    recipe = _recipe(tmp_path, "true")
    output = tmp_path / "out"
    run(AuditRequest(str(recipe), output=output, threads=1, workers=1, jobs=0))
    text = recipe.read_text().replace("speed: true", "speed: false\n  measure_cost: false")
    recipe.write_text(text)
    outcome = run(AuditRequest(str(recipe), output=output, threads=1, workers=1, jobs=0))
    assert outcome.findings.speed is None
    assert read_speed(output) is None
    assert len(measured.jobs) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false", None),
        ("true", {}),
        ("{rounds: 3}", {"rounds": 3}),
        ("{lengths_s: [2.5]}", {"lengths_s": (2.5,)}),
    ],
)
def test_forms_in_a_recipe(tmp_path: Path, text: str, expected: Mapping[str, Any] | None) -> None:
    """Without details they are those of the command line."""
    plan = plan_of(AuditRequest(str(_recipe(tmp_path, text)), output=tmp_path / "out"))
    found = options_of_recipe(plan.recipe)
    assert found == (None if expected is None else SpeedOptions(**expected))

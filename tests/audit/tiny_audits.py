"""A recipe of a tiny model on a tiny corpus, for tests of how an audit is run."""

from __future__ import annotations

from pathlib import Path

from asrcompress.audit import AuditRequest
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

CELLS = 6
TASKS = 2 + 1 + CELLS  # artefacts, corpora, cells
_RECIPE = """\
title: Tiny
models:
  tiny: {model}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
  prune50: {{prune: 0.5}}
corpus: {corpus}
conditions:
  noise: {{snr_db: [10]}}
evaluate:
  measure_cost: false
  replicates: 100
"""


def tiny_recipe(folder: Path, text: str = _RECIPE) -> Path:
    """The file of a recipe, its model and corpus beside it; 3 artefacts x 2 conditions."""
    model = tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    corpus = tiny_corpus(folder / "corpus")
    path = folder / "tiny.yaml"
    path.write_text(text.format(model=model, corpus=corpus), encoding="utf-8")
    return path


def asked(recipe: Path, output: Path, **options: object) -> AuditRequest:
    """To audit it with one thread, in this process if the options do not say otherwise."""
    return AuditRequest(
        str(recipe), output=output, **{"threads": 1, "workers": 1, "jobs": 0, **options}
    )

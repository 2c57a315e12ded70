"""Several budgets of one model: single layers are measured once, and the plans are the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from asrcompress.compress import CompressRequest, Scans, read_options, run
from asrcompress.core.artefact import Artefact
from tests.checkpoints import tiny_checkpoint
from tests.compress.benches import noise_audio


def _mixed(
    folder: Path, ratio: float, scans: Scans, *, seed: int = 0
) -> tuple[Artefact, Counter[str]]:
    """An artefact, and how often each stage was told of."""
    told: Counter[str] = Counter()
    made = run(
        CompressRequest(
            str(folder / "model"),
            read_options({"mixed": True, "target_ratio": ratio, "search_rounds": 0}),
            output=folder / "made",
            audio=tuple(noise_audio(folder)),
            scans=scans,
            seed=seed,
            overwrite=True,
            measure_zip=False,
        ),
        lambda what, *_: told.update([what]),
    )
    return made, told


def test_the_second_budget_measures_no_layer_again(tmp_path: Path) -> None:
    """And comes to what it would have come to alone."""
    tiny_checkpoint(tmp_path / "model")
    scans = Scans()
    _, first = _mixed(tmp_path, 0.36, scans)
    shared, second = _mixed(tmp_path, 0.34, scans)
    alone, _ = _mixed(tmp_path, 0.34, Scans())
    assert first["layers alone"] > 0
    assert second["layers alone"] == 0
    assert shared.manifest.weights_sha256 == alone.manifest.weights_sha256
    assert shared.manifest.ledger == alone.manifest.ledger


def test_another_seed_is_another_measurement(tmp_path: Path) -> None:
    """What is kept is kept by all that it depends on."""
    tiny_checkpoint(tmp_path / "model")
    scans = Scans()
    _mixed(tmp_path, 0.5, scans)
    _, told = _mixed(tmp_path, 0.5, scans, seed=1)
    assert told["layers alone"] > 0

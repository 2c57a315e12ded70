"""PyTorch's own options on a CPU, side by side, in turns, in one run.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_torch_options.py

WavLM-base and wav2vec2-base layouts with random weights, opened as `evaluate` opens them, two
threads: float32, bfloat16 autocast, torch.compile, both, and 8-bit weights in PyTorch. Ratios are
to float32 with transformers' own convolutions, `stock`; what to compare is the least of all
rounds. `opening` is the time until the first batch, compiling among it. `disturbed` is the stock
model's median round over its best: well above 1, others had the machine, and ratios are rough.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from asrcompress.api import compress
from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import load, quiet_transformers
from asrcompress.core.errors import InputError
from asrcompress.evaluate import RecogniserOptions, open_recogniser
from asrcompress.evaluate.recognisers.torch_ctc import TorchCtc
from asrcompress.evaluate.torch_options import casts_kept
from tests.checkpoints import TOKENS, write_processor

pytestmark = pytest.mark.benchmark

THREADS = 2
ROUNDS = {(1, 3): 8, (1, 10): 6, (4, 10): 3}  # by batch size and seconds of a recording
LAYOUTS = {
    "WavLM-base": (transformers.WavLMForCTC, transformers.WavLMConfig),
    "wav2vec2-base": (transformers.Wav2Vec2ForCTC, transformers.Wav2Vec2Config),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "float32": {},
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "compile": {"compile": True},
    "bfloat16, compile": {"dtype": "bfloat16", "compile": True},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_speed(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ratios are printed; asserted is only that each hears what the stock model does, rounded."""
    folder = _written(tmp_path / "m", layout)
    int8 = compress(folder, tmp_path / "int8", bits=8, measure_zip=False).folder
    recognisers, opening_s = _opened(folder, int8)
    with capsys.disabled(), _threads(THREADS):
        _print(
            f"\n{layout}: " + ", ".join(f"{k} opened in {s:.0f} s" for k, s in opening_s.items())
        )
        for (batch, seconds), rounds in ROUNDS.items():
            audio = _noise(batch, seconds)
            _print_table(f"batch {batch}, {seconds} s", _measure(recognisers, audio, rounds))
    expected = recognisers["stock"]._logits(_noise(1, 3))[0]
    for name, recogniser in recognisers.items():
        change = float((recogniser._logits(_noise(1, 3))[0] - expected).abs().max())
        allowed = 1e-3 if recogniser.dtype == "float32" and "8-bit" not in name else 0.1
        assert change < allowed * float(expected.abs().max()), name


def _written(folder: Path, layout: str) -> Path:
    model, config = LAYOUTS[layout]
    torch.manual_seed(0)
    with quiet_transformers():
        model(config(vocab_size=len(TOKENS))).eval().save_pretrained(folder)
    write_processor(folder)
    return folder


def _opened(folder: Path, int8: Path) -> tuple[dict[str, TorchCtc], dict[str, float]]:
    """What can be opened here, and how long it took."""
    recognisers = {"stock": TorchCtc(load(folder), "cpu", THREADS)}
    opening_s = {}
    for name, (place, options) in {
        **{name: (folder, options) for name, options in OPTIONS.items()},
        "8-bit weights": (int8, {}),
        "8-bit weights, compile": (int8, {"compile": True}),
    }.items():
        start = time.perf_counter()
        try:
            opened = open_recogniser(place, RecogniserOptions(threads=THREADS, **options))
        except InputError as error:
            _print(f"{name}: {error}")
            continue
        assert isinstance(opened, TorchCtc)
        recognisers[name] = opened
        opening_s[name] = time.perf_counter() - start
    return recognisers, opening_s


def _noise(batch: int, seconds: int) -> list[Samples]:
    generator = np.random.default_rng(0)
    return [
        (0.1 * generator.standard_normal(seconds * 16_000)).astype(np.float32) for _ in range(batch)
    ]


def _measure(
    recognisers: dict[str, TorchCtc], audio: list[Samples], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each round; each model runs once more before, unmeasured."""
    found: dict[str, list[float]] = {name: [] for name in recognisers}
    with ExitStack() as kept:
        kept.enter_context(casts_kept("cpu", "bfloat16"))
        for recogniser in recognisers.values():
            recogniser.transcribe(audio)
        for _ in range(rounds):
            for name, recogniser in recognisers.items():
                start = time.perf_counter()
                recogniser.transcribe(audio)
                found[name].append(time.perf_counter() - start)
    return found


@contextmanager
def _threads(count: int) -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _print_table(title: str, rounds: dict[str, list[float]]) -> None:
    stock = min(rounds["stock"])
    disturbed = statistics.median(rounds["stock"]) / stock
    _print(
        f"{title}: {THREADS} threads, {len(rounds['stock'])} rounds; disturbed {disturbed:.2f}x, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for name, seconds in rounds.items():
        _print(f"  {name:24} {min(seconds) * 1e3:7.0f} ms {stock / min(seconds):6.2f}x")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

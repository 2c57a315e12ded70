"""Physically smaller models beside the dense one on a CPU, in turns, in one run.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_slim_speed.py

WavLM-base and wav2vec2-large layouts with random weights, two threads, ten seconds of noise. Two
structures of the same parameter count, 72 % fewer (Wang et al., 2023, table 2): concentrated, as
the straight-through estimator leaves them (attention and feed-forward whole in few blocks, gone in
most), and spread (a thin share of every block, heads of many widths). The student has five of 24
layers, 4.8 times fewer parameters. Each runs with transformers' convolutions and with the fast
ones, the dense model too; ratios are to the dense model with transformers' ones.

What to compare is the least of all rounds. `disturbed` is the dense model's median round over its
best, and `cores` the processor time over the clock's time of the best round: below 2, others had
the rest.
"""

from __future__ import annotations

import copy
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import transformers

from asrcompress.core.checkpoint.slim.front_end import use_fast_front_end
from asrcompress.core.checkpoint.slim.reshape import reshape
from asrcompress.core.structure import BlockStructure, Structure

pytestmark = pytest.mark.benchmark

THREADS = 2
DURATION_S = 10
ROUNDS = {1: 5, 8: 2}  # by batch size
FEWER = 0.72  # Wang et al. (2023), table 2: 94.70 M to 26.57 M
STUDENT = {"num_hidden_layers": 5, "intermediate_size": 3072}  # 65.6 M of 315.5 M: 4.8 times
LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
    "conv_bias": True,
}
_HEAD_DIM = 64


@dataclass(frozen=True)
class Round:
    """Seconds on the clock, of them in the front end, and of all cores."""

    wall_s: float
    front_s: float
    cpu_s: float


@pytest.mark.parametrize("batch", ROUNDS)
@pytest.mark.parametrize("layout", ["WavLM-base", "wav2vec2-large"])
@torch.no_grad()
def test_speed(layout: str, batch: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Ratios are printed; asserted is only that a fast front end hears what the stock one does."""
    models = _models(layout)
    audio = torch.randn(batch, DURATION_S * 16_000, generator=torch.Generator().manual_seed(0))
    with _threads(THREADS):
        rounds = _measure(models, audio, ROUNDS[batch])
    with capsys.disabled():
        _print_table(f"{layout}, batch {batch}", models, rounds)
    for name in models:
        if not name.endswith(", fast"):
            stock, fast = (models[key](audio[:1]).logits for key in (name, f"{name}, fast"))
            assert (fast - stock).abs().max() < 1e-3 * stock.abs().max(), name


def _models(layout: str) -> dict[str, Any]:
    torch.manual_seed(0)
    dense = _dense(layout)
    models = {"dense": dense}
    for name, structure in _structures(dense).items():
        models[name] = copy.deepcopy(dense)
        reshape(models[name], structure)
    if layout == "wav2vec2-large":
        models["student, 5 layers"] = _dense(layout, **STUDENT)
    made = {}
    for name, model in models.items():
        _draw(model)
        made[name] = model
        made[f"{name}, fast"] = copy.deepcopy(model)
        use_fast_front_end(made[f"{name}, fast"])
    return made


def _dense(layout: str, **more: Any) -> Any:
    if layout == "WavLM-base":
        return transformers.WavLMForCTC(transformers.WavLMConfig(**more)).eval()
    config = transformers.Wav2Vec2Config(**{**LARGE, **more})
    return transformers.Wav2Vec2ForCTC(config).eval()


def _draw(model: torch.nn.Module) -> None:
    """Give what was made without values some, as large as the others."""
    for part in model.modules():
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=0.02)
            torch.nn.init.zeros_(part.bias)


def _structures(dense: Any) -> dict[str, Structure]:
    """Both leave the same parameters, to one row of a feed-forward a block."""
    config = dense.config
    blocks, heads, width = (
        config.num_hidden_layers,
        config.num_attention_heads,
        config.hidden_size,
    )
    whole = _parameters(dense)
    of_block = 4 * width**2 + 2 * width * config.intermediate_size
    left = of_block * blocks - FEWER * whole
    whole_blocks = round(0.4 * blocks)  # the last ones, with half of their heads
    attention = 4 * width * _HEAD_DIM * (heads // 2) * whole_blocks
    feed_forward = round((left - attention) / (2 * width * whole_blocks))
    half = (_HEAD_DIM,) * (heads // 2) + (0,) * (heads - heads // 2)
    gone = BlockStructure(query_key=(0,) * heads, value_output=(0,) * heads, feed_forward=0)
    kept = BlockStructure(query_key=half, value_output=half, feed_forward=feed_forward)
    concentrated = (gone,) * (blocks - whole_blocks) + (kept,) * whole_blocks
    return {
        "concentrated": Structure(blocks=concentrated),
        "spread": Structure(blocks=tuple(_spread(config, left / blocks) for _ in range(blocks))),
    }


def _spread(config: Any, left: float) -> BlockStructure:
    """Heads from nothing to twice the share that is left of the block, and as thin a rest."""
    heads, width = config.num_attention_heads, config.hidden_size
    share = left / (4 * width**2 + 2 * width * config.intermediate_size)
    most = round(2 * share * _HEAD_DIM)
    query_key, value_output = torch.randint(1, most + 1, (2, heads)).tolist()
    rest = left - 2 * width * (sum(query_key) + sum(value_output))
    return BlockStructure(
        query_key=tuple(query_key),
        value_output=tuple(value_output),
        feed_forward=round(rest / (2 * width)),
    )


def _measure(models: dict[str, Any], audio: torch.Tensor, rounds: int) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {name: [] for name in models}
    for model in models.values():
        model(audio[:1, :16_000])  # what is made at the first call only
    for _ in range(rounds):
        for name, model in models.items():
            found[name].append(_run(model, audio))
    return found


def _run(model: Any, audio: torch.Tensor) -> Round:
    front_s: list[float] = []
    base = model.base_model
    with _clock(base.feature_extractor, front_s), _clock(base.encoder.pos_conv_embed, front_s):
        wall, cpu = time.perf_counter(), time.process_time()
        model(audio)
        return Round(time.perf_counter() - wall, sum(front_s), time.process_time() - cpu)


@contextmanager
def _clock(part: torch.nn.Module, seconds: list[float]) -> Iterator[None]:
    """Add what each call of the part takes."""
    starts: list[float] = []
    before = part.register_forward_pre_hook(lambda *_: starts.append(time.perf_counter()))
    after = part.register_forward_hook(
        lambda *_: seconds.append(time.perf_counter() - starts.pop())
    )
    try:
        yield
    finally:
        before.remove()
        after.remove()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _print_table(title: str, models: dict[str, Any], rounds: dict[str, list[Round]]) -> None:
    best = {name: min(found, key=lambda one: one.wall_s) for name, found in rounds.items()}
    dense = best["dense"]
    disturbed = statistics.median(one.wall_s for one in rounds["dense"]) / dense.wall_s
    _print(
        f"\n{title}: {DURATION_S} s, {THREADS} threads, {len(rounds['dense'])} rounds; "
        f"disturbed {disturbed:.2f}x, load {os.getloadavg()[0]:.1f}"
    )
    columns = ("M", "fewer", "ms", "ratio", "to fast", "front", "cores")
    _print(" ".join([" " * 24, *(f"{column:>7}" for column in columns)]))
    for name, one in best.items():
        parameters = _parameters(models[name])
        values = (
            f"{parameters / 1e6:7.1f}",
            f"{1 - parameters / _parameters(models['dense']):7.1%}",
            f"{one.wall_s * 1e3:7.0f}",
            f"{dense.wall_s / one.wall_s:6.2f}x",
            f"{best['dense, fast'].wall_s / one.wall_s:6.2f}x",
            f"{one.front_s / one.wall_s:7.0%}",
            f"{one.cpu_s / one.wall_s:7.2f}",
        )
        _print(" ".join([f"{name:24}", *values]))


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

"""Trying a layer without running what comes before it gives what the whole model gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.compress.divergence import divergence
from asrcompress.compress.replay import Replay
from asrcompress.compress.sensitivity import Bench, bench_of
from asrcompress.compress.trial import Treatment
from asrcompress.core.manifest import Selection
from tests.checkpoints import (
    ARCHITECTURES,
    ENCODER_DECODERS,
    tiny_checkpoint,
    tiny_encoder_decoder,
)
from tests.compress.benches import noise_audio, setting

EVERY_KIND = Selection(conv=True, embedding=True)


def _bench(folder: Path, architecture: str) -> tuple[Bench, list[str]]:
    make = tiny_encoder_decoder if architecture in ENCODER_DECODERS else tiny_checkpoint
    model = make(folder / "model", architecture)
    made = setting(model, noise_audio(folder, seconds=1.5), selection=EVERY_KIND)
    layers = [name for name, layer in made.weights.selected().items() if layer.shape[0] > 1]
    return bench_of(made.weights, made.context), layers


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *ENCODER_DECODERS])
def test_what_is_measured_alone_is_what_the_whole_model_does(
    tmp_path: Path, architecture: str
) -> None:
    """For every layer of every architecture, up to rounding: nothing skipped depends on it.

    A wrong answer from memory is off by a large part of the divergence; the same answer can differ
    in its last bits, since a convolution's threads do not always share its work alike.
    """
    bench, layers = _bench(tmp_path, architecture)
    coarse = Treatment(2)
    table = bench.of_each({layer: [coarse] for layer in layers}, lambda: None)
    for layer in layers:
        with bench.trial.with_treated(layer, coarse):
            whole = divergence(bench.trial.module, bench.scanned)
        assert table[layer][coarse] == pytest.approx(whole, rel=1e-2, abs=1e-7), layer


def test_the_model_runs_whole_again_afterwards(tmp_path: Path) -> None:
    """A block that answered from memory computes again once the trial is over."""
    bench, layers = _bench(tmp_path, "wav2vec2")
    bench.of_each({layers[-1]: [Treatment(2)]}, lambda: None)
    with bench.trial.with_treated(layers[0], Treatment(2)):
        assert divergence(bench.trial.module, bench.scanned)["clean"] > 0
    again = divergence(bench.trial.module, bench.scanned)
    assert again == {"clean": pytest.approx(0.0, abs=1e-7)}


def test_blocks_before_a_layer_are_not_run(tmp_path: Path) -> None:
    """The last block's layer needs neither the convolutions nor the first block."""
    bench, _ = _bench(tmp_path, "wav2vec2")
    replay = Replay(bench.trial.module, bench.scanned)
    last = ("wav2vec2.encoder.layers.1.feed_forward.output_dense",)
    replay.prepare([last])
    ran: list[str] = []
    for name, block in bench.trial.module.named_modules():
        if name.endswith(
            ("conv_layers.0.conv", "layers.0.attention.q_proj", "layers.1.layer_norm")
        ):
            block.register_forward_hook(lambda *_, name=name: ran.append(name))
    with replay.without(last) as prepared:
        divergence(bench.trial.module, bench.scanned[:1], prepared)
    assert ran == ["wav2vec2.encoder.layers.1.layer_norm"]

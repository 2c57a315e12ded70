"""The fast front end gives what the stock one gives, and steps aside where it cannot."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from optimum.quanto import freeze, qint8, quantize

from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.checkpoint.slim import feature_encoder, positions
from asrcompress.core.checkpoint.slim.feature_encoder import FastFeatureEncoder
from asrcompress.core.checkpoint.slim.front_end import use_fast_front_end
from asrcompress.core.checkpoint.slim.positions import FastPositions
from tests.checkpoints import tiny_module

_NORMS = ("group", "layer")
_BOTH = ("wav2vec2", "wav2vec2-layer-norm", "hubert", "wavlm", "unispeech", "unispeech-sat")
_BOTH_PARTS = (*_BOTH, "wav2vec2-conformer")
_ENCODER_ONLY = ("data2vec-audio", "sew")  # their convolutions of positions are of other kinds
_NEITHER = ("sew-d", "wav2vec2-bert")


def _fast(model: Any) -> Any:
    made = copy.deepcopy(model)
    use_fast_front_end(made)
    return made


def _audio(batch: int, samples: int) -> torch.Tensor:
    return torch.randn(batch, samples, generator=torch.Generator().manual_seed(samples))


def _error(got: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, in units of the largest expected value."""
    assert got.shape == expected.shape
    return float((got - expected).abs().max() / expected.abs().max())


def _model(norm: str, **more: Any) -> Any:
    """With the kernels and strides of all published checkpoints, and narrow."""
    options: dict[str, Any] = {
        "conv_dim": (24,) * 7,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "feat_extract_norm": norm,
        "conv_bias": norm == "layer",
        "num_conv_pos_embedding_groups": 4,
        **more,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.Wav2Vec2ForCTC(transformers.Wav2Vec2Config(**options)).eval()
        for parameter in model.wav2vec2.feature_extractor.parameters():
            torch.nn.init.normal_(parameter, std=0.2)  # norms and biases too: 1 and 0 hide errors
    return model


def _refuse_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a stock convolution was called")

    monkeypatch.setattr(torch.nn.Conv1d, "forward", refuse)


@pytest.mark.parametrize("architecture", [*_BOTH_PARTS, *_ENCODER_ONLY])
@torch.no_grad()
def test_models_hear_the_same(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits to 1e-4 of the largest, without a call of the stock convolutions replaced."""
    stock = tiny_module(architecture)
    fast, audio = _fast(stock), _audio(2, 5000)
    kinds = {type(part) for part in fast.modules()}
    assert FastFeatureEncoder in kinds
    assert (FastPositions in kinds) == (architecture in _BOTH_PARTS)
    expected = stock(audio).logits
    if architecture in _BOTH:
        _refuse_convolutions(monkeypatch)
    assert _error(fast(audio).logits, expected) < 1e-4


@pytest.mark.parametrize("architecture", _NEITHER)
def test_other_kinds_stay(architecture: str) -> None:
    """What is not of the family's form is left alone."""
    stock = tiny_module(architecture)
    before = [type(part) for part in stock.modules()]
    use_fast_front_end(stock)
    assert [type(part) for part in stock.modules()] == before


@pytest.mark.parametrize("norm", _NORMS)
@pytest.mark.parametrize("samples", [400, 719, 720, 721, 6400, 16001])
@torch.no_grad()
def test_encoder_of_any_length(norm: str, samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """1e-5 from one frame on, in one piece and in pieces of three frames."""
    stock = _model(norm).wav2vec2.feature_extractor
    fast, audio = FastFeatureEncoder(copy.deepcopy(stock)), _audio(3, samples)
    expected = stock(audio)
    assert _error(fast(audio), expected) < 1e-5
    monkeypatch.setattr(feature_encoder, "_PIECE_BYTES", 3 * 64 * 24 * 4)
    assert _error(fast(audio), expected) < 1e-5


@pytest.mark.parametrize("norm", _NORMS)
@torch.no_grad()
def test_too_short(norm: str) -> None:
    """Audio of less than a frame is refused as the stock encoder refuses it."""
    encoder = FastFeatureEncoder(_model(norm).wav2vec2.feature_extractor)
    with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
        encoder(_audio(1, 399))


@torch.no_grad()
def test_offset_costs_no_digits() -> None:
    """With a constant a thousand times the signal, it is nearer to float64 than stock."""
    stock = _model("group").wav2vec2.feature_extractor
    audio = _audio(1, 8000) * 0.01 + 10
    exact = copy.deepcopy(stock).double()(audio.double())
    fast = FastFeatureEncoder(copy.deepcopy(stock))(audio)
    assert _error(fast.double(), exact) <= _error(stock(audio).double(), exact)


@pytest.mark.parametrize("taps", [16, 9])
@pytest.mark.parametrize("frames", [1, 2, 16, 17, 18, 100])
@torch.no_grad()
def test_positions_of_any_length(taps: int, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """1e-5 within and over the bounds of blocks, for an even and an odd width."""
    stock = _model("group", num_conv_pos_embeddings=taps).wav2vec2.encoder.pos_conv_embed
    torch.nn.init.normal_(stock.conv.bias)
    hidden = torch.randn(2, frames, 32, generator=torch.Generator().manual_seed(frames))
    fast = FastPositions(copy.deepcopy(stock))
    assert _error(fast(hidden), stock(hidden)) < 1e-5
    monkeypatch.setattr(positions, "_BLOCKS_AT_ONCE", 2)
    assert _error(fast(hidden), stock(hidden)) < 1e-5


@pytest.mark.parametrize("norm", _NORMS)
@torch.no_grad()
def test_batch_does_not_matter(norm: str) -> None:
    """Bit for bit: an utterance's output is the same alone and among others."""
    model = _fast(_model(norm)).wav2vec2
    audio = _audio(3, 8000)
    together, alone = model.feature_extractor(audio), model.feature_extractor(audio[1:2])
    assert torch.equal(together[1:2], alone)
    hidden = torch.randn(3, 300, 32)
    embed = model.encoder.pos_conv_embed
    assert torch.equal(embed(hidden)[1:2], embed(hidden[1:2]))


def test_gradients_are_stock() -> None:
    """Where a weight wants a gradient, the stock computation runs and gives it."""
    stock = _model("layer", apply_spec_augment=False).train()
    fast, audio = _fast(stock), _audio(2, 4000)
    for model in (stock, fast):
        torch.manual_seed(0)  # dropout
        model(audio).logits.square().mean().backward()
    expected = {name: parameter.grad for name, parameter in stock.named_parameters()}
    for name, parameter in fast.named_parameters():
        assert (parameter.grad is None) == (expected[name] is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-4, atol=1e-6)


def test_frozen_parts_are_fast_while_others_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen front end needs no gradients: the stock call to freeze it works, and is enough."""
    model = _fast(_model("layer"))
    model.freeze_feature_encoder()
    _refuse_convolutions(monkeypatch)
    assert not model.wav2vec2.feature_extractor(_audio(1, 4000)).requires_grad


@torch.no_grad()
@pytest.mark.filterwarnings("ignore")  # PyTorch calls tracing deprecated, and tells of constants
def test_traces_serve_other_lengths() -> None:
    """What is recorded for one length computes the same as the stock encoder for longer audio."""
    stock = _model("layer").wav2vec2.feature_extractor
    fast = FastFeatureEncoder(copy.deepcopy(stock))
    traced = torch.jit.trace(fast, _audio(1, 4000))
    torch.testing.assert_close(traced(_audio(1, 9000)), stock(_audio(1, 9000)))


@torch.no_grad()
def test_hooks_are_called() -> None:
    """Who listens to a convolution's input still hears it."""
    model = _fast(_model("group")).wav2vec2
    heard: list[int] = []
    for conv in (model.feature_extractor.conv_layers[3].conv, model.encoder.pos_conv_embed.conv):
        conv.register_forward_hook(lambda _, given, __: heard.append(given[0].shape[1]))
    model(_audio(1, 4000))
    assert heard == [24, 32]


@torch.no_grad()
def test_quantised_convolutions_are_used() -> None:
    """A convolution exchanged for another class later, as quantised ones are, is called."""

    class Doubled(torch.nn.Conv1d):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(given)

    model = _model("layer").wav2vec2.feature_extractor
    conv = model.conv_layers[2].conv
    other = Doubled(conv.in_channels, conv.out_channels, 3, stride=2)
    fast = FastFeatureEncoder(copy.deepcopy(model))
    model.conv_layers[2].conv = fast.conv_layers[2].conv = other
    audio = _audio(1, 4000)
    assert torch.equal(fast(audio), model(audio))


@torch.no_grad()
def test_quantised_blocks_stay() -> None:
    """The transformer's Linear layers may be quantised; the front end is fast all the same."""
    stock = _model("layer")
    quantize(stock.wav2vec2.encoder.layers, weights=qint8)
    freeze(stock.wav2vec2.encoder.layers)
    audio = _audio(1, 4000)
    expected = stock(audio).logits
    use_fast_front_end(stock)
    assert _error(stock(audio).logits, expected) < 1e-4


@torch.no_grad()
def test_changed_weights_are_heard() -> None:
    """What was computed of the weights is made again when they change or are exchanged."""
    stock = _model("group")
    fast, audio = _fast(stock), _audio(1, 4000)
    before = fast(audio).logits
    for model in (stock, fast):
        model.wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original0.mul_(3)
        model.wav2vec2.feature_extractor.conv_layers[0].layer_norm.weight.mul_(2)
        model.wav2vec2.feature_extractor.conv_layers[1].conv.weight.mul_(-1)
    expected = stock(audio).logits
    assert _error(before, expected) > 1e-3
    assert _error(fast(audio).logits, expected) < 1e-4
    other = _model("group", initializer_range=0.5)
    fast.load_state_dict(other.state_dict())
    assert _error(fast(audio).logits, other(audio).logits) < 1e-4


@torch.no_grad()
def test_saves_as_stock(tmp_path: Path) -> None:
    """The same names and values on disk, and the same Parameter objects in memory."""
    stock = _model("layer")
    parameters = {id(parameter) for parameter in stock.parameters()}
    expected = {name: value.clone() for name, value in stock.state_dict().items()}
    use_fast_front_end(stock)
    stock(_audio(1, 4000))
    assert {id(parameter) for parameter in stock.parameters()} == parameters
    with quiet_transformers():
        stock.save_pretrained(tmp_path)
        loaded = transformers.Wav2Vec2ForCTC.from_pretrained(tmp_path).state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], value) for name, value in expected.items())


@torch.no_grad()
def test_twice_is_once() -> None:
    """Asked for again, nothing changes; a copy works by itself."""
    model = _fast(_model("group"))
    parts = [id(part) for part in model.modules()]
    use_fast_front_end(model)
    assert [id(part) for part in model.modules()] == parts
    audio = _audio(1, 4000)
    expected = model(audio).logits
    duplicate = copy.deepcopy(model)
    model.wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original0.zero_()
    assert torch.equal(duplicate(audio).logits, expected)

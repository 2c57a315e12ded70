"""Layers are found by what they compute with, and chosen by patterns over their names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from asrcompress.compress.layers import check_patterns, layers_of, matches, why_not_by_default
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint.source import ModuleSource
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import Selection
from tests.checkpoints import tiny_module

POSITIONAL = "wav2vec2.encoder.pos_conv_embed.conv"


@pytest.fixture(scope="module")
def module() -> Any:
    return tiny_module()


def _weights(module: Any, **selection: Any) -> LayerWeights:
    return LayerWeights.of_source(ModuleSource(module), Selection(**selection))


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("lm_head", "lm_head", True),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "*encoder.layers.0.*", True),
        ("wav2vec2.encoder.layers.10.attention.k_proj", "*encoder.layers.1.*", False),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "*.layers.0", True),  # a block
        ("wav2vec2.encoder.layers.0.attention.k_proj", "k_proj", False),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "encoder.layers.0.*", True),  # no prefix
        ("wav2vec2.encoder.layers.10.attention.k_proj", "encoder.layers.1", False),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "layers.0.*", False),  # two parts left out
    ],
)
def test_matching(name: str, pattern: str, expected: bool) -> None:
    """fnmatch over the whole name or that of a block around it, with or without its first part."""
    assert matches(name, pattern) is expected


def test_all_layers(module: Any) -> None:
    """The projection, two blocks of six and the head; four convolutions, one weight-normed."""
    layers = layers_of(module)
    kinds = [layer.kind for layer in layers.values()]
    assert kinds.count("Linear") == 1 + 2 * 6 + 1
    assert kinds.count("Conv1d") == 3 + 1
    assert layers[POSITIONAL].shape == (32, 32 // 4, 16)
    assert [name for name, layer in layers.items() if layer.is_head] == ["lm_head"]
    assert all(name == layer.name for name, layer in layers.items())


def test_selected_kinds(module: Any) -> None:
    """Linear by default; conv adds the convolutions; keep_head takes the head away."""
    assert len(_weights(module).selected()) == 14
    assert len(_weights(module, conv=True).selected()) == 14 + 4
    assert "lm_head" not in _weights(module, keep_head=True).selected()
    assert "lm_head" not in _weights(module, keep_head=True).of("Linear", "Conv1d")
    assert len(_weights(module).of("Conv1d")) == 4  # pruning takes them without being told


def test_include_and_exclude(module: Any) -> None:
    """Exclusion wins."""
    chosen = _weights(module, include=("*layers.0",), exclude=("*_proj",)).selected()
    block = "wav2vec2.encoder.layers.0.feed_forward"
    assert list(chosen) == [f"{block}.intermediate_dense", f"{block}.output_dense"]


def test_pattern_without_a_match(module: Any) -> None:
    """A norm is no layer to compress; neither is a misspelt name."""
    layers = layers_of(module)
    for pattern in ("lm_hed", "wav2vec2.encoder.layer_norm"):
        with pytest.raises(InputError, match=f"pattern matches no layer; got '{pattern}'"):
            check_patterns([pattern], layers)
    check_patterns(["lm_head", "*conv_layers*"], layers)


def test_nothing_left(module: Any) -> None:
    """Excluding everything is a mistake too."""
    with pytest.raises(InputError, match=r"no layer to compress is left.*Linear"):
        _weights(module, exclude=("*",)).selected()


def test_why_a_layer_is_left_alone(module: Any) -> None:
    """In words that name the option which would change it."""
    layers = layers_of(module)
    head, positional = layers["lm_head"], layers[POSITIONAL]
    assert why_not_by_default(head, Selection()) is None
    assert why_not_by_default(head, Selection(keep_head=True)) == "the output layer, kept"
    assert why_not_by_default(head, Selection(exclude=("lm_*",))) == "excluded by 'lm_*'"
    assert why_not_by_default(head, Selection(include=("wav2vec2",))) == "not included"
    assert "quantise it with conv" in str(why_not_by_default(positional, Selection()))
    assert why_not_by_default(positional, Selection(conv=True)) is None


class Tied(nn.Module):
    """A head that is its embedding, as Whisper's, and two Linear layers that share."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(8, 4)
        self.up = nn.Linear(4, 4)
        self.again = nn.Linear(4, 4)
        self.again.weight = self.up.weight
        self.head = nn.Linear(4, 8)
        self.head.weight = self.table.weight


def test_tied_layers_are_one() -> None:
    """Under the first name; with a table among them an Embedding, and the head if one is."""
    layers = layers_of(Tied())
    assert {name: layer.tied for name, layer in layers.items()} == {
        "table": ("head",),
        "up": ("again",),
    }
    assert layers["table"].kind == "Embedding"
    assert layers["table"].is_head
    assert layers["up"].kind == "Linear"
    why = why_not_by_default(layers["table"], Selection())
    assert why == "an embedding that shares its table with head; quantise it with embedding"
    assert matches("head", "head")
    assert "table" not in _weights(Tied(), embedding=True, exclude=("head",)).selected()


class Own(nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) + 1


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (nn.Linear(4, 4), "Linear"),
        (nn.Conv1d(4, 4, 1), "Conv1d"),
        (nn.Embedding(4, 4), "Embedding"),
        (parametrizations.weight_norm(nn.Linear(4, 4)), "Linear"),
        (parametrizations.weight_norm(nn.Conv1d(4, 4, 1)), "Conv1d"),
        (parametrizations.orthogonal(nn.Linear(4, 4)), None),
        (parametrizations.spectral_norm(nn.Conv1d(4, 4, 1)), None),
        (nn.Embedding(4, 4, max_norm=1.0), None),
        (nn.Conv2d(4, 4, 1), None),
        (nn.ConvTranspose1d(4, 4, 1), None),
        (nn.Bilinear(4, 4, 4), None),
        (Own(4, 4), None),
    ],
    ids=str,
)
def test_kinds(layer: nn.Module, kind: str | None) -> None:
    """Only what computes with a weight of its own, in the way of its class."""
    found = [layer.kind for layer in layers_of(nn.Sequential(layer)).values()]
    assert found == ([] if kind is None else [kind])

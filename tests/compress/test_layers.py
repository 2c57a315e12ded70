"""Patterns choose layers by name; a pattern that matches nothing is a mistake."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.compress.layers import Selection, matches
from asrcompress.core.errors import InputError
from tests.checkpoints import tiny_module

LINEAR = (torch.nn.Linear,)


@pytest.fixture(scope="module")
def module() -> Any:
    return tiny_module()


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("lm_head", "lm_head", True),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "*encoder.layers.0.*", True),
        ("wav2vec2.encoder.layers.10.attention.k_proj", "*encoder.layers.1.*", False),
        ("wav2vec2.encoder.layers.0.attention.k_proj", "*.layers.0", True),  # a block
        ("wav2vec2.encoder.layers.0.attention.k_proj", "k_proj", False),
    ],
)
def test_matching(name: str, pattern: str, expected: bool) -> None:
    """fnmatch over the whole name, or over that of a block around it."""
    assert matches(name, pattern) is expected


def test_all_linear_layers(module: Any) -> None:
    """The projection, two blocks of six, and the head."""
    assert len(Selection().layers(module, LINEAR)) == 1 + 2 * 6 + 1


def test_include_and_exclude(module: Any) -> None:
    """Exclusion wins."""
    chosen = Selection(include=("*layers.0",), exclude=("*_proj",)).layers(module, LINEAR)
    block = "wav2vec2.encoder.layers.0.feed_forward"
    assert list(chosen) == [f"{block}.intermediate_dense", f"{block}.output_dense"]


def test_pattern_without_a_match(module: Any) -> None:
    """A norm is no layer to compress; neither is a misspelt name."""
    for pattern in ("lm_hed", "wav2vec2.encoder.layer_norm"):
        with pytest.raises(InputError, match=f"pattern matches no layer; got '{pattern}'"):
            Selection(exclude=(pattern,)).check(module)
    Selection(include=("lm_head",), exclude=("*conv_layers*",)).check(module)


def test_nothing_left(module: Any) -> None:
    """Excluding everything is a mistake too."""
    with pytest.raises(InputError, match=r"no layer to compress is left.*Linear"):
        Selection(exclude=("*",)).layers(module, LINEAR)

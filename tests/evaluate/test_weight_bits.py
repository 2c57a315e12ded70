"""A model's precision in a word, from its manifest."""

from __future__ import annotations

import pytest

from asrcompress.evaluate.weight_bits import bits_of, precision_of
from tests.evaluate.speed_makers import checkpoint


@pytest.mark.parametrize(
    ("qtypes", "word", "bits"),
    [
        ({}, "float32", ()),
        ({"qint8": 95, "float32": 5}, "8-bit", (8,)),
        ({"qint8": 60, "float32": 40}, "8-bit and float32", (8,)),
        ({"qint8": 30, "qint4": 68, "float32": 2}, "4-bit and 8-bit", (4, 8)),
        ({"qint2": 5, "float32": 95}, "float32", (2,)),
    ],
)
def test_quantised_artefact(qtypes: dict[str, int], word: str, bits: tuple[int, ...]) -> None:
    """By the share of the weights; what is less than a tenth is not named."""
    found = checkpoint(qtypes=qtypes)
    assert precision_of(found) == word
    assert bits_of(found) == bits


def test_graph_of_a_runtime() -> None:
    """By its layers."""
    found = checkpoint(layers={"int8": 74, "float32": 1}, runtime="openvino")
    assert precision_of(found) == "8-bit"
    assert bits_of(found) == (8,)


def test_dtype_of_floats() -> None:
    """Autocast is what float weights are computed in; it changes nothing of integers."""
    assert precision_of(checkpoint(), "bfloat16") == "bfloat16"
    assert precision_of(checkpoint(qtypes={"qint8": 60, "float32": 40}), "bfloat16") == (
        "8-bit and bfloat16"
    )


def test_plain_checkpoint() -> None:
    found = checkpoint(is_plain=True)
    assert (precision_of(found), bits_of(found)) == ("float32", ())

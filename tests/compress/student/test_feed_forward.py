"""Which units a narrower feed-forward layer keeps."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.student.feed_forward import (
    FeedForward,
    feed_forwards,
    importance,
    most_important,
    narrowed,
)
from tests.checkpoints import ARCHITECTURES, tiny_module

_LAYER = FeedForward("in", "out", width=4)
_INTO = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 2.0], [6.0, 8.0]])  # norms 5, 1, 2, 10
_OUT_OF = torch.tensor([[1.0, 0.0, 6.0, 0.1], [0.0, 7.0, 8.0, 0.0]])  # norms 1, 7, 10, 0.1
_SCORES = [5.0, 7.0, 20.0, 1.0]


def test_importance_by_hand() -> None:
    """The norm of a unit's row times that of its column: neither side alone decides."""
    assert importance(_INTO, _OUT_OF).tolist() == pytest.approx(_SCORES)


def test_most_important_keep_their_order() -> None:
    """The units with the highest scores, in the order they were in; of equal ones the first."""
    assert most_important(torch.tensor(_SCORES), 2).tolist() == [1, 2]
    assert most_important(torch.tensor([1.0, 3.0, 3.0, 3.0]), 2).tolist() == [1, 2]


def test_narrowed_by_hand() -> None:
    """Rows, biases and columns of the units kept; the bias after them is not touched."""
    bias = torch.tensor([0.1, 0.2, 0.3, 0.4])
    tensors = {"in.weight": _INTO, "in.bias": bias, "out.weight": _OUT_OF, "out.bias": bias[:2]}
    found = narrowed(tensors, _LAYER, 2)
    assert set(found) == {"in.weight", "in.bias", "out.weight"}
    assert found["in.weight"].tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert found["in.bias"].tolist() == pytest.approx([0.2, 0.3])
    assert found["out.weight"].tolist() == [[0.0, 6.0], [7.0, 8.0]]


def test_narrowed_without_a_bias() -> None:
    """LASR's layers have none."""
    assert set(narrowed({"in.weight": _INTO, "out.weight": _OUT_OF}, _LAYER, 2)) == {
        "in.weight",
        "out.weight",
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_found_in_every_family(architecture: str) -> None:
    """Every layer's feed-forward is found, both of a conformer's; nothing else is taken for one."""
    found = feed_forwards(tiny_module(architecture))
    is_conformer = architecture in {"wav2vec2-conformer", "wav2vec2-bert"} or "_ctc" in architecture
    assert len(found) == (4 if is_conformer else 2)
    assert {layer.width for layer in found} == {256}


def test_units_of_no_importance_change_nothing() -> None:
    """A layer half of whose units say nothing gives the same without them."""
    torch.manual_seed(0)
    into, out_of = torch.nn.Linear(8, 6), torch.nn.Linear(6, 8)
    out_of.weight.data[:, [0, 3, 4]] = 0
    tensors = {f"in.{k}": v for k, v in into.state_dict().items()}
    tensors |= {f"out.{k}": v for k, v in out_of.state_dict().items()}
    found = narrowed(tensors, _LAYER, 3)
    heard = torch.randn(5, 8)
    units = torch.nn.functional.gelu(heard @ found["in.weight"].T + found["in.bias"])
    expected = out_of(torch.nn.functional.gelu(into(heard)))
    torch.testing.assert_close(units @ found["out.weight"].T + out_of.bias, expected)

"""Adaptive compression: the layer's class decides, and the ledger can say why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.compress.decision import Decision, Kind, Layer
from asrcompress.compress.methods import adaptive
from asrcompress.compress.methods.adaptive import Params, decide_layer
from asrcompress.core.checkpoint import load
from asrcompress.core.class_shares import class_shares
from tests.checkpoints import tiny_checkpoint


@dataclass
class FakeWeights:
    """Weights by layer name, all of them selected."""

    tensors: Mapping[str, torch.Tensor]

    @property
    def layers(self) -> Mapping[str, Layer]:
        return {
            name: Layer(name, "Linear", tuple(weight.shape))
            for name, weight in self.tensors.items()
        }

    def of(self, *kinds: Kind) -> dict[str, Layer]:
        return {name: layer for name, layer in self.layers.items() if layer.kind in kinds}

    def selected(self) -> dict[str, Layer]:
        return dict(self.layers)

    def read(self, name: str) -> torch.Tensor:
        return self.tensors[name].clone()


@dataclass
class FakeContext:
    """Remembers the progress that was told."""

    told: list[tuple[str, int, int]]

    def progress(self, what: str, done: int, total: int) -> None:
        self.told.append((what, done, total))


def _gaussian(rows: int = 128, columns: int = 512) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))


def _laplacian(rows: int = 128, columns: int = 512) -> torch.Tensor:
    """|w| exponential: the quantiles of evenly spaced probabilities."""
    probabilities = (torch.arange(rows * columns) + 0.5) / (rows * columns)
    return -torch.log1p(-probabilities).reshape(rows, columns)


def _uniform(rows: int = 128, columns: int = 512) -> torch.Tensor:
    return torch.linspace(-1, 1, rows * columns).reshape(rows, columns)


def _decide(weight: torch.Tensor, **options: Any) -> Decision:
    return decide_layer(weight, Params(**options))


def test_low_is_pruned_and_8_bits() -> None:
    """With set 2 a Gaussian layer is low: its 35 % smallest weights go, and no others."""
    weight = _gaussian()
    decision = _decide(weight, adaptive="three-class", fuzzy_set=2)
    assert decision.bits == 8
    (chosen,) = decision.prune
    mask = chosen.mask(weight)
    assert decision.analysis is not None
    assert decision.analysis.memberships is not None
    assert int(mask.sum()) == decision.analysis.memberships.low * weight.numel()
    assert float(mask.float().mean()) == pytest.approx(0.352, abs=5e-3)
    assert weight[mask].abs().max() < weight[~mask].abs().min()
    assert decision.why == "low has most weights (L/M/H 35/32/33 %): pruned 35 %, 8 bits"


def test_medium_is_4_bits() -> None:
    """With set 1 a Gaussian layer is medium; nothing is pruned."""
    decision = _decide(_gaussian(), adaptive="three-class")
    assert (decision.bits, decision.prune) == (4, ())
    assert decision.why == "medium has most weights (L/M/H 35/43/22 %): 4 bits"


def test_high_is_8_bits() -> None:
    """A narrow medium class leaves most weights without membership, and those are high.

    |w| uniform in [0, 1]: m = 1/2, s = 0.289. With alpha = 1 and beta = 0.1 low ends at s and
    medium lies from 0.471 to 0.529, so 0.471 - 0.289 + 1 - 0.529 = 65 % of the weights are high.
    """
    decision = _decide(_uniform(), adaptive="three-class", alpha=1, beta=0.1)
    assert (decision.bits, decision.prune) == (8, ())
    assert decision.why == "high has most weights (L/M/H 29/6/65 %): 8 bits"


def test_two_classes() -> None:
    """Heavy tails make most weights unimportant: 2 bits; a Gaussian layer gets 4."""
    low = _decide(_laplacian(), adaptive="two-class")
    high = _decide(_gaussian(), adaptive="two-class")
    assert (low.bits, low.prune) == (2, ())
    assert (high.bits, high.prune) == (4, ())
    assert low.why == "low has most weights (L/H 63/37 %): 2 bits"
    assert high.why == "high has most weights (L/H 45/55 %): 4 bits"


def test_the_papers_example_of_two_classes() -> None:
    """34 % of the layers at 2 bits and 66 % at 4, where table VI has %L 33.83 and %H 66.17."""
    tensors = {f"low{n}": _laplacian(8, 512) for n in range(34)}
    tensors |= {f"high{n}": _gaussian(8, 512) for n in range(66)}
    params = Params(adaptive="two-class")
    decisions = adaptive.decide(params, FakeWeights(tensors), FakeContext([])).layers
    bits = [decision.bits for decision in decisions.values()]
    assert (bits.count(2), bits.count(4)) == (34, 66)
    assert sum(bits) / len(bits) == pytest.approx(0.34 * 2 + 0.66 * 4)


def test_layers_that_have_no_spread_are_not_pruned() -> None:
    """A constant layer keeps all its weights, and most of its precision."""
    decision = _decide(torch.full((4, 8), 0.25), adaptive="three-class", fuzzy_set=2)
    assert (decision.bits, decision.prune) == (8, ())


def test_a_single_output_is_left_alone() -> None:
    """And said to be; the other layers are decided upon, with progress told."""
    weights = FakeWeights({"one": _gaussian(1, 64), "many": _gaussian()})
    context = FakeContext([])
    params = Params(adaptive="three-class")
    assert adaptive.refusal(params, weights, context) is None
    decisions = adaptive.decide(params, weights, context).layers
    assert list(decisions) == ["one", "many"]
    assert decisions["one"] == Decision(why="a single output: left in float32")
    assert decisions["many"].bits == 4
    assert context.told == [("classes of weights", 1, 2), ("classes of weights", 2, 2)]


def test_nothing_but_single_outputs_is_refused() -> None:
    """Before any work."""
    weights = FakeWeights({"one": _gaussian(1, 64)})
    refused = adaptive.refusal(Params(adaptive="two-class"), weights, FakeContext([]))
    assert refused == "every layer left to compress has a single output"


def test_the_weight_is_not_touched() -> None:
    """A method decides; the engine applies."""
    weight = _gaussian()
    before = weight.clone()
    _decide(weight, adaptive="three-class", fuzzy_set=2)
    assert torch.equal(weight, before)


@pytest.mark.parametrize(
    ("options", "label", "widths"),
    [
        ({"adaptive": "three-class"}, "adaptive3-set1", (0.5, 1.0)),
        ({"adaptive": "three-class", "fuzzy_set": None}, "adaptive3-set1", (0.5, 1.0)),
        ({"adaptive": "two-class", "fuzzy_set": 2}, "adaptive2-set2", (1.0, 0.5)),
        ({"adaptive": "three-class", "alpha": 0.5, "beta": 1}, "adaptive3-a0.5-b1", (0.5, 1.0)),
    ],
)
def test_params(options: dict[str, Any], label: str, widths: tuple[float, float]) -> None:
    """Labels and widths, the same again from what the manifest holds."""
    params = Params(**options)
    assert adaptive.label(params) == label
    assert (params.fuzziness.alpha, params.fuzziness.beta) == widths
    assert Params.model_validate(params.model_dump()) == params


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"alpha": 0.5}, "alpha and beta together, or neither"),
        ({"beta": 0.5}, "alpha and beta together, or neither"),
        ({"fuzzy_set": 1, "alpha": 0.5, "beta": 1}, "either fuzzy_set, or alpha and beta"),
        ({"alpha": 0, "beta": 1}, "greater than 0"),
        ({"alpha": 1, "beta": float("inf")}, "finite"),
        ({"fuzzy_set": 3}, "1 or 2"),
    ],
)
def test_mistakes_in_params(options: dict[str, Any], match: str) -> None:
    """One line that says which options go together."""
    with pytest.raises(ValidationError, match=match):
        Params(adaptive="three-class", **options)


def test_the_artefact_has_what_was_decided(tmp_path: Path) -> None:
    """After a reload: bits as its class has them, and of a low layer its low share is zero.

    Each layer counts once, the weight-normed convolution with its two tensors too.
    """
    model = tiny_checkpoint(tmp_path / "model")
    options = read_options({"adaptive": "three-class", "fuzzy_set": 2, "conv": True})
    artefact = run(CompressRequest(str(model), options, output=tmp_path / "small"))
    module = load(str(tmp_path / "small")).model
    rows = [row for row in artefact.manifest.ledger.rows if row.analysis is not None]
    pruned = []
    for row in rows:
        assert row.analysis is not None
        found = row.analysis.memberships
        assert found is not None
        assert row.qtype == ("qint4" if found.layer_class == "medium" else "qint8")
        if found.layer_class == "low":
            weight = module.get_submodule(_layer_of(row.name)).weight.dequantize()
            assert float((weight == 0).float().mean()) >= found.low - 1e-6
            assert f"pruned {100 * found.low:.0f} %" in row.why
            pruned.append(found.low)
    shares = class_shares(artefact.manifest.ledger.rows)
    assert shares is not None
    assert shares.layers == len(rows) == len({_layer_of(row.name) for row in rows})
    assert shares.low == len(pruned) / len(rows) > 0
    assert shares.pruning_rate == pytest.approx(sum(pruned) / len(pruned))


def _layer_of(tensor: str) -> str:
    return tensor.partition(".parametrizations")[0].removesuffix(".weight")

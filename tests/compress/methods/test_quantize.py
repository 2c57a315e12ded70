"""Which layers get how many bits, and what the model then computes with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from optimum.quanto import QLinear, freeze
from optimum.quanto import quantize as quanto_quantize

from asrcompress import compress, load
from asrcompress.compress.decide import Surroundings, decide
from asrcompress.compress.decision import Decision
from asrcompress.compress.plan import read_options
from asrcompress.core.checkpoint.quantised import quantised_forms
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.checkpoint.source import ModuleSource
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.progress import silent
from tests.checkpoints import tiny_module

BITS = (8, 4, 2)
BLOCK = "wav2vec2.encoder.layers"


def _decided(module: Any, **options: Any) -> dict[str, Decision]:
    around = Surroundings(lambda: pytest.fail("not to be loaded"), (), 0, silent, explain=False)
    found = decide("tiny", ModuleSource(module), read_options(options), around)
    return dict(found.weights.decided)


def test_every_linear_layer_by_default() -> None:
    """And nothing else."""
    module = tiny_module()
    linear = [name for name, m in module.named_modules() if isinstance(m, torch.nn.Linear)]
    decided = _decided(module, bits=4, rounding="hqq")
    assert list(decided) == linear
    assert {(d.bits, d.rounding, d.prune) for d in decided.values()} == {(4, "hqq", ())}


def test_the_last_rule_that_fits_counts() -> None:
    """Over the base, and over the rules before; the ledger says which it was."""
    rules = ["8", "*.layers.*=4", "*.layers.1.*=2", "*.layers.1.attention.out_proj=16"]
    decided = _decided(tiny_module(), bits=rules)
    assert decided["lm_head"] == Decision("", bits=8)
    assert decided[f"{BLOCK}.0.attention.k_proj"] == Decision("by '*.layers.*'", bits=4)
    assert decided[f"{BLOCK}.1.attention.k_proj"] == Decision("by '*.layers.1.*'", bits=2)
    assert decided[f"{BLOCK}.1.attention.out_proj"].bits == 16


def test_rules_without_a_base() -> None:
    """Leave the other layers alone."""
    decided = _decided(tiny_module(), bits="*.layers.0.feed_forward=4")
    block = f"{BLOCK}.0.feed_forward"
    assert list(decided) == [f"{block}.intermediate_dense", f"{block}.output_dense"]


def test_rule_that_fits_nothing() -> None:
    """Refused before any work, even if another one fits."""
    with pytest.raises(InputError, match="matches no layer; got 'lm_hed'"):
        _decided(tiny_module(), bits=["8", "lm_head=4", "lm_hed=2"])


def test_bits_on_top_of_pruning() -> None:
    """Both stay in the decision, pruning first."""
    decided = _decided(tiny_module(), prune=0.4, scope="local", bits="lm_head=4")
    head, other = decided["lm_head"], decided[f"{BLOCK}.0.attention.k_proj"]
    assert (head.bits, len(head.prune)) == (4, 1)
    assert (other.bits, len(other.prune)) == (32, 1)


def test_single_output_stays_float() -> None:
    """quanto scales it as one tensor, and cannot reload that; float16 it can be."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Linear(4, 2))
    decided = _decided(module, bits=8)
    assert decided["0"] == Decision("a single output: left in float32")
    assert decided["1"].bits == 8
    assert _decided(module, bits=16)["0"].bits == 16


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("rows", [2, 5])
@pytest.mark.parametrize("columns", [16, 128, 160, 256, 300])
def test_stored_parts_are_those_expected(bits: int, rows: int, columns: int) -> None:
    """What optimum-quanto stores has the names, shapes and dtypes that loading insists on."""
    module = torch.nn.Sequential(torch.nn.Linear(columns, rows, bias=False))
    quanto_quantize(module, weights=f"qint{bits}")
    freeze(module)
    stored = module.state_dict()
    for part, (shape, dtype) in quantised_forms((rows, columns), bits).items():
        tensor = stored.pop(f"0.weight.{part}")
        assert tuple(tensor.shape) == shape
        assert str(tensor.dtype).removeprefix("torch.") in dtype.split("|")
    assert set(stored) == {"0.input_scale", "0.output_scale"}


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm", "wav2vec2-bert"])
def test_model_computes_with_the_dequantised_weights(
    architecture: str, bits: int, tmp_path: Path
) -> None:
    """Every Linear is quantised, and logits equal those of the dequantised weights in float32.

    WavLM too, whose attention hands raw weights to F.multi_head_attention_forward.
    """
    module, reference = tiny_module(architecture, seed=1), tiny_module(architecture)
    compress(reference, tmp_path / "made", bits=bits)
    load(tmp_path / "made", into=module)
    linear = [n for n, m in reference.named_modules() if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for name in linear:
            layer: Any = module.get_submodule(name)
            assert isinstance(layer, QLinear)
            reference.get_submodule(name).weight.copy_(layer.weight.dequantize())
    shape = (2, 50, 160) if architecture == "wav2vec2-bert" else (2, 4_000)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(shape[:2], dtype=torch.long)
    mask[1, shape[1] // 2 :] = 0
    with torch.no_grad(), quiet_transformers():
        got = module(inputs, attention_mask=mask).logits
        expected = reference(inputs, attention_mask=mask).logits
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bits", [8, 16, ["8", "lm_head=16"]], ids=str)
def test_rounding_without_a_use(bits: Any) -> None:
    """8 and 16 bits have one way to round, so another one is not quietly left out."""
    with pytest.raises(InputError, match="rounding=hqq; expected bits 4 or 2"):
        read_options({"bits": bits, "rounding": "hqq"})
    assert read_options({"bits": ["8", "lm_head=2"], "rounding": "hqq"}).label == "int8-hqq-1rule"


def test_rule_for_layers_that_stay_as_they_are() -> None:
    """Convolutions without `conv`: the rule would do nothing."""
    module, rule = tiny_module(), "wav2vec2.feature_extractor=4"
    with pytest.raises(InputError, match=r"stay as they are; got 'wav2vec2.feat.*; add conv"):
        _decided(module, bits=["8", rule])
    decided = _decided(module, bits=["8", rule], conv=True)
    assert {d.bits for n, d in decided.items() if n.startswith("wav2vec2.feature_extractor")} == {4}


def test_nothing_but_single_outputs() -> None:
    """No artefact that calls itself int8 without a quantised layer; float16 can be."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 1))
    with pytest.raises(ModelError, match="every layer left to compress has a single output"):
        _decided(module, bits=8)
    assert _decided(module, bits=16)["0"].bits == 16

"""Flat options become methods with parameters, in the methods' order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcompress.compress import default_output, options, read_options
from asrcompress.compress.methods.quantize import Params
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import MethodStep, Selection


def test_options_are_distributed_in_order() -> None:
    """Pruning comes before quantising, whatever order they were given in."""
    found = read_options({"bits": 8, "scope": "local", "conv": True, "prune": 0.4})
    assert found.steps == (
        MethodStep(method="prune", params={"prune": 0.4, "scope": "local"}),
        MethodStep(method="quantize", params={"bits": 8, "rounding": "max"}),
    )
    assert found.selection == Selection(conv=True)
    assert found.storage == "dense"


def test_defaults_are_written_out() -> None:
    """The manifest says what ran, not what was typed; None is not given."""
    (step,) = read_options({"prune": 0.3, "bits": None, "conv": None}).steps
    assert step.params == {"prune": 0.3, "scope": "global"}
    assert read_options({}).steps == ()
    assert read_options({"mixed": False, "conv": False}).steps == ()


def test_patterns() -> None:
    """One or many."""
    assert read_options({"include": "a.*"}).selection.include == ("a.*",)
    assert read_options({"exclude": ["a", "b"]}).selection.exclude == ("a", "b")


def test_bits_by_pattern() -> None:
    """The base and the rules, in the order given; without a base the others are left alone."""
    params = Params.model_validate({"bits": ["8", "layers.0.*=4", "layers.0.a=2"]})
    assert params.base == 8
    assert params.rules == (("layers.0.*", 4), ("layers.0.a", 2))
    assert Params.model_validate({"bits": "x=y=2"}).rules == (("x=y", 2),)
    assert Params.model_validate({"bits": ["lm_head=4"]}).base is None
    (step,) = read_options({"bits": [8, "lm_head=16"]}).steps
    assert step.params["bits"] == ["8", "lm_head=16"]  # a list, as JSON has it
    assert read_options({"bits": step.params["bits"]}).steps == (step,)  # what a manifest says


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"bitz": 8}, "unknown compression option.*did you mean 'bits'"),
        ({"scope": "local"}, "'scope' needs 'prune'"),
        ({"rounding": "hqq"}, "'rounding' needs 'bits'"),
        ({"target_ratio": 0.2}, "'target_ratio' needs 'mixed'"),
        ({"bits": 3}, "'bits'.*got 3.*expected 8, 4, 2 or 16"),
        ({"bits": "many"}, "'bits'.*8, 4, 2 or 16"),
        ({"bits": []}, "'bits'.*8, 4, 2 or 16"),
        ({"bits": ["8", "4"]}, "'bits'.*PATTERN=BITS"),
        ({"bits": "=4"}, "'bits'.*PATTERN=BITS"),
        ({"bits": "lm_head=5"}, "'bits'.*PATTERN=BITS"),
        ({"bits": 8, "rounding": "gptq"}, "'rounding'.*one of max, hqq"),
        ({"prune": 0}, "'prune'.*got 0.*greater than 0"),
        ({"prune": 1.0}, "'prune'.*less than 1"),
        ({"prune": float("nan")}, "'prune'.*got nan"),
        ({"prune": 0.3, "scope": "all"}, "'scope'.*one of global, local"),
        ({"bits": 8, "storage": "csr"}, "'storage'.*one of dense, bitmask"),
        ({"bits": 8, "conv": "maybe"}, "'conv' cannot be used; got 'maybe'"),
        ({"method": ["distill"]}, r"'method' cannot be used; got \['distill'\]; expected one of"),
        ({"prune": "x"}, "'prune' cannot be used; got 'x'; expected a valid number$"),
        ({"mixed": True, "search_rounds": "x"}, "expected a valid integer$"),
        ({"method": "structured"}, "^method structured needs option 'sparsity'; expected share of"),
        ({"bits": 8, "include": 3}, "'include' cannot be used; got 3; expected a pattern"),
        ({"bits": 8, "adaptive": "two-class"}, "'adaptive' and 'bits' exclude each other"),
        ({"bits": 8, "mixed": True, "target_ratio": 0.5}, "'bits'.* exclude each other|'mixed'"),
        ({"mixed": True}, "exactly one of target_size, target_ratio, target_divergence, not 0"),
    ],
)
def test_mistakes(given: dict[str, Any], match: str) -> None:
    """Each names the option and what would do."""
    with pytest.raises(InputError, match=match):
        read_options(given)


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({}, "fp32"),
        ({"bits": 2}, "int2"),
        ({"bits": 16}, "float16"),
        ({"bits": 4, "rounding": "hqq"}, "int4-hqq"),
        ({"bits": [8, "lm_head=16"]}, "int8-1rule"),
        ({"bits": ["a=4", "b=2"]}, "int-2rules"),
        ({"prune": 0.3, "bits": 8}, "prune30-global-int8"),
        ({"prune": 0.125, "scope": "local"}, "prune12.5-local"),
        ({"bits": 8, "conv": True, "embedding": True}, "int8-conv-embedding"),
        ({"prune": 0.3, "keep_head": True, "storage": "bitmask"}, "prune30-global-nohead-bitmask"),
    ],
)
def test_labels(given: dict[str, Any], label: str) -> None:
    """What tables and folders call a compression."""
    assert read_options(given).label == label


def test_default_output() -> None:
    """In the current folder, after the model's last part."""
    model = "facebook/wav2vec2-large-robust-ft-libri-960h"
    found = default_output(model, read_options({"bits": 8}))
    assert found == Path("wav2vec2-large-robust-ft-libri-960h-int8")


def test_options_describe_themselves_without_torch() -> None:
    """The command line is made of them, and must start fast."""
    names = list(options())
    assert names.index("prune") < names.index("bits")
    assert {"scope", "rounding", "adaptive", "mixed", "conv", "embedding", "storage"} < set(names)
    assert all(field.description for field in options().values())
    code = (
        "import sys; from asrcompress.compress import options, read_options;"
        "options(); read_options({'bits': 8}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

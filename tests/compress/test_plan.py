"""Flat options become methods with parameters, in the methods' order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcompress.compress import default_output, label_of, options, steps_from
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import MethodStep


def test_options_are_distributed_in_order() -> None:
    """Pruning comes before quantising, whatever order they were given in."""
    assert steps_from({"bits": 8, "scope": "local", "prune": 0.4}) == (
        MethodStep(method="prune", params={"prune": 0.4, "scope": "local"}),
        MethodStep(method="quantize", params={"bits": 8}),
    )


def test_defaults_are_written_out() -> None:
    """The manifest says what ran, not what was typed; None is not given."""
    (step,) = steps_from({"prune": 0.3, "bits": None})
    assert step.params == {"prune": 0.3, "scope": "global"}
    assert steps_from({}) == ()


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"bitz": 8}, "unknown compression option.*did you mean 'bits'"),
        ({"scope": "local"}, "'scope' needs 'prune'"),
        ({"bits": 3}, "'bits'.*got 3.*expected one of 8, 4, 2"),
        ({"bits": "many"}, "'bits'.*one of 8, 4, 2"),
        ({"prune": 0}, "'prune'.*got 0.*greater than 0"),
        ({"prune": 1.0}, "'prune'.*less than 1"),
        ({"prune": 0.3, "scope": "all"}, "'scope'.*one of global, local"),
    ],
)
def test_mistakes(given: dict[str, Any], match: str) -> None:
    """Each names the option and what would do."""
    with pytest.raises(InputError, match=match):
        steps_from(given)


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({}, "fp32"),
        ({"bits": 2}, "int2"),
        ({"prune": 0.3, "bits": 8}, "prune30-global-int8"),
        ({"prune": 0.125, "scope": "local"}, "prune12.5-local"),
    ],
)
def test_labels(given: dict[str, Any], label: str) -> None:
    """What tables and folders call a compression."""
    assert label_of(steps_from(given)) == label


def test_default_output() -> None:
    """In the current folder, after the model's last part."""
    steps = steps_from({"bits": 8})
    model = "facebook/wav2vec2-large-robust-ft-libri-960h"
    assert default_output(model, steps) == Path("wav2vec2-large-robust-ft-libri-960h-int8")


def test_options_describe_themselves_without_torch() -> None:
    """The command line is made of them, and must start fast."""
    assert list(options()) == ["prune", "scope", "bits"]
    assert all(field.description for field in options().values())
    code = (
        "import sys; from asrcompress.compress import options, steps_from;"
        "steps_from({'bits': 8}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The request refuses values out of range before any model is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from asrcompress.core.errors import InputError
from asrcompress.evaluate import EvaluateRequest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normaliser": "basik"}, "unknown normaliser"),
        ({"batch_size": 0}, "bad batch plan"),
        ({"margin": -0.1}, "bad margin; got -0.1; expected at least 0"),
        ({"margin": float("nan")}, "bad margin"),
        ({"replicates": 0}, "bad replicates"),
        ({"threads": 0}, "bad threads"),
        ({"max_bad_files": -1}, "bad max_bad_files"),
    ],
)
def test_bad_values_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EvaluateRequest("model", "corpus", **options)

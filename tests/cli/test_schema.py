"""The schemas that are printed describe what the program writes."""

from __future__ import annotations

import json

import pytest

from asrcompress.cli.boundary import run


@pytest.mark.parametrize("form", ["results", "printed", "cost", "errors", "artefact", "recipe"])
def test_a_schema_is_json(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every form has a schema that names its dialect and forbids unknown keys."""
    assert run(["schema", form]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["$schema"].endswith("2020-12/schema")
    assert printed["additionalProperties"] is False


def test_an_unknown_form(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2, and the nearest name."""
    assert run(["schema", "result"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "did you mean 'results'?" in printed.err

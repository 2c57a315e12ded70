"""The Pareto pictures as a file: well-formed, loading nothing, names as text."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render
from tests.report.speeds import deployed, speeds

SVG = "{http://www.w3.org/2000/svg}"


def _texts(text: str) -> list[str]:
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    return [found.text or "" for found in root.iter(f"{SVG}text")]


def test_file_has_every_picture_and_every_name(results: Results) -> None:
    """Two measures in two conditions, two side by side; prune30 was not timed."""
    text = render(Findings(deployed(results), CostTable(), speed=speeds()), "svg")
    names = _texts(text)
    titles = [name for name in names if name.startswith("WER under")]
    assert titles == [
        "WER under clean against size on disk",
        "WER under clean against speed to fp32",
        "WER under noise-5dB against size on disk",
        "WER under noise-5dB against speed to fp32",
    ]
    assert [names.count(name) for name in ("fp32", "int8-openvino", "prune30")] == [4, 4, 2]
    assert 'viewBox="0 0 1000 748"' in text
    assert "prefers-color-scheme: dark" in text


def test_file_loads_nothing_and_is_described(results: Results) -> None:
    """No address but the name space; a title and the fronts in words."""
    text = render(Findings(deployed(results), CostTable()), "svg")
    assert text.count("http") == 1
    assert "url(" not in text
    root = ElementTree.fromstring(text)
    title, words = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert words is not None
    assert title.text == results.title
    assert "On the front, from the lowest WER: fp32 (4.0 %, 377.9 MB), int8" in (words.text or "")


def test_hostile_names_stay_text(results: Results) -> None:
    """Markup in a name is text, control characters are gone, and the file is XML still."""
    name = "<script>1</script>\x1b\x00&amp;"
    text = deployed(results).model_dump_json().replace('"int8"', json.dumps(name))
    drawn = render(Findings(Results.model_validate_json(text), CostTable()), "svg")
    assert any(found.startswith("<script>") for found in _texts(drawn))
    assert "<script>" not in drawn


def test_nothing_to_draw_is_said(results: Results) -> None:
    """One artefact alone is no choice."""
    one = results.model_copy(update={"artefacts": results.artefacts[:1]})
    assert _texts(render(Findings(one, CostTable()), "svg")) == [
        "No two artefacts have both a WER and a size or speed."
    ]

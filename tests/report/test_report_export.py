"""Artefacts that are a runtime's graph: what computes them, in every format."""

from __future__ import annotations

import json
import re

import pytest

from asrcompress.report import artefact_tables, render_artefact
from asrcompress.report.artefact_view import artefact_view
from asrcompress.report.console import plain
from asrcompress.report.export_facts import activations_words, computed_words
from tests.report.artefacts import EXPORT, exported, mixed
from tests.report.pages import Page

HOSTILE = "=a|b\n<script>alert(1)</script>~~~`x`[red]@me[/red]\x1b[2J"


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_format_says_how_the_graph_is_computed(name: str) -> None:
    """The runtime, layers by form, the audio of the ranges, and how near to PyTorch it is."""
    text = " ".join(render_artefact(exported(), name).replace("\\", "").split())
    for words in (
        "OpenVINO, openvino_model.bin, openvino_model.xml",
        "74 layers with 8-bit weights and activations, "
        "2 layers with 8-bit weights alone, 1 layer in floats",
        "ranges measured beforehand on dev under clean (32 utterances, 120.0 s), "
        "dev under noise-10dB (32 utterances, 120.0 s)",
        "largest change of a logit 0.12; divergence in nats a frame 0.00031 under pseudo-speech, "
        "0.0012 under clean, 0.0034 under noise-10dB",
        "asrcompress evaluate and audit, or OpenVINO itself",
        "evaluate --speed measures it",
    ):
        assert words in text, words


@pytest.mark.parametrize("name", ["table", "markdown", "html", "json"])
def test_what_is_computed_in_pytorch_has_no_such_words(name: str) -> None:
    """No empty section and no fact about a graph that is not there."""
    text = render_artefact(mixed(), name)
    assert "OpenVINO" not in text
    assert "Runtime" not in text


def test_a_graph_is_not_called_slow() -> None:
    """8 bits in PyTorch are not faster; a runtime has kernels for them."""
    (note,) = artefact_view(exported()).notes
    assert note.startswith("How fast a graph is depends on the processor")


def test_html_has_the_divergence_by_condition_and_the_files() -> None:
    """0.0012 nats in the clean; both files with their hashes."""
    page = Page(render_artefact(exported(), "html"))
    (rows,) = [table for table in page.tables if table[0] == ["condition", "nats"]]
    assert rows[1:] == [
        ["pseudo-speech", "0.00031"],
        ["clean", "0.0012"],
        ["noise-10dB", "0.0034"],
    ]
    text = render_artefact(exported(), "html")
    assert re.search(r"openvino_model\.xml</td><td><code>9{64}", text)
    assert re.search(r"openvino_model\.bin</td><td><code>8{64}", text)
    assert page.counts["caption"] == page.counts["table"]


def test_json_has_the_whole_record() -> None:
    """Nothing is rounded or left out."""
    found = json.loads(render_artefact(exported(), "json"))
    assert found["export"] == EXPORT.model_dump(mode="json")
    assert found["runtime"] == "openvino"


def test_ranges_that_were_not_measured_are_said_to_be_so() -> None:
    """ONNX measures them anew each time; a graph in floats needs none."""
    record = EXPORT.model_copy(update={"calibration": (), "layers": {"float32": 75}})
    assert activations_words(record).startswith("no ranges measured beforehand")
    assert computed_words(record) == "75 layers in floats"
    text = render_artefact(exported(record), "html")
    assert "Audio that the ranges" not in text


def test_hostile_names_stay_text() -> None:
    """Files, forms and conditions come from a manifest that anyone may have written."""
    corpora = tuple(row.model_copy(update={"name": HOSTILE}) for row in EXPORT.calibration)
    record = EXPORT.model_copy(
        update={
            "files": {HOSTILE: "8" * 64, **EXPORT.files},
            "layers": {HOSTILE: 3},
            "calibration": corpora,
            "divergence": {HOSTILE: 0.1},
        }
    )
    page = render_artefact(exported(record), "html")
    assert "<script>alert" not in page
    assert Page(page).counts["script"] == 1
    markdown = render_artefact(exported(record), "markdown")
    assert "<script" not in markdown.split("~~~")[0]
    assert "@me" not in markdown.split("~~~")[0]
    text = plain(artefact_tables(exported(record)))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80

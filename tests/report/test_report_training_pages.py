"""What documents show of a training: pages, Markdown and JSON."""

from __future__ import annotations

import json
import re

import pytest

from asrcompress.report import artefact_tables, render_artefact
from asrcompress.report.console import plain
from tests.report.artefacts import Made, manifest_of
from tests.report.pages import Page
from tests.report.small_training import MAKERS, hostile, small
from tests.report.trainings import structured


def _rows(page: Page, caption: str) -> list[dict[str, str]]:
    """The rows of the table whose first heads are these, by head."""
    heads, *rows = next(table for table in page.tables if " ".join(table[0]).startswith(caption))
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", MAKERS)
def test_pages_are_whole_and_pictures_have_words(name: str) -> None:
    """Nested tags, nothing loaded, a description of every picture, a caption for every table."""
    text = render_artefact(MAKERS[name](), "html")
    page = Page(text)
    assert page.addresses == []
    assert "<script>alert" not in text
    assert "\x1b" not in text
    for tag, attributes in page.attributes:
        if tag == "svg" and "swatch" not in str(attributes.get("class")):
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
        if tag == "th":
            assert attributes.get("scope") in ("row", "col")
    assert page.counts["caption"] == page.counts["table"]


def test_page_draws_each_curve_mask_and_width() -> None:
    """Five pictures of curves, five of masks with 12 lines each, three of dimensions."""
    text = render_artefact(structured(), "html")
    page = Page(text)
    charts = [a for tag, a in page.attributes if tag == "svg" and "chart" in str(a.get("class"))]
    assert len(charts) == 5 + 5 + 3
    words = [str(chart["aria-label"]) for chart in charts]
    assert words[0].startswith("Loss and its terms: loss from ")
    assert "Value and output dimensions left of each block: from 0 to 509 of 768" in words[-2]
    lines = [a for tag, a in page.attributes if tag == "g" and "depthline" in str(a.get("class"))]
    assert len(lines) == 5 * 12
    assert len({str(line["class"]) for line in lines}) == 12
    assert "block 11: 509/768 in 10 heads" in text
    assert "Filled: what is left" in text
    # on a telephone 1.5e-4 is wider than the margin of the picture
    assert re.search(r"\.chart \{[^}]*overflow: visible", text)


def test_page_tells_24_blocks_apart() -> None:
    """Twelve colours, and dashes for the second of each two."""
    page = Page(render_artefact(structured(24, 16, 4096), "html"))
    lines = [a for tag, a in page.attributes if tag == "g" and "depthline" in str(a.get("class"))]
    assert len({str(line["class"]) for line in lines}) == 24


def test_page_has_the_numbers_beside_the_pictures() -> None:
    """Tables of curves, of masks at the end, of blocks and of heads."""
    page = Page(render_artefact(small(), "html"))
    blocks = _rows(page, "block attention heads")
    assert blocks[0]["query/key"] == "2/8"
    assert blocks[0]["feed-forward"] == "-"
    assert blocks[2]["weights left %"] == "25.0"
    heads = _rows(page, "block head 0")
    assert heads[0] == {"block": "0", "head 0": "2/3", "head 1": "0/1"}
    assert heads[1]["head 1"] == "-"
    masks = _rows(page, "block attention %")
    assert masks[1]["attention %"] == "0.0"
    assert masks[1]["feed-forward width %"] == "75.0"
    curves = _rows(page, "step loss")
    assert [row["step"] for row in curves][-2:] == ["19,000", "20,000"]
    assert all(row["divergence"] != "-" for row in curves)


def test_markdown_has_the_same_tables() -> None:
    """Facts in the open, tables folded, and nothing acts."""
    text = render_artefact(small(), "markdown")
    assert "- steps: 20,000 of 20,000: all steps done" in text
    assert "| 0 | 2/2 | 2/8 | 4/8 | - | 25.0 |" in text
    assert "<summary>Curves of the training</summary>" in text
    odd = render_artefact(hostile(), "markdown")
    assert "<script>" not in odd
    assert "@me" not in odd
    assert all(line.count("|") - line.count("\\|") in (0, 3) for line in _table(odd, "step"))


def _table(text: str, first: str) -> list[str]:
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    return lines[at : lines.index("", at)]


def test_json_has_the_record_and_what_derives_from_it() -> None:
    """The whole training; seconds heard and taken; each block's widths."""
    found = json.loads(render_artefact(small(), "json"))
    assert found["training"]["steps_done"] == 20_000
    assert found["structure"]["blocks"][0]["query_key"] == [2, 0]
    totals = found["training_totals"]
    assert totals["audio_heard_s"] == 1_280_000
    assert totals["duration_s"] == pytest.approx(8100)
    assert found["blocks"][1] == {
        "block": 1,
        "heads": {"left": 0, "before": 2},
        "query_key": {"left": 0, "before": 8},
        "value_output": {"left": 0, "before": 8},
        "feed_forward": {"left": 6, "before": 8},
        "weights_share": 0.25,
    }


def test_nothing_is_said_of_a_training_that_was_not() -> None:
    """Other artefacts have no such section in any format."""
    manifest = manifest_of((), Made("int8", ()))
    assert "Training" not in plain(artefact_tables(manifest))
    assert 'id="training"' not in render_artefact(manifest, "html")
    assert json.loads(render_artefact(manifest, "json"))["training_totals"] is None
    assert "Training" not in render_artefact(manifest, "markdown")

"""An artefact's page and texts: true numbers, everything escaped, nothing loaded."""

from __future__ import annotations

import json
import re

import pytest

from asrcompress.core.errors import InputError
from asrcompress.core.manifest import ArtefactManifest, MethodStep, Selection
from asrcompress.report import artefact_format_names, render_artefact
from asrcompress.report.artefact_view import artefact_view, selection_words, step_words
from tests.report.artefacts import (
    Fate,
    Made,
    adaptive,
    bell,
    manifest_of,
    memberships,
    mixed,
    rows_of,
    sensitivity,
    whisper_int8,
)
from tests.report.layouts import wav2vec2
from tests.report.pages import Page

HOSTILE = "=a|b\n<script>alert(1)</script>~~~`x`[red]@me[/red]\x1b[2J"


def _hostile() -> ArtefactManifest:
    """Names, reasons, types and conditions that would act if they could."""
    shapes = {
        f"m.layers.{block}.{name}.weight": ("<b>Linear", (64, 64))
        for block in range(2)
        for name in (HOSTILE, "b")
    }
    found = bell().model_copy(update={"sensitivity": sensitivity({HOSTILE: 0.1}, 64)})
    rows = rows_of(shapes, lambda _: Fate("qint8", HOSTILE, analysis=found))
    steps = (MethodStep(method=HOSTILE, params={HOSTILE: HOSTILE}),)
    selection = Selection(include=(HOSTILE,))
    record = mixed().calibration
    assert record is not None
    record = record.model_copy(update={"budget": HOSTILE, "measured": {HOSTILE: 0.1}})
    made = Made(HOSTILE, steps, selection, calibration=record, model=HOSTILE)
    return manifest_of(rows, made)


def _table(page: Page, first: str) -> dict[str, dict[str, str]]:
    """The rows of the table whose first head is `first`, by their first cell."""
    found = [rows for rows in page.tables if rows[0][0].strip() == first]
    heads, *rows = found[0]
    names = [head.strip() for head in heads]
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cells}


@pytest.mark.parametrize("make", [adaptive, mixed, whisper_int8, _hostile])
def test_page_is_whole_and_loads_nothing(make: object) -> None:
    """Tags are nested, no address is loaded, the policy forbids it, and nothing acts."""
    assert callable(make)
    text = render_artefact(make(), "html")
    page = Page(text)
    assert page.addresses == []
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert page.counts["script"] == 1
    assert "\x1b" not in text


def test_page_escapes_all_that_comes_from_a_checkpoint() -> None:
    """A name with a script in it stays text, in tables, pictures and titles."""
    text = render_artefact(_hostile(), "html")
    assert "<script>alert" not in text
    assert "<b>Linear" not in text
    assert text.count("&lt;script&gt;alert") > 10


def test_pictures_have_words_and_tables_have_heads() -> None:
    """Each picture is described or hidden from who does not see it; each head has its scope."""
    page = Page(render_artefact(mixed(), "html"))
    pictures = [attributes for tag, attributes in page.attributes if tag == "svg"]
    assert len(pictures) > 20
    for attributes in pictures:
        is_described = attributes.get("role") == "img" and attributes.get("aria-label")
        is_decoration = attributes.get("aria-hidden") == "true" or "swatch" in str(
            attributes.get("class")
        )
        assert is_described or is_decoration, attributes
    heads = [attributes for tag, attributes in page.attributes if tag == "th"]
    assert all(attributes.get("scope") in ("row", "col") for attributes in heads)
    assert page.counts["caption"] == page.counts["table"]


def test_page_has_each_layer_with_its_numbers() -> None:
    """By hand: 1024 x 1024 float32 are 4,194.3 kB; a byte each and 8 bits make 1,048.6."""
    page = Page(render_artefact(adaptive(), "html"))
    rows = _table(page, "layer")
    assert len(rows) == 24 * 6 + 10
    row = rows["wav2vec2.encoder.layers.7.attention.q_proj"]
    assert row == {
        "layer": "wav2vec2.encoder.layers.7.attention.q_proj",
        "weights": "1,048,576",
        "histogram": "±0.2",
        "median |w|": "0.02",
        "std |w|": "0.03",
        "low / medium / high %": "57 / 23 / 20",
        "class": "low",
        "bits": "8",
        "zeros %": "57.0",
        "kB before": "4,194.3",
        "kB after": "1,048.6",
        "why": "low has most weights: pruned 57 %, 8 bits",
    }
    assert rows["lm_head"]["why"] == "excluded"
    assert rows["lm_head"]["class"] == "-"


def test_page_has_sizes_and_what_was_left_alone() -> None:
    """Convolutions come first: 52.4 MB of 333.6 MB, 15.7 %, with the reason."""
    page = Page(render_artefact(adaptive(), "html"))
    manifest = adaptive()
    disk = _table(page, "model")["disk"]
    before, after = manifest.source.sizes.disk_bytes, manifest.sizes.disk_bytes
    assert before is not None
    assert after is not None
    assert disk["rate"] == f"{before / after:.2f}x"
    (left,) = [rows for rows in page.tables if rows[0][0] == "tensors"]
    first = dict(zip(left[0], left[1], strict=True))
    conv_bytes = 4 * (512 * 10 + 6 * 512 * 512 * 3 + 1024 * 64 * 128)
    assert first["kB"] == f"{conv_bytes / 1e3:,.1f}"
    assert first["why"] == "Conv1d: only with --conv"
    total = sum(row.bytes_after for row in manifest.ledger.rows)
    assert first["share %"] == f"{100 * conv_bytes / total:.1f}"


def test_page_has_the_measured_divergences() -> None:
    """Predicted and measured by condition, each option by layer, and a picture of each."""
    text = render_artefact(mixed(), "html")
    page = Page(text)
    assert _table(page, "condition")["clean"]["measured"] == "0.015"
    row = _table(page, "layer")["wav2vec2.encoder.layers.1.attention.q_proj"]
    assert tuple(row[f"nats at {bits} bits"] for bits in (2, 4, 8)) == ("0.08", "0.004", "4e-05")
    assert "Sensitivity by depth" in text
    assert "Sensitivity by depth" not in render_artefact(adaptive(), "html")


def test_tables_can_be_sorted() -> None:
    """Every row of the long table knows its first place; numbers with commas have their value."""
    text = render_artefact(adaptive(), "html")
    layers = text[text.index('<h2 id="layers">') : text.index('<h2 id="left-alone">')]
    orders = [int(found) for found in re.findall(r'data-order="(\d+)"', layers)]
    assert orders == list(range(24 * 6 + 10))
    assert 'data-value="1048576"' in layers


def test_json_has_the_manifest_and_what_derives_from_it() -> None:
    """Rates, totals, shares of the classes, and each layer's place."""
    manifest = adaptive()
    found = json.loads(render_artefact(manifest, "json"))
    assert found["label"] == "adaptive3-1"
    assert len(found["ledger"]["rows"]) == len(manifest.ledger.rows)
    assert found["class_shares"]["pruning_rate"] == pytest.approx(0.615)
    assert found["class_shares"]["low"] == pytest.approx(48 / 145)
    assert found["totals"]["left_alone"]["rate"] == 1.0
    assert found["rates"]["memory"] == pytest.approx(
        manifest.ledger.bytes_before / manifest.ledger.bytes_after
    )
    (layer,) = [row for row in found["layers"] if row["name"].endswith("layers.9.attention.k_proj")]
    assert (layer["stack"], layer["block"], layer["bits"], layer["is_pruned"]) == (
        *("wav2vec2.encoder.layers", 9, 8, True),
    )


def test_markdown_is_short_and_cannot_act() -> None:
    """Sizes first; the map in a block of text that no name can end; nothing is a mention."""
    text = render_artefact(_hostile(), "markdown")
    assert text.count("~~~") == 2
    before, fenced, after = text.split("~~~")
    assert fenced.startswith("text\n")
    assert "<script>" not in before + after
    assert "@me" not in before + after
    large = render_artefact(adaptive(), "markdown")
    assert len(large) < 65_536
    assert "| disk | 1275.8 | 336.9 | 3.79x |" in large
    assert "attention.k_proj                8p8p" in large


def test_markdown_of_a_very_deep_model_fits_a_comment() -> None:
    """What is too long is named, not cut."""
    text = render_artefact(mixed(wav2vec2(blocks=120, width=64, inner=128)), "markdown")
    assert len(text) < 65_536
    assert "Too long for a comment, see --format html: Layers." in text


def test_two_classes_have_no_medium() -> None:
    """%M is left out where no weight can be medium."""
    classes = memberships(0.6, 0.0, 0.4)
    found = bell().model_copy(update={"memberships": classes})
    shapes = {f"m.layers.0.{name}.weight": ("Linear", (64, 64)) for name in "ab"}
    rows = rows_of(shapes, lambda _: Fate("qint2", "low has most weights", analysis=found))
    step = MethodStep(method="adaptive", params={"adaptive": "two-class"})
    view = artefact_view(manifest_of(rows, Made("adaptive2", (step,))))
    assert view.facts["classes"] == "%L 100.0, %H 0.0 of 2 layers"


def test_classes_that_decided_nothing_are_not_summed_up() -> None:
    """`--explain` shows them by layer for every method; only adaptive's are the reason."""
    found = bell().model_copy(update={"memberships": memberships(0.6, 0.1, 0.3)})
    shapes = {"m.layers.0.a.weight": ("Linear", (64, 64))}
    rows = rows_of(shapes, lambda _: Fate("qint2", "by rule", analysis=found))
    step = MethodStep(method="quantize", params={"bits": 2})
    assert "classes" not in artefact_view(manifest_of(rows, Made("int2", (step,)))).facts


def test_words_of_steps_and_selections() -> None:
    """Only what was set is said; nested values are JSON."""
    step = MethodStep(method="quantize", params={"bits": 8, "rules": {"a*": 4}, "none": None})
    assert step_words(step) == 'quantize (bits 8, rules {"a*": 4})'
    assert step_words(MethodStep(method="prune", params={})) == "prune"
    assert selection_words(Selection()) == "Linear"
    selection = Selection(include=("*.0.*",), exclude=("lm_head",), conv=True, keep_head=True)
    assert selection_words(selection) == (
        "Linear and Conv1d, those that fit *.0.*, without lm_head, the output layer kept as it is"
    )


def test_formats_of_an_artefact() -> None:
    """Four; another one is refused with the nearest named."""
    assert artefact_format_names() == ("html", "json", "markdown", "table")
    with pytest.raises(InputError, match="did you mean 'html'"):
        render_artefact(mixed(), "htm")


def test_unmeasured_sizes_are_said_to_be_so() -> None:
    """Without the zipped size there is no rate of it, and no number is made up."""
    manifest = mixed()
    sizes = manifest.sizes.model_copy(update={"zipped_bytes": None})
    view = artefact_view(manifest.model_copy(update={"sizes": sizes}))
    assert "zipped" not in view.summary
    assert view.sizes[2].rate is None

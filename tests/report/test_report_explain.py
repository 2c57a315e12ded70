"""What --explain prints: the map of bits by depth, a row per layer, and what options would cost."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from asrcompress.core.manifest import ArtefactManifest
from asrcompress.report import artefact_tables, explain_tables
from asrcompress.report.console import plain
from asrcompress.report.layers import layout_of
from asrcompress.report.terminal.bit_map import folded_name
from asrcompress.report.terminal.histogram import Sparkline
from asrcompress.report.terminal.layers import layer_renderables
from tests.report.artefacts import (
    Fate,
    Made,
    adaptive,
    bell,
    manifest_of,
    mixed,
    rows_of,
    whisper_int8,
)
from tests.report.layouts import wav2vec2

MANIFESTS = {
    "adaptive": adaptive,
    "mixed": mixed,
    "mixed-large": lambda: mixed(wav2vec2()),
    "whisper": whisper_int8,
}


def _lines(manifest: ArtefactManifest) -> list[str]:
    return plain(explain_tables(manifest)).splitlines()


def _row(lines: list[str], kind: str, block: int) -> list[str]:
    """The words of the row of one layer, below its kind's name in the long table."""
    at = max(index for index, line in enumerate(lines) if line == kind)
    return next(line.split() for line in lines[at:] if line.split()[:1] == [str(block)])


@pytest.mark.parametrize("name", MANIFESTS)
def test_everything_fits_80_columns(name: str) -> None:
    """The ledger, all its rows, the map and the layers; and nothing is cut off."""
    manifest = MANIFESTS[name]()
    text = plain(artefact_tables(manifest, full=True, explain=True))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_map_of_the_large_model() -> None:
    """24 columns in one map; pruned layers are marked, the rest as they were decided."""
    lines = _lines(adaptive())
    at = lines.index("Bits by depth: wav2vec2.encoder.layers, 24 blocks")
    tens, units, *rows = lines[at + 1 : at + 9]
    assert "".join(units.split()) == "block" + "0123456789" * 2 + "0123"
    assert [tens[column] for column in (32, 52, 72)] == ["0", "1", "2"]
    assert rows[0] == "attention.k_proj                " + "8p" * 24
    assert rows[1].split() == ["attention.v_proj", *["4"] * 24]
    assert rows[5].split() == ["feed_forward.output_dense", *["8"] * 24]


def test_map_lists_what_is_outside() -> None:
    """A chain of convolutions is one line; 16 and 32 bits have a letter that is explained."""
    lines = _lines(mixed())
    at = lines.index("Outside the blocks")
    outside = {line.split()[0]: line.split()[1:] for line in lines[at + 1 : at + 5]}
    assert outside == {
        "wav2vec2.feature_extractor.conv_layers.*.conv": ["-"] * 7,
        "wav2vec2.feature_projection.projection": ["2"],
        "wav2vec2.encoder.pos_conv_embed.conv": ["-"],
        "lm_head": ["h"],
    }
    assert lines[at + 6] == "2: bits of a weight; h: 16 bits; -: 32 bits"


def test_maps_of_encoder_and_decoder() -> None:
    """Two maps, each with its own kinds of layers."""
    lines = _lines(whisper_int8())
    heads = [line for line in lines if line.startswith("Bits by depth: ")]
    assert heads == [
        "Bits by depth: model.encoder.layers, 4 blocks",
        "Bits by depth: model.decoder.layers, 4 blocks",
    ]


def test_map_of_many_blocks_goes_on_below() -> None:
    """48 blocks are two maps of 24 columns, the second from block 24 on."""
    lines = _lines(mixed(wav2vec2(blocks=48, width=64, inner=128)))
    rows = [line.split() for line in lines if line.startswith("attention.k_proj   ")][:2]
    # 3 blocks at 2 bits, 3 at 4 bits, then 8 bits
    assert rows[0][1:] == ["2"] * 3 + ["4"] * 3 + ["8"] * 18
    assert rows[1][1:] == ["8"] * 24
    assert any(line.split()[:2] == ["2", "3"] and line.startswith(" ") for line in lines)


def test_a_block_may_lack_a_kind() -> None:
    """WavLM's first block alone has a position table: the others stay empty."""
    shapes = {
        f"m.layers.{block}.{name}.weight": ("Linear", (64, 64))
        for block in range(3)
        for name in ("a", "b", *(["table"] if block == 0 else []))
    }
    manifest = manifest_of(rows_of(shapes, lambda _: Fate("qint4")), Made("int4", (), model="tiny"))
    lines = _lines(manifest)
    assert "a     4 4 4" in lines
    assert "table 4" in lines


def test_a_layer_has_one_row_with_all_that_was_found() -> None:
    """1024 x 1024 weights, median 0.02, std 0.03, 55 % of them low: pruned, 8 bits."""
    lines = _lines(adaptive())
    numbers = _row(lines, "attention.k_proj", 5)
    assert numbers[1] == "1.05M"
    assert numbers[-6:] == ["20.0", "30.0", "55/25/20", "L", "8", "55"]
    assert _row(lines, "attention.v_proj", 5)[-5:] == ["45.0", "30/45/25", "M", "4", "-"]
    assert any("alpha 0.5 s, beta 1 s" in line for line in lines)


def test_large_weights_keep_their_column() -> None:
    """A median of 12.5 is 12,500 thousandths: 12.5K; 0.2499 and 0.0045 are 250 and 4.50."""
    shapes = {f"m.{block}.x.weight": ("Linear", (8, 8)) for block in range(3)}
    medians = {"m.0.x": 12.5, "m.1.x": 0.2499, "m.2.x": 0.0045}
    rows = rows_of(shapes, lambda name: Fate("qint8", analysis=bell(medians[name])))
    lines = [line.split() for line in _lines(manifest_of(rows, Made("int8", ())))]
    assert [line[-3:] for line in lines if line[1:2] == ["64"]] == [
        ["12.5K", "18.8K", "8"],
        ["250", "375", "8"],
        ["4.50", "6.75", "8"],
    ]


def test_divergences_have_a_row_for_each_layer() -> None:
    """Block 3 at 2 bits: 0.02 x 4 = 0.08 in the clean, 0.24 in noise: 0.16 on average."""
    lines = _lines(mixed(wav2vec2(blocks=4, width=256, inner=512, channels=128)))
    at = next(index for index, line in enumerate(lines) if line.startswith("layer  "))
    assert lines[at].split() == ["layer", "block", "2", "bits", "4", "bits", "8", "bits"]
    rows = [line.split() for line in lines[at + 2 : at + 2 + 24]]
    assert rows[0] == ["attention.k_proj", "0", "0.04", "0.002", "2e-05"]
    assert rows[3] == ["3", "0.16", "0.008", "8e-05"]
    assert any("mean over clean, noise-10dB" in line for line in lines)


def test_nothing_is_said_of_what_was_not_looked_at() -> None:
    """Uniform quantisation analyses nothing: no histograms, no classes, no divergences."""
    text = plain(explain_tables(whisper_int8()))
    assert "med. std" not in text
    assert "L/M/H" not in text
    assert "Divergence" not in text
    assert text.count("\nfc1\n") == 2  # a table each


def test_a_model_without_layers_says_nothing() -> None:
    """No row, no table."""
    assert layer_renderables(layout_of(())) == []
    assert explain_tables(manifest_of((), Made("none", ()))) == []


def test_sparkline_heights_round_up() -> None:
    """Eighths of the highest column; only an empty one has no mark."""
    counts = [0] * 33
    counts[16] = 800
    counts[17] = counts[18] = 100
    counts[19] = 2
    blocks = Sparkline(counts).characters(ascii_only=False)
    assert blocks == " " * 8 + "█▁▁" + " " * 6
    counts[17] = counts[18] = 101
    assert Sparkline(counts).characters(ascii_only=False)[9] == "▂"
    assert Sparkline(counts).characters(ascii_only=True) == " " * 8 + "@:." + " " * 6


def test_terminals_without_block_elements_get_ascii() -> None:
    """All that is printed can be encoded, and the histogram keeps its width."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=stream, width=80)
    for part in explain_tables(adaptive()):
        console.print(part)
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert "-@-" in text


def test_long_names_are_folded() -> None:
    """Before dots where there are some, else anywhere; no character is lost."""
    assert folded_name("a.bc.def", 5) == ["a.bc", ".def"]
    assert folded_name(".a.bc", 3) == [".a", ".bc"]
    assert folded_name("a..b.", 9) == ["a..b."]
    assert folded_name("abcdefgh", 3) == ["abc", "def", "gh"]
    assert folded_name("a", 3) == ["a"]


def test_names_are_no_markup_and_no_control_characters() -> None:
    """A layer called [red] stays so, and an escape code does not reach the terminal."""
    shapes = {
        f"m.layers.{block}.{name}.weight": ("Linear", (64, 64))
        for block in range(2)
        for name in ("[red]a[/red]", "b\x1b[2J")
    }
    rows = rows_of(shapes, lambda _: Fate("qint8", "[bold]why\x1b[0m"))
    manifest = manifest_of(rows, Made("x", (), model="m\x1b[2J"))
    text = plain(artefact_tables(manifest, explain=True))
    assert "[red]a[/red]" in text
    assert "[bold]why" in text
    assert "\x1b" not in text

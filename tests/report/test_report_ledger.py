"""The ledger's tables: grouping, totals, what was found, and the notes beside them."""

from __future__ import annotations

import pytest

from asrcompress.core.cost import Sizes
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.manifest import ArtefactManifest, MethodStep, Probe, SourceRecord
from asrcompress.report import ledger_tables
from asrcompress.report.console import plain
from asrcompress.report.ledger_groups import group_rows
from tests.report.artefacts import Fate, Made, adaptive, manifest_of, mixed, rows_of, whisper_int8
from tests.report.layouts import wav2vec2

LAYERS = 24


def _row(name: str, *, is_compressed: bool, why: str, kind: str = "Linear") -> LedgerRow:
    shape = (1000, 1000) if is_compressed else (1000,)
    before = 4_000_000 if is_compressed else 4000
    return LedgerRow(
        name=name,
        kind=kind,
        shape_before=shape,
        shape_after=shape,
        qtype="qint8" if is_compressed else "float32",
        sparsity=0.25 if is_compressed else 0.0,
        bytes_before=before,
        bytes_after=1_004_000 if is_compressed else before,
        is_compressed=is_compressed,
        why=why,
    )


def _rows() -> tuple[LedgerRow, ...]:
    rows = []
    for layer in range(LAYERS):
        stem = f"wav2vec2.encoder.layers.{layer}"
        for name in ("attention.k_proj", "attention.v_proj"):
            rows.append(_row(f"{stem}.{name}.weight", is_compressed=True, why="Linear, chosen"))
            rows.append(_row(f"{stem}.{name}.bias", is_compressed=False, why="bias: small"))
        norm = f"{stem}.layer_norm.weight"
        rows.append(_row(norm, is_compressed=False, why="norm: sensitive", kind="LayerNorm"))
    return tuple(rows)


@pytest.fixture
def manifest() -> ArtefactManifest:
    """Two quantised projections and a norm in each of 24 layers: 120 tensors."""
    return ArtefactManifest(
        label="int8",
        source=SourceRecord(
            model="example/wav2vec2",
            sha256="0" * 64,
            dtype="float32",
            sizes=Sizes(memory_bytes=200_000_000, disk_bytes=201_000_000, zipped_bytes=90_000_000),
            low_mantissa_bits_zero=True,
        ),
        steps=(MethodStep(method="quantize", params={"bits": 8}),),
        weights_file="asrcompress.safetensors",
        weights_sha256="0" * 64,
        tensors={},
        quantization={"wav2vec2.encoder.layers.0.attention.k_proj": {"weights": "qint8"}},
        sizes=Sizes(memory_bytes=50_000_000, disk_bytes=50_250_000, zipped_bytes=30_000_000),
        ledger=Ledger(rows=_rows()),
        probe=Probe(samples=16000, seed=0, logits_shape=(1, 49, 32), sha256="0" * 64, head=(0.0,)),
        versions={},
    )


def test_layers_are_grouped_by_module() -> None:
    """24 layers of k_proj are one row; what was left alone is grouped by class and reason."""
    groups = group_rows(_rows())
    assert [(group.name, len(group.rows)) for group in groups] == [
        ("wav2vec2.encoder.layers.*.attention.k_proj", 24),
        ("wav2vec2.encoder.layers.*.attention.v_proj", 24),
        ("wav2vec2.encoder.layers.*.attention.*", 48),
        ("wav2vec2.encoder.layers.*.layer_norm", 24),
    ]


def test_totals_are_the_sums_by_hand(manifest: ArtefactManifest) -> None:
    """48 x 4.000 MB -> 48 x 1.004 MB; 72 x 4 kB left alone."""
    text = plain(ledger_tables(manifest))
    lines = {line.split("  ")[0].strip(): line.split() for line in text.splitlines() if line}
    assert lines["compressed"][1:] == ["48", "48,000,000", "25.0", "192.0", "48.2", "3.98x"]
    assert lines["left alone"][2:] == ["72", "72,000", "0.0", "0.29", "0.29", "1.00x"]
    assert lines["total"][1:3] == ["120", "48,072,000"]


def test_sizes_have_both_compression_rates(manifest: ArtefactManifest) -> None:
    """201.0 / 50.25 = 4 on disk; 90 / 30 = 3 zipped."""
    text = plain(ledger_tables(manifest))
    assert "4.00x compression rate (disk)" in text
    assert "3.00x compression rate (zipped)" in text
    assert "4.00x smaller in memory" in text


def test_notes_say_what_the_totals_do_not(manifest: ArtefactManifest) -> None:
    """Zips of weights that were 16 bits compare with nothing; int8 is not faster by itself."""
    text = " ".join(plain(ledger_tables(manifest)).split())
    assert "zipped sizes and rates do not compare with those of other models" in text
    assert "make a model smaller, not faster unless measured" in text


def test_pruned_only_is_said_to_be_no_smaller(manifest: ArtefactManifest) -> None:
    """Zeros without quantisation take as many bytes as before."""
    pruned = manifest.model_copy(update={"quantization": {}})
    text = " ".join(plain(ledger_tables(pruned)).split())
    assert "no smaller until zipped or quantised, and no faster" in text
    assert "Note: Pruned weights" in text


def test_full_lists_every_tensor_and_all_fits_80_columns(manifest: ArtefactManifest) -> None:
    """full=True has a row per tensor; neither form needs more than 80 columns."""
    short, full = plain(ledger_tables(manifest)), plain(ledger_tables(manifest, full=True))
    assert max(map(len, (short + full).splitlines())) <= 80
    assert full.count("qint8") == 48
    assert short.count("qint8") == 2
    assert "a: Linear, chosen" in short


def test_names_are_not_markup(manifest: ArtefactManifest) -> None:
    """A reason in brackets is shown, not taken for a style."""
    row = _row("a.weight", is_compressed=False, why="[red]kept[/red]")
    odd = manifest.model_copy(update={"ledger": Ledger(rows=(row,))})
    assert "a: [red]kept[/red]" in plain(ledger_tables(odd))


def test_ledger_says_how_layers_were_sorted() -> None:
    """48 + 48 + 49 of 145 layers; pruned by 50 to 73 %, 61.5 % on average; the head is kept."""
    text = plain(ledger_tables(adaptive()))
    assert "classes: %L 33.1, %M 33.1, %H 33.8, %Pr 61.5 of 145 layers" in text
    assert "layers: Linear, the output layer kept as it is" in text
    assert ": low has most weights: pruned 50..73 %, 8 bits" in text


def test_ledger_says_what_was_measured() -> None:
    """Budget, predicted and measured divergence by condition, and the audio."""
    text = plain(ledger_tables(mixed()))
    rows = [line.split() for line in text.splitlines()]
    assert ["clean", "0.012", "0.015"] in rows
    assert ["noise-10dB", "0.034", "0.041"] in rows
    assert "Budget 8.3 MB" in text
    assert "Calibrated on dev under noise-10dB, 32 utterances, 120.0 s." in text


def test_ledger_counts_tied_weights_once() -> None:
    """The output layer shares the table's 19,916,160 weights; its row says so."""
    text = plain(ledger_tables(whisper_int8()))
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines() if line}
    linear = 4 * (12 * 384 * 384) + 4 * (16 * 384 * 384)
    assert rows["compressed"][2] == f"{linear + 51865 * 384:,}"
    assert ": tied to model.decoder.embed_tokens" in text
    assert "layers: Linear and Embedding, without model.encoder.conv*" in text


def test_reasons_that_differ_in_numbers_are_one() -> None:
    """Ranges, signs included; -0.001 is below 2e-05, and a number in a name has no sign."""
    whys = {"a": "8 bits: 1e-05 nats (-0.001), see l-2", "b": "8 bits: 0.5 nats (2e-05), see l-7"}
    shapes = {f"m.{block}.x.weight": ("Linear", (8, 8)) for block in (0, 1)}
    fates = {"m.0.x": Fate("qint8", whys["a"]), "m.1.x": Fate("qint8", whys["b"])}
    (group,) = group_rows(rows_of(shapes, fates.get))
    assert group.why == "8 bits: 1e-05..0.5 nats (-0.001..2e-05), see l-2..7"


def test_ledger_leaves_out_the_parent_of_most() -> None:
    """A head beside the model is no reason to repeat the model's name everywhere."""
    lines = plain(ledger_tables(mixed())).splitlines()
    assert lines[0] == "Ledger; a leading dot stands for wav2vec2."
    assert any(line.startswith(".encoder.layers.*") for line in lines)
    assert any(line.startswith("lm_head.weight") for line in lines)


def test_ledger_says_what_is_stored_otherwise() -> None:
    """Two tensors as bit masks; pruned weights are then smaller on disk."""
    rows = rows_of(wav2vec2(1, 64, 128, 16), lambda _: Fate("float32", "pruned local", 0.4))
    names = [row.name for row in rows][:2]
    made = Made("prune40", (), storage="bitmask", encodings=dict.fromkeys(names, "bitmask"))
    text = " ".join(plain(ledger_tables(manifest_of(rows, made))).split())
    assert "stored: 2 tensors as bitmask" in text
    assert "Zeros are not stored: smaller on disk" in text
    assert "no smaller until zipped" not in text
    halves = Made("bits16", (), encodings=dict.fromkeys(names, "float16"))
    text = " ".join(plain(ledger_tables(manifest_of(rows, halves))).split())
    assert "stored: 2 tensors as float16" in text
    assert "16-bit weights are loaded as 32 bits" in text

"""The ledger's tables: grouping, totals and the notes beside them."""

from __future__ import annotations

import pytest

from asrcompress.core.cost import Sizes
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.manifest import ArtefactManifest, MethodStep, Probe, SourceRecord
from asrcompress.report import ledger_tables
from asrcompress.report.console import plain
from asrcompress.report.ledger_groups import group_rows

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

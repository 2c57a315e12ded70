"""A model's layers by their place: blocks, kinds and what is around, for every architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from asrcompress.core.ledger import LedgerRow
from asrcompress.report.layers import densities, layout_of, options_of
from tests.checkpoints import ARCHITECTURES, tiny_module
from tests.report.artefacts import (
    Fate,
    adaptive,
    bell,
    mixed,
    rows_of,
    sensitivity,
)
from tests.report.layouts import wav2vec2, whisper

BLOCK = [
    "attention.k_proj",
    "attention.v_proj",
    "attention.q_proj",
    "attention.out_proj",
    "feed_forward.intermediate_dense",
    "feed_forward.output_dense",
]


def _rows(module: Any) -> list[LedgerRow]:
    """A ledger in which nothing was compressed."""
    return [
        LedgerRow(
            name=name,
            kind="",
            shape_before=tuple(tensor.shape),
            shape_after=tuple(tensor.shape),
            qtype="float32",
            sparsity=0.0,
            bytes_before=tensor.nbytes,
            bytes_after=tensor.nbytes,
            is_compressed=False,
            why="",
        )
        for name, tensor in module.state_dict().items()
    ]


def _left_alone(shapes: Any) -> Iterable[LedgerRow]:
    return rows_of(shapes, lambda _: None)


def test_blocks_and_kinds_of_the_large_model() -> None:
    """24 blocks of six layers; convolutions, projections and head are outside."""
    layout = layout_of(_left_alone(wav2vec2()))
    (stack,), outside = layout.stacks, layout.outside
    assert stack.name == "wav2vec2.encoder.layers"
    assert stack.blocks == tuple(range(24))
    assert list(stack.by_kind) == BLOCK
    assert len(stack.layers) == 24 * 6
    assert Counter(layer.kind for layer in outside) == {
        "wav2vec2.feature_extractor.conv_layers.*.conv": 7,
        "wav2vec2.feature_projection.projection": 1,
        "wav2vec2.encoder.pos_conv_embed.conv": 1,
        "lm_head": 1,
    }
    assert [layer.number for layer in outside] == [*"0123456", "", "", ""]


def test_encoder_and_decoder_are_two_stacks() -> None:
    """Whisper's decoder has four layers more in each block."""
    encoder, decoder = layout_of(_left_alone(whisper())).stacks
    assert (encoder.name, decoder.name) == ("model.encoder.layers", "model.decoder.layers")
    assert len(encoder.by_kind) == 6
    assert len(decoder.by_kind) == 10
    assert encoder.blocks == decoder.blocks == (0, 1, 2, 3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_has_one_stack(architecture: str) -> None:
    """Each Linear, convolution and embedding has exactly one place; two blocks are found."""
    import torch

    module = tiny_module(architecture)
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Embedding)
    layers = {name for name, layer in module.named_modules() if isinstance(layer, kinds)}
    layout = layout_of(_rows(module))
    names = [layer.name for layer in layout.layers]
    assert len(names) == len(set(names))
    assert set(names) == layers
    (stack,) = layout.stacks
    assert stack.blocks == (0, 1)
    heads = ("lm_head", "ctc_head")
    assert [layer.name for layer in layout.outside if layer.name in heads] == names[-1:]


def test_bits_and_pruning_of_a_layer() -> None:
    """Bits are those of the type; zeros count as pruned where the reason says so."""
    shapes = {f"a.{name}.weight": ("Linear", (8, 8)) for name in "bcdef"}
    fates = {
        "a.b": Fate("qint8", "pruned local, |w| <= 0.1", 0.4),
        "a.c": Fate("qint8", "", 0.04),
        "a.d": Fate("float16", ""),
        "a.e": Fate("qint2", "pruned global, |w| <= 0.1", 0.001),
        "a.f": Fate("float32", "pruned local, |w| <= 0.1", 0.4),
    }
    layers = layout_of(rows_of(shapes, fates.get)).layers
    assert [layer.bits for layer in layers] == [8, 8, 16, 2, 32]
    assert [layer.is_pruned for layer in layers] == [True, False, False, False, True]


def test_a_type_without_a_number_has_no_bits() -> None:
    """It is shown by its name, not guessed."""
    (layer,) = layout_of(rows_of({"a.b.weight": ("Linear", (8, 8))}, lambda _: Fate())).layers
    odd = layer.row.model_copy(update={"qtype": "bool"})
    assert layout_of([odd]).layers[0].bits is None


def test_numbers_too_long_to_be_meant_are_names() -> None:
    """A block's number and a type's bits from a file that someone wrote by hand."""
    shapes = {f"a.{'9' * 900}.{kind}.weight": ("Linear", (8, 8)) for kind in "bc"}
    odd = [row.model_copy(update={"qtype": "9" * 900}) for row in rows_of(shapes, lambda _: None)]
    found = layout_of(odd)
    assert (len(found.stacks), len(found.outside)) == (0, 2)
    assert found.outside[0].bits == 999


def test_divergence_is_the_mean_over_conditions() -> None:
    """0.02 in the clean and 0.06 in noise are 0.04."""
    found = bell().model_copy(update={"sensitivity": sensitivity({"2 bits": 0.02}, 64)})
    shapes = {"a.b.weight": ("Linear", (8, 8))}
    (layer,) = layout_of(rows_of(shapes, lambda _: Fate(analysis=found))).layers
    assert layer.divergences == {"2 bits": pytest.approx(0.04)}


def test_options_come_as_measured() -> None:
    """Those of any layer; none where nothing was measured."""
    assert options_of(layout_of(mixed().ledger.rows).layers) == ("2 bits", "4 bits", "8 bits")
    assert options_of(layout_of(adaptive().ledger.rows).layers) == ()


def test_histogram_in_seventeen_columns() -> None:
    """Two bins make a column, the middle one is a column alone; shares of the largest."""
    counts = [0] * 33
    counts[16], counts[17], counts[18], counts[0] = 100, 100, 50, 50
    columns = densities(counts)
    assert len(columns) == 17
    # a column of two bins has the mean of both: (100 + 50) / 2 and (50 + 0) / 2, of 100
    assert (columns[8], columns[9], columns[0]) == (1.0, 0.75, 0.25)
    assert sum(columns) == 2.0
    assert densities([0] * 33) == (0.0,) * 17

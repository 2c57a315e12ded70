"""Made-up trained artefacts: a real model's shapes, plausible curves, widths by a simple rule."""

from __future__ import annotations

import math

import numpy as np

from asrcompress.core.ledger import LedgerRow
from asrcompress.core.manifest import ArtefactManifest, MethodStep
from asrcompress.core.structure import BlockStructure, Structure
from asrcompress.core.training_record import (
    MASKS,
    Curves,
    MaskCurves,
    TrainingCorpus,
    TrainingRecord,
)
from tests.report.artefacts import Made, manifest_of, rows_of
from tests.report.layouts import wav2vec2

HEADS, HEAD_DIM, FFN, WIDTH = 12, 64, 3072, 768
TARGET = 0.8
CORPUS = TrainingCorpus(
    name="librispeech-100",
    utterances=28_539,
    duration_s=362_124.0,
    speakers=251,
    sha256="c" * 64,
    transcripts=False,
    augmentation="noise at 0-20 dB or rooms in half of the utterances",
    held_out=128,
)


def dense(blocks: int = 12, heads: int = HEADS, ffn: int = FFN) -> Structure:
    """Nothing removed."""
    full = (HEAD_DIM,) * heads
    block = BlockStructure(query_key=full, value_output=full, feed_forward=ffn)
    return Structure(blocks=(block,) * blocks)


def pruned(blocks: int = 12, heads: int = HEADS, ffn: int = FFN, seed: int = 3) -> Structure:
    """More is left of deeper blocks: ragged heads; block 1 lost all, block 2 its attention.

    Block 0 keeps its attention alone, the last block's first head has no query dimensions.
    """
    random = np.random.default_rng(seed)
    made = []
    for block in range(blocks):
        keep = (block + 1) / blocks
        widths = random.binomial(HEAD_DIM, 0.75 * keep, heads) * (random.random(heads) < 0.8 * keep)
        queries = np.where(widths, random.binomial(HEAD_DIM, 0.55 * keep, heads), 0)
        inner = int(random.binomial(ffn, 0.5 * keep**2))
        if block == 0:
            widths[0], queries[0], inner = 40, 24, 0
        if block in (1, 2):
            widths[:] = queries[:] = 0
            inner = 0 if block == 1 else inner
        if block == blocks - 1:
            widths[0], queries[0] = 64, 0
        made.append(
            BlockStructure(
                query_key=tuple(map(int, queries)),
                value_output=tuple(map(int, widths)),
                feed_forward=inner,
            )
        )
    return Structure(blocks=tuple(made))


def curves(steps: int = 20_000, points: int = 200, seed: int = 5) -> Curves:
    """The loss falls over two decades and jumps while weights go; sparsity follows its target."""
    random = np.random.default_rng(seed)
    at = np.unique(np.linspace(steps / points, steps, points).round().astype(int))
    share = at / steps
    target = TARGET * np.minimum(share / 0.07, 1)
    expected = (
        target - 0.08 * np.exp(-(((share - 0.08) / 0.03) ** 2)) + random.normal(0, 0.004, len(at))
    )
    falling = 0.02 + np.exp(-8 * share) + 0.3 * np.exp(-(((share - 0.08) / 0.04) ** 2))
    hidden = falling * np.exp(random.normal(0, 0.06, len(at)))
    logits = 0.4 * falling**1.3 * np.exp(random.normal(0, 0.1, len(at)))
    sparsity = 40 * (expected - target) ** 2 - 0.02 * np.exp(-share)
    measured = [
        float(value) if index % 10 == 9 else None
        for index, value in enumerate(0.6 * falling * np.exp(random.normal(0, 0.05, len(at))))
    ]
    return Curves(
        steps=tuple(map(int, at)),
        series={
            "divergence": tuple(measured),
            "expected_sparsity": _floats(expected),
            "hidden": _floats(hidden),
            "learning_rate": _floats(2e-4 * np.minimum(share / 0.07, (1 - share) / 0.93)),
            "logits": _floats(logits),
            "loss": _floats(hidden + logits + sparsity),
            "sparsity": _floats(sparsity),
            "target_sparsity": _floats(target),
        },
    )


def masks(structure: Structure, before: Structure, steps: int = 20_000) -> MaskCurves:
    """Each mean goes from 1 to what is left of the block, the earlier the less that is."""
    at = tuple(range(400, steps + 1, 400))
    ends = {name: _ends(name, structure, before) for name in MASKS}

    def mean(end: float, step: int) -> float:
        middle = 0.05 + 0.3 * end
        gone = 1 / (1 + math.exp(-(step / steps - middle) / 0.02))
        return 1 - (1 - end) * gone

    return MaskCurves(
        steps=at,
        means={
            name: tuple(tuple(mean(end, step) for end in values) for step in at)
            for name, values in ends.items()
        },
    )


def _ends(name: str, structure: Structure, before: Structure) -> list[float]:
    found = []
    for new, old in zip(structure.blocks, before.blocks, strict=True):
        shares = {
            "attention": float(new.has_attention),
            "feed_forward": float(new.has_feed_forward),
            "query_key": sum(new.query_key) / sum(old.query_key),
            "value_output": sum(new.value_output) / sum(old.value_output),
            "intermediate": new.feed_forward / old.feed_forward,
        }
        found.append(shares[name])
    return found


def record(structure: Structure, before: Structure, steps: int = 20_000) -> TrainingRecord:
    """A training on one GPU that ran to its end."""
    return TrainingRecord(
        method="structured",
        corpus=CORPUS,
        steps_asked=steps,
        steps_done=steps,
        stopped="all steps done",
        batch_s=64.0,
        seconds_a_step=0.405,
        processes=1,
        device="NVIDIA H200",
        precision="bf16",
        block_parameters=(parameters(before), parameters(structure)),
        divergence=0.0123,
        curves=curves(steps),
        masks=masks(structure, before, steps),
        before=before,
    )


def parameters(structure: Structure) -> int:
    """Weights, biases and norms of all blocks."""
    width = HEAD_DIM * len(structure.blocks[0].query_key)
    total = 0
    for block in structure.blocks:
        queries, values = sum(block.query_key), sum(block.value_output)
        total += 2 * queries * (width + 1) + values * (2 * width + 1) + 2 * width
        total += block.feed_forward * (2 * width + 1) + 4 * width
    return total


def structured(blocks: int = 12, heads: int = HEADS, ffn: int = FFN) -> ArtefactManifest:
    """A base model after structured pruning: rows as the structure leaves them."""
    after, before = pruned(blocks, heads, ffn), dense(blocks, heads, ffn)
    width = HEAD_DIM * heads
    rows = rows_of(wav2vec2(blocks, width, ffn), lambda _: None)
    steps = (MethodStep(method="structured", params={"sparsity": TARGET, "units": "dim"}),)
    manifest = manifest_of(
        tuple(shrunk(row, after) for row in rows),
        Made("structured80", steps, model="facebook/wav2vec2-base"),
    )
    return manifest.model_copy(
        update={
            "structure": after,
            "training": record(after, before),
            "weights_file": "asrcompress.safetensors",
        }
    )


def shrunk(row: LedgerRow, structure: Structure) -> LedgerRow:
    """The row of a block's tensor as the structure leaves it; any other as it was."""
    parts = row.name.split(".")
    if "layers" not in parts or "conv_layers" in parts:
        return row
    block = structure.blocks[int(parts[parts.index("layers") + 1])]
    axis, left, is_there = _axis(row.name, block)
    shape = list(row.shape_before)
    if not is_there:
        shape = [0] * len(shape)
    elif axis is not None and axis < len(shape):
        shape[axis] = left
    count = math.prod(shape)
    why = "retrained" if is_there and axis is None else f"{left} of {row.shape_before[axis or 0]}"
    return row.model_copy(
        update={
            "shape_after": tuple(shape),
            "bytes_after": 4 * count,
            "is_compressed": True,
            "why": why if is_there else "removed",
        }
    )


def _axis(name: str, block: BlockStructure) -> tuple[int | None, int, bool]:
    """(the axis that is shorter, what is left of it, whether the tensor is there at all)."""
    queries, values = sum(block.query_key), sum(block.value_output)
    if "q_proj" in name or "k_proj" in name:
        return 0, queries, queries > 0
    if "v_proj" in name:
        return 0, values, values > 0
    if "out_proj" in name:
        return (1 if name.endswith("weight") else None), values, values > 0
    if "intermediate_dense" in name:
        return 0, block.feed_forward, block.has_feed_forward
    if "output_dense" in name:
        return 1, block.feed_forward, block.has_feed_forward
    return None, 0, True


def distilled() -> ArtefactManifest:
    """A student of six of twelve layers, which an ordinary checkpoint holds; stopped early."""
    rows = []
    for row in rows_of(wav2vec2(12, WIDTH, FFN), lambda _: None):
        parts = row.name.split(".")
        is_block = "layers" in parts and "conv_layers" not in parts
        if is_block and int(parts[parts.index("layers") + 1]) % 2 == 0:
            gone = {"shape_after": (0,) * len(row.shape_before), "bytes_after": 0}
            row = row.model_copy(update={**gone, "is_compressed": True, "why": "removed"})
        elif is_block:
            row = row.model_copy(update={"is_compressed": True, "why": "retrained"})
        rows.append(row)
    steps = (MethodStep(method="distill", params={"layers": 6}),)
    made = manifest_of(tuple(rows), Made("distill6", steps, model="facebook/wav2vec2-base"))
    found = record(pruned(), dense()).model_copy(
        update={
            "method": "distill",
            "steps_done": 12_000,
            "stopped": "divergence goal met",
            "processes": 2,
            "device": "cpu",
            "precision": "fp32",
            "block_parameters": (85_054_464, 42_527_232),
            "curves": Curves(
                steps=(100, 200),
                series={"loss": (4.0, 1.0), "ctc": (3.0, 0.5), "divergence": (None, 0.2)},
            ),
            "masks": None,
            "before": None,
            "layers_kept": (2, 4, 6, 8, 10, 12),
        }
    )
    return made.model_copy(update={"training": found})


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)

"""Checkpoints that are a manifest alone, and speeds made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asrcompress.core.checkpoint import Checkpoint
from asrcompress.core.cost import Sizes
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.manifest import ArtefactManifest, ExportRecord, Runtime, SourceRecord
from asrcompress.core.speed import Latency, Speed, Throughput


def checkpoint(
    *,
    qtypes: Mapping[str, int] | None = None,
    layers: Mapping[str, int] | None = None,
    runtime: Runtime = "torch",
    sparsity: float = 0.0,
    is_plain: bool = False,
) -> Checkpoint:
    """A model of one weight tensor for each qtype; nothing of it is on disk."""
    rows = tuple(
        _row(number, qtype, weights, sparsity)
        for number, (qtype, weights) in enumerate((qtypes or {"float32": 100}).items())
    )
    manifest = ArtefactManifest(
        label="made",
        source=SourceRecord(
            model="m", sha256="0", dtype="float32", sizes=Sizes(), low_mantissa_bits_zero=False
        ),
        steps=(),
        runtime=runtime,
        weights_file="w",
        weights_sha256="0",
        quantization={row.name: {"weights": row.qtype} for row in rows if "int" in row.qtype},
        tensors={},
        sizes=Sizes(),
        ledger=Ledger(rows=rows),
        export=None if layers is None else _export(layers),
        probe=None,
        versions={},
    )
    return Checkpoint("m", Path("m"), None, (), (), None if is_plain else manifest, {})


def speed(*, ms: float = 100.0, rtfx: float = 100.0, disk_bytes: int = 1000, **more: Any) -> Speed:
    """Of a model that takes `ms` for 10 s; half of it for 3 s, thrice as much for 30 s."""
    given: dict[str, Any] = {
        "runtime": "torch_ctc",
        "device": "cpu",
        "threads": 1,
        "precision": "float32",
        "load_s": 1.0,
        "memory_after_load_bytes": 1,
        "peak_memory_bytes": 2,
        "sizes": Sizes(disk_bytes=disk_bytes),
        "latencies": tuple(
            Latency(audio_s=audio_s, runs=15, p50_ms=part * ms, p95_ms=part * ms)
            for audio_s, part in ((3.0, 0.5), (10.0, 1.0), (30.0, 3.0))
        ),
        "throughputs": (Throughput(batch_size=8, audio_s=80.0, rtfx=rtfx),),
        **more,
    }
    return Speed(**given)


def _row(number: int, qtype: str, weights: int, sparsity: float) -> LedgerRow:
    return LedgerRow(
        name=f"layer{number}.weight",
        kind="Linear",
        shape_before=(weights,),
        shape_after=(weights,),
        qtype=qtype,
        sparsity=sparsity,
        bytes_before=4 * weights,
        bytes_after=weights,
        is_compressed=True,
        why="made",
    )


def _export(layers: Mapping[str, int]) -> ExportRecord:
    return ExportRecord(
        files={}, inputs=("input_values",), layers=dict(layers), max_logit_change=0, divergence={}
    )

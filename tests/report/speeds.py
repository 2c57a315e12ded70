"""Made-up runs of speed: fp32 and what was made of it on three runtimes, numbers by hand."""

from __future__ import annotations

from asrcompress.core.comparison import Interval
from asrcompress.core.cost import Sizes
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.results import CellResult, Results
from asrcompress.core.speed import EnergyUse, Latency, Speed, SpeedTable, Throughput

LENGTHS_S = (2.0, 5.0, 15.0)
# runtime, weights, kernels, MB on disk, RTFx at batches 1 and 8, load s, peak MB
MODELS = {
    "fp32": ("torch_ctc", "float32", (), 377.9, (20.0, 25.0), 1.5, 1250),
    "int8": ("torch_ctc", "8-bit", (), 105.0, (14.0, 22.5), 1.9, 900),
    "int8-openvino": (
        *("openvino_ctc", "8-bit", ("brgemm_avx512_vnni_i8", "jit_avx512_f32"), 98.3),
        *((44.0, 60.0), 0.8, 410),
    ),
    "int4-onnx": ("onnx_ctc", "4-bit", ("MatMulNBits",), 61.4, (26.0, 27.5), 0.6, 350),
}
NOTE = "8-bit weights in torch: smaller, not faster on this CPU; use --runtime openvino"


def speed(name: str, *, energy: bool = False) -> Speed:
    """One of the models; latency is the length over the RTFx, p95 a fifth more."""
    runtime, precision, kernels, disk_mb, (single, batched), load_s, peak_mb = MODELS[name]
    return Speed(
        runtime=runtime,
        kernels=kernels,
        device="cpu",
        threads=2,
        precision=precision,
        load_s=load_s,
        memory_after_load_bytes=peak_mb * 600_000,
        peak_memory_bytes=peak_mb * 1_000_000,
        sizes=Sizes(disk_bytes=round(disk_mb * 1e6)),
        latencies=tuple(
            Latency(
                audio_s=length_s,
                runs=50,
                p50_ms=1000 * length_s / single,
                p95_ms=1200 * length_s / single,
            )
            for length_s in LENGTHS_S
        ),
        throughputs=(
            Throughput(batch_size=1, audio_s=100.0, rtfx=single),
            Throughput(batch_size=8, audio_s=100.0, rtfx=batched),
        ),
        energy=EnergyUse(
            method="RAPL package-0", joules_per_audio_hour=36_000 / single, idle_watts=11.5
        )
        if energy
        else None,
    )


def speeds(*, energy: bool = False) -> SpeedTable:
    """The run of all four."""
    return SpeedTable(
        machine="Intel Xeon, 2 cores, AVX512-VNNI",
        rounds=5,
        baseline="fp32",
        speeds={name: speed(name, energy=energy) for name in MODELS},
        notes=(NOTE,),
        energy_note=None if energy else "no energy: RAPL cannot be read here",
    )


# name: (errors in 2400 words in the clean and in noise, MB on disk)
DEPLOYED = {
    "fp32": (96, 660, 377.9),
    "int8": (97, 667, 105.0),
    "int8-openvino": (98, 664, 98.3),
    "int4-onnx": (107, 740, 61.4),
    "prune30": (100, 690, 377.9),
}


def deployed(results: Results) -> Results:
    """The hand-made results with these artefacts in the clean and at 5 dB; prune30 has no speed."""
    (first, *_), conditions = results.artefacts, ("clean", "noise-5dB")
    artefacts = tuple(
        first.model_copy(
            update={
                "name": name,
                "compression": name,
                "baseline": None if name == "fp32" else "fp32",
                "sizes": Sizes(disk_bytes=round(disk_mb * 1e6)),
            }
        )
        for name, (*_, disk_mb) in DEPLOYED.items()
    )
    cells = tuple(
        _cell(results, name, condition, errors)
        for name, (*both, _) in DEPLOYED.items()
        for condition, errors in zip(conditions, both, strict=True)
    )
    kept = tuple(row for row in results.conditions if row.name in conditions)
    return results.model_copy(update={"artefacts": artefacts, "cells": cells, "conditions": kept})


def _cell(results: Results, name: str, condition: str, errors: int) -> CellResult:
    """Errors of 2400 words, all substitutions; the interval goes a tenth to both sides."""
    cell = results.cell("fp32" if name == "fp32" else "int8", condition)
    assert cell is not None
    wer = errors / 2400
    update = {
        "artefact": name,
        "words": ErrorCounts(s=errors, n=2400),
        "wer_interval": Interval(low=0.9 * wer, high=1.1 * wer),
    }
    return cell.model_copy(update=update)

"""The lines beside measured speeds say what was measured, where it is worth saying."""

from __future__ import annotations

from typing import Any

import pytest

from asrcompress.core.machine import Machine
from asrcompress.evaluate.speed_notes import Measured, Run, notes_of
from tests.evaluate.speed_makers import checkpoint, speed

VNNI = Machine(
    cpu="x",
    architecture="x86_64",
    physical_cores=2,
    usable_cores=2,
    isa=("avx2", "avx512f", "avx512_vnni"),
    memory_bytes=1 << 34,
)
AVX2 = VNNI.model_copy(update={"isa": ("avx2",)})
BASE = Measured(speed(), checkpoint(is_plain=True), 1.0)


def _notes(found: Measured, machine: Machine = VNNI, **more: Any) -> tuple[str, ...]:
    return notes_of({"base": BASE, "small": found}, "base", machine, Run(**more))


def _int8(*, rtfx: float, ms: float, **more: Any) -> Measured:
    found = speed(rtfx=rtfx, ms=ms, disk_bytes=285, precision="8-bit", **more)
    return Measured(found, checkpoint(qtypes={"qint8": 1}), 1.0)


def test_8_bits_in_pytorch_are_smaller_and_not_faster() -> None:
    """1000 / 285 bytes, 95 / 100 of the throughput, 100 / 125 of the speed at 10 s."""
    assert _notes(_int8(rtfx=95, ms=125)) == (
        "small: 8-bit weights in PyTorch: 3.5x smaller, 0.95x the throughput, 0.80x the speed at "
        "batch 1 here: smaller, not faster; --runtime openvino computes in 8 bits",
    )


def test_where_they_are_faster_nothing_is_said() -> None:
    """At batch 1 alone, too: then it is not true that they are not."""
    assert _notes(_int8(rtfx=120, ms=100)) == ()
    assert _notes(_int8(rtfx=95, ms=80)) == ()


def test_no_runtime_is_recommended_for_a_gpu() -> None:
    (note,) = _notes(_int8(rtfx=95, ms=125, device="cuda"))
    assert note.endswith("smaller, not faster")


def test_zeros_without_structure() -> None:
    pruned = Measured(speed(rtfx=102, ms=99), checkpoint(sparsity=0.3), 1.0)
    assert _notes(pruned) == (
        "small: 30% of weights pruned without structure: 1.02x the throughput, 1.01x the speed at "
        "batch 1: no faster",
    )


def test_8_bits_without_dot_products() -> None:
    """Told with what was measured here, and only where the processor has none."""
    exported = Measured(
        speed(rtfx=130, ms=50, precision="8-bit", runtime="openvino_ctc"),
        checkpoint(layers={"int8": 9}, runtime="openvino"),
        1.0,
    )
    assert _notes(exported) == ()
    (note,) = _notes(exported, AVX2)
    assert "1.30x the throughput, 2.00x the speed at batch 1" in note
    assert "without dot products" in note
    unknown = AVX2.model_copy(update={"isa": (), "isa_readable": False})
    assert _notes(exported, unknown) == ()


def test_noise_is_told() -> None:
    """With the model that it hit most."""
    noisy = Measured(speed(), checkpoint(), 1.74)
    (note,) = _notes(noisy)
    assert note.startswith("Noisy: of small, one in 20 times of the same recording was over 1.7x")


def test_other_work_is_told_of_once() -> None:
    """Where the system counts it, it is the cause of the noise."""
    noisy = Measured(speed(), checkpoint(), 1.74)
    (note,) = _notes(noisy, waited=0.94)
    assert note.startswith("Disturbed: in 94% of the time there was more work than processors")
    assert _notes(BASE, waited=0.1) == ()


def test_one_after_the_other_is_told() -> None:
    (note,) = _notes(BASE, is_interleaved=False)
    assert note.startswith("Measured one model after the other, not in turns")


@pytest.mark.parametrize("baseline", [None, "small"])
def test_without_a_baseline_nothing_is_compared(baseline: str | None) -> None:
    found = {"small": _int8(rtfx=95, ms=125)}
    assert notes_of(found, baseline, VNNI, Run()) == ()

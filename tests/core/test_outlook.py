"""What is expected of a machine says what was measured, and says so where nothing was."""

from __future__ import annotations

import pytest

from asrcompress.core.machine import Gpu, Machine
from asrcompress.core.outlook import next_steps, outlook


def having(*isa: str, architecture: str = "x86_64", **more: object) -> Machine:
    fields = {
        "cpu": "Made-up 1000",
        "architecture": architecture,
        "physical_cores": 2,
        "usable_cores": 2,
        "isa": isa,
        "memory_bytes": None,
        **more,
    }
    return Machine.model_validate(fields)


@pytest.mark.parametrize(
    ("isa", "said", "measured", "saturates"),
    [
        (("avx512f", "avx512_vnni"), ("AVX512-VNNI: expect 5.0x", "4.0x"), True, False),
        (("avx512f",), ("AVX-512: expect 1.8x", "1.2 to 1.5x"), True, True),
        (
            ("avx512_vnni", "amx_int8"),
            ("AMX: expect OpenVINO", "faster than float32"),
            False,
            False,
        ),
        (("avx2", "avx_vnni"), ("AVX-VNNI: expect OpenVINO",), False, False),
        (("avx2",), ("AVX2: expect less of 8 bits than with AVX-512 (1.8x",), False, True),
        (
            (),
            ("No 8-bit instructions: expect 8-bit models to be smaller and not faster",),
            True,
            True,
        ),
    ],
)
def test_the_processor_decides(
    isa: tuple[str, ...], said: tuple[str, ...], measured: bool, saturates: bool
) -> None:
    """Figures where they were measured; a warning where 8-bit sums saturate."""
    first, *others = outlook(having(*isa))
    for words in said:
        assert words in first
    assert ("have not measured" in first) != measured
    assert any("saturate" in line for line in others) == saturates


@pytest.mark.parametrize("isa", [("asimddp",), ("asimddp", "i8mm"), ()])
def test_arm_sums_do_not_saturate(isa: tuple[str, ...]) -> None:
    """Its widening additions have 16 bits for each product."""
    lines = outlook(having(*isa, architecture="aarch64"))
    assert not any("saturate" in line for line in lines)


def test_an_unreadable_processor_promises_nothing() -> None:
    """Neither speed nor its absence."""
    first = outlook(having(isa_readable=False))[0]
    assert first.startswith("The processor's instructions cannot be read")


@pytest.mark.parametrize("isa", [(), ("avx2",), ("avx512_vnni", "amx_int8")])
def test_torch_is_never_said_to_be_faster_by_8_bits(isa: tuple[str, ...]) -> None:
    """Whatever the processor: its weights are widened before they are multiplied."""
    (line,) = (line for line in outlook(having(*isa)) if line.startswith("8- and 4-bit weights"))
    assert "smaller, not faster" in line


@pytest.mark.parametrize(
    ("isa", "said"),
    [
        (("avx512_bf16",), "AVX512-BF16: expect bfloat16 to be about 2.0x"),
        (("amx_bf16",), "AMX: expect bfloat16 to be faster than float32; not measured"),
        (("avx512_vnni",), None),
    ],
)
def test_bfloat16(isa: tuple[str, ...], said: str | None) -> None:
    """It is spoken of where the processor has instructions for it."""
    lines = [line for line in outlook(having(*isa)) if "bfloat16" in line]
    assert [line.startswith(said or "") for line in lines] == ([True] if said else [])


def test_a_gpu_gets_a_line_of_its_own() -> None:
    """Nothing was measured there, and it says so."""
    with_gpu = outlook(having("avx2", gpus=(Gpu(name="Made-up GPU"),)))
    (line,) = set(with_gpu) - set(outlook(having("avx2")))
    assert "has to be measured" in line


def test_the_next_step_is_what_is_missing() -> None:
    """The extra only where it is not installed."""
    assert next_steps({"openvino", "nncf", "torch"})[0].startswith("asrcompress compress")
    assert next_steps({"openvino"})[0] == "pip install 'asrcompress[openvino]'"
    assert next_steps({"openvino"})[1:] == next_steps({"openvino", "nncf"})

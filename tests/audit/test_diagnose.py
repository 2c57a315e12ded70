"""The doctor's findings, of made-up machines and of this one."""

from __future__ import annotations

import sys
from importlib import metadata

import pytest

import asrcompress
from asrcompress.audit import diagnose as diagnose_module
from asrcompress.audit.diagnose import diagnose
from asrcompress.core.diagnosis import Diagnosis
from asrcompress.core.machine import Gpu, Machine

MACHINE = Machine(
    cpu="Made-up 1000",
    architecture="x86_64",
    physical_cores=8,
    usable_cores=4,
    isa=("avx512f", "avx512_vnni"),
    memory_bytes=8 << 30,
)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A made-up machine without any energy meter."""
    monkeypatch.setattr(diagnose_module, "machine", lambda: MACHINE)
    monkeypatch.setattr(diagnose_module, "open_meter", lambda device: (None, f"no {device} meter"))
    return monkeypatch


def without(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Let packages of these names be not installed."""
    version = metadata.version

    def asked(name: str) -> str:
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    patch.setattr(diagnose_module.metadata, "version", asked)


def test_a_sound_machine(bare: pytest.MonkeyPatch) -> None:
    """What the machine says is passed on, what is installed has its version."""
    found = diagnose()
    assert found.machine == MACHINE
    assert (found.int8_kernels, found.bf16_kernels) == ("AVX512-VNNI", None)
    assert found.meaning[0].startswith("AVX512-VNNI: expect 5.0x")
    versions = {one.name: one.version for one in found.packages}
    assert versions["torch"] == metadata.version("torch")
    assert [(one.device, one.why_not) for one in found.energy] == [("cpu", "no cpu meter")]
    assert found.broken == ()


def test_what_is_missing_comes_with_its_extra(bare: pytest.MonkeyPatch) -> None:
    """Runtimes are a choice: that one is missing breaks nothing."""
    without(bare, "openvino", "onnxruntime", "nvidia-ml-py")
    found = diagnose()
    missing = {one.name: one.install for one in found.packages if one.version is None}
    assert missing.items() >= {
        ("openvino", "pip install 'asrcompress[openvino]'"),
        ("onnxruntime", "pip install 'asrcompress[onnx]'"),
        ("nvidia-ml-py", "pip install 'asrcompress[energy]'"),
    }
    assert found.next_steps[0] == "pip install 'asrcompress[openvino]'"
    assert found.broken == ()


def test_what_cannot_be_done_without_is_broken(bare: pytest.MonkeyPatch) -> None:
    """PyTorch, say."""
    without(bare, "torch")
    (fault,) = diagnose().broken
    assert fault.startswith("torch is not installed: pip install")


def test_without_libsndfile_that_is_the_one_fault(bare: pytest.MonkeyPatch) -> None:
    """All codecs fail with it, for the same reason."""
    bare.setitem(sys.modules, "soundfile", None)
    found = diagnose()
    assert (found.libsndfile, found.audio_formats) == (None, ())
    assert all(one.why_not is not None for one in found.codecs)
    (fault,) = found.broken
    assert fault.startswith("libsndfile cannot be loaded")


def test_a_codec_that_fails_is_broken(bare: pytest.MonkeyPatch) -> None:
    """By its name and with the reason."""
    bare.setattr(diagnose_module, "codec_faults", lambda: {"gsm": None, "mp3": "no MP3 here"})
    assert diagnose().broken == ("mp3: no MP3 here",)


def test_each_gpu_is_asked_for_its_meter(bare: pytest.MonkeyPatch) -> None:
    """Beside the processor."""
    gpus = (Gpu(name="Made-up GPU"), Gpu(name="Made-up GPU"))
    bare.setattr(diagnose_module, "machine", lambda: MACHINE.model_copy(update={"gpus": gpus}))
    bare.setattr(diagnose_module.platform, "system", lambda: "Linux")
    assert [one.device for one in diagnose().energy] == ["cpu", "cuda:0", "cuda:1"]
    bare.setattr(diagnose_module, "machine", lambda: MACHINE.model_copy(update={"gpus": gpus[:1]}))
    bare.setattr(diagnose_module.platform, "system", lambda: "Darwin")
    assert [one.device for one in diagnose().energy] == ["cpu", "mps"]


@pytest.mark.parametrize(
    ("told", "threads"), [("3", 3), ("4,2", 4), ("", None), ("0", None), ("many", None)]
)
def test_threads_are_the_environments_where_torch_is_not_loaded(
    bare: pytest.MonkeyPatch, told: str, threads: int | None
) -> None:
    """Loading it to ask would take longer than all else."""
    bare.delitem(sys.modules, "torch", raising=False)
    bare.setenv("OMP_NUM_THREADS", told)
    assert diagnose().torch_threads == threads


def test_threads_are_torchs_own_where_it_is_loaded(bare: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    import torch

    bare.setenv("OMP_NUM_THREADS", "77")
    assert diagnose().torch_threads == torch.get_num_threads()


def test_the_interface_gives_the_same() -> None:
    """`asrcompress.doctor()` on this machine, and it survives being written and read."""
    found = asrcompress.doctor()
    assert Diagnosis.model_validate_json(found.model_dump_json()) == found
    assert found.machine == diagnose().machine

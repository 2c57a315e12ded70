"""What this machine has, gathered from everything that uses it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata

from asrcompress.core.diagnosis import Codec, Diagnosis, EnergyMeter, Package, Tool
from asrcompress.core.machine import Machine, machine
from asrcompress.core.outlook import next_steps, outlook
from asrcompress.corrupt.installed_codecs import codec_faults
from asrcompress.evaluate.energy import open_meter

_ONNX = "pip install 'asrcompress[onnx]'"
_OPENVINO = "pip install 'asrcompress[openvino]'"
_ENERGY = "pip install 'asrcompress[energy]'"
_DATASETS = "pip install 'asrcompress[datasets]'"
_AGAIN = "pip install --force-reinstall asrcompress"
# Name, use, how to install; what _AGAIN installs is needed.
_PACKAGES = (
    ("torch", "runs and compresses models", _AGAIN),
    ("optimum-quanto", "8- and 4-bit weights in PyTorch", _AGAIN),
    ("onnxruntime", "runs --runtime onnx", _ONNX),
    ("onnx", "writes --runtime onnx", _ONNX),
    ("openvino", "runs --runtime openvino", _OPENVINO),
    ("nncf", "writes --runtime openvino", _OPENVINO),
    ("nvidia-ml-py", "energy of GPUs", _ENERGY),
    ("datasets", "corpora of the Hugging Face hub", _DATASETS),
)
# asrcompress calls none of them: codecs are libsndfile's.
_TOOLS = (
    ("espeak-ng", "makes speech to try things on; asrcompress does not call it"),
    ("ffmpeg", "turns .m4a, .mp4, .webm into .flac; asrcompress does not call it"),
    ("sox", "turns further formats into .flac; asrcompress does not call it"),
)


def diagnose() -> Diagnosis:
    """Everything that `asrcompress doctor` shows; torch is imported only where there is a GPU."""
    here = machine()
    packages = tuple(
        Package(name=name, version=_version(name), use=use, install=install)
        for name, use, install in _PACKAGES
    )
    libsndfile, formats = _libsndfile()
    codecs = tuple(Codec(name=name, why_not=fault) for name, fault in codec_faults().items())
    return Diagnosis(
        machine=here,
        int8_kernels=here.int8_kernels,
        bf16_kernels=here.bf16_kernels,
        torch_threads=_torch_threads(),
        packages=packages,
        libsndfile=libsndfile,
        audio_formats=formats,
        codecs=codecs,
        tools=tuple(Tool(name=name, path=shutil.which(name), use=use) for name, use in _TOOLS),
        energy=tuple(_energy(device) for device in _devices(here)),
        meaning=outlook(here),
        next_steps=next_steps([one.name for one in packages if one.version is not None]),
        broken=(*_missing(packages), *_faulty(libsndfile, codecs)),
    )


def _devices(here: Machine) -> tuple[str, ...]:
    """The torch devices."""
    if platform.system() == "Darwin":
        return ("cpu", *("mps" for _ in here.gpus))
    return ("cpu", *(f"cuda:{number}" for number, _ in enumerate(here.gpus)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _torch_threads() -> int | None:
    """What PyTorch says where it is loaded, else what the environment tells it."""
    if "torch" in sys.modules:
        import torch

        return torch.get_num_threads()
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(told) if told.isdecimal() and int(told) > 0 else None


def _libsndfile() -> tuple[str | None, tuple[str, ...]]:
    """Its version and the formats that it reads; None where it cannot be loaded."""
    try:
        import soundfile
    except (ImportError, OSError):
        return None, ()
    return str(soundfile.__libsndfile_version__), tuple(sorted(soundfile.available_formats()))


def _energy(device: str) -> EnergyMeter:
    meter, why_not = open_meter(device)
    method = None if meter is None else meter.method
    return EnergyMeter(device=device, method=method, why_not=why_not)


def _missing(packages: tuple[Package, ...]) -> list[str]:
    return [
        f"{one.name} is not installed: {one.install}"
        for one in packages
        if one.version is None and one.install == _AGAIN
    ]


def _faulty(libsndfile: str | None, codecs: tuple[Codec, ...]) -> list[str]:
    if libsndfile is None:
        return [f"libsndfile cannot be loaded, so no audio can be read: {_AGAIN}"]
    return [f"{one.name}: {one.why_not}" for one in codecs if one.why_not is not None]

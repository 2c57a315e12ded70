"""Where a result comes from: versions, threads, machine architecture."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

_PACKAGES = (
    "accelerate",
    "asrcompress",
    "jiwer",
    "librosa",
    "nncf",
    "numpy",
    "onnx",
    "onnxruntime",
    "openvino",
    "optimum-quanto",
    "pyroomacoustics",
    "safetensors",
    "scipy",
    "soundfile",
    "soxr",
    "torch",
    "transformers",
    "whisper-normalizer",
)


@cache
def versions() -> dict[str, str]:
    """The versions of Python and of every package that can change a result."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found

"""Where a model runs: the device asked for, checked before any work."""

from __future__ import annotations

from asrcompress.core.errors import InputError


def resolve_device(name: str) -> str:
    """The torch device of a name; `auto` is the first GPU where there is one, else the CPU.

    Raises:
        InputError: not a device, or one that this machine does not have.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device).item()  # which "meta" cannot: it holds no values
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(
            "device cannot be used",
            got=repr(name),
            expected=f"one of {', '.join(_devices())}",
        ) from None
    return name


def _devices() -> list[str]:
    """The names that would do on this machine."""
    import torch

    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ["auto", "cpu", *(["cuda"] if gpus else []), *gpus, *mps]

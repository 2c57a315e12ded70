"""Quantised weights as floats, for computations that optimum-quanto's tensors have no part in.

Under autocast those of 0.2 fail: 8-bit products want both sides of one type, and WavLM's attention
has its weights cast, which they refuse.
"""

from __future__ import annotations

from asrcompress.core.checkpoint import LoadedModel


def unpack_weights(loaded: LoadedModel) -> None:
    """Replace the quantised layers by plain ones with the same values, in place."""
    import torch

    from asrcompress.core.checkpoint.qmodules import empty_like

    manifest = loaded.checkpoint.manifest
    for name in manifest.quantization if manifest else ():
        quantised = loaded.model.get_submodule(name)
        plain = empty_like(quantised)
        weight: torch.Tensor = quantised.weight.dequantize()  # type: ignore[operator]
        plain.weight = torch.nn.Parameter(weight, requires_grad=False)
        if getattr(quantised, "bias", None) is not None:
            plain.bias = quantised.bias
        loaded.model.set_submodule(name, plain)

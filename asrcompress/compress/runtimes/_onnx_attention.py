"""Attention as the one operator that ONNX Runtime has for it, while a model is traced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

_NAME = "aten::scaled_dot_product_attention"
_OPERATOR = "com.microsoft::MultiHeadAttention"
OPERATOR = _OPERATOR.rpartition(":")[2]
_MASKED = -3.4e38  # finite, so that a row with nothing to attend to is no NaN
_HEADS_BEFORE_TIME = [0, 2, 1, 3]  # of (batch, time, heads, width), or back


@contextlib.contextmanager
def fused_attention(opset: int) -> Iterator[None]:
    """While it lasts, tracing makes one operator of attention."""
    import torch

    symbolics: Any = torch.onnx
    symbolics.register_custom_op_symbolic(_NAME, _attention, opset)
    try:
        yield
    finally:
        symbolics.unregister_custom_op_symbolic(_NAME, opset)


def set_bias_apart(graph: Any) -> None:
    """Move each operator's mask from its fourth input, where tracing puts it, to its own."""
    for node in graph.node:
        if node.op_type == OPERATOR and len(node.input) == 4:
            mask = node.input.pop()
            node.input.extend(["", "", mask])  # after a bias and a mask of keys


def _attention(
    g: Any,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: Any = 0.0,  # noqa: ARG001 - nothing is dropped in evaluation
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Any:
    """(batch, heads, time, width) of the same."""
    import torch
    from torch.onnx import symbolic_helper, symbolic_opset14

    sizes = symbolic_helper._get_tensor_sizes(query)
    has_mask = not symbolic_helper._is_none(attn_mask)
    mask_sizes = symbolic_helper._get_tensor_sizes(attn_mask) if has_mask else sizes
    is_known = (
        sizes is not None
        and len(sizes) == len(_HEADS_BEFORE_TIME)
        and sizes[1] is not None
        and mask_sizes is not None
        and len(mask_sizes) == len(sizes)
        and mask_sizes[2] != 1
        and not is_causal
        and not enable_gqa
    )
    if not is_known:
        return symbolic_opset14.scaled_dot_product_attention(
            g, query, key, value, attn_mask, 0.0, is_causal, scale, enable_gqa
        )
    inputs = [_joined(g, part) for part in (query, key, value)]
    if has_mask:
        inputs.append(_added(g, attn_mask))
    options: dict[str, Any] = {"num_heads_i": sizes[1]}
    if not symbolic_helper._is_none(scale):
        options["scale_f"] = float(symbolic_helper._maybe_get_const(scale, "f"))
    made = g.op(_OPERATOR, *inputs, **options)
    heads = g.op("Constant", value_t=torch.tensor([0, 0, sizes[1], -1]))
    return g.op("Transpose", g.op("Reshape", made, heads), perm_i=_HEADS_BEFORE_TIME)


def _joined(g: Any, heads: Any) -> Any:
    """(batch, time, heads * width) of (batch, heads, time, width)."""
    import torch

    flat = g.op("Constant", value_t=torch.tensor([0, 0, -1]))
    return g.op("Reshape", g.op("Transpose", heads, perm_i=_HEADS_BEFORE_TIME), flat)


def _added(g: Any, mask: Any) -> Any:
    """A mask of floats to be added, of one that may be of booleans."""
    if mask.type().scalarType() != "Bool":
        return mask
    import torch

    zero = g.op("Constant", value_t=torch.tensor(0.0))
    masked = g.op("Constant", value_t=torch.tensor(_MASKED))
    return g.op("Where", mask, zero, masked)

"""Products with codes for weights, in ONNX Runtime's operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asrcompress.compress.runtimes._onnx_graph import RUNTIME_DOMAIN, GraphEditor, Product
from asrcompress.compress.weight_codes import WeightCodes
from asrcompress.core.errors import ModelError

_LARGEST_CODE = 15  # of 4 bits without a sign
_INT8_ARITHMETIC = 4  # accuracy_level: activations are rounded to 8 bits, block by block
_BLOCKS = (128, 64, 32, 16)  # weights that may share a scale; the larger the faster (measured)


class Products:
    """Puts products of codes into a graph; activations that several share are rounded once.

    is_windowed: whether a layer's input are windows of rows, which are then gathered in 8 bits.
    """

    def __init__(self, editor: GraphEditor, is_windowed: Callable[[str], bool]) -> None:
        self._editor = editor
        self._is_windowed = is_windowed
        self._rounded: dict[str, tuple[str, str, str]] = {}
        self._sums: dict[tuple[str, int], str] = {}

    def use(self, product: Product, codes: WeightCodes) -> None:
        """Compute the layer's product with the codes."""
        if codes.bits == 8:
            self._editor.put(product, self._with_bytes(product, codes))
        else:
            self._editor.put(product, self._with_blocks(product, codes))

    def _with_bytes(self, product: Product, codes: WeightCodes) -> list[Any]:
        """A product of 8-bit numbers in one operator, which scales the sums and adds the bias."""
        editor, layer = self._editor, product.layer
        nodes, (values, scale, zero) = self._in_bytes(product)
        weight = editor.constant(f"{layer}/codes", codes.codes[:, 0].T)
        scales = editor.constant(f"{layer}/scale", codes.scale[:, 0, 0])
        inputs = [values, weight, scale, scales, zero, "", product.bias or ""]
        while not inputs[-1]:
            inputs.pop()
        output = [product.output]
        made = editor.node("MatMulIntegerToFloat", inputs, output, domain=RUNTIME_DOMAIN)
        return [*nodes, made]

    def _in_bytes(self, product: Product) -> tuple[list[Any], tuple[str, str, str]]:
        """The product's input as uint8, its scale and its zero, and nodes that are missing yet."""
        editor, nodes = self._editor, []
        source, moves = editor.source(product.input, windows=self._is_windowed(product.layer))
        if source not in self._rounded:
            names = (f"{source}/bytes", f"{source}/bytes_scale", f"{source}/bytes_zero")
            nodes.append(editor.node("DynamicQuantizeLinear", [source], list(names)))
            self._rounded[source] = names
        values, scale, zero = self._rounded[source]
        for move in moves:
            output = f"{move.output[0]}/bytes"
            if output not in self._rounded:
                made = editor.node(move.op_type, [values, *move.input[1:]], [output])
                made.attribute.extend(move.attribute)
                nodes.append(made)
                self._rounded[output] = (output, scale, zero)
            values = output
        return nodes, (values, scale, zero)

    def _with_blocks(self, product: Product, codes: WeightCodes) -> list[Any]:
        """A product with 4-bit weights, and one that makes up for zeros that are not whole.

        With z the nearest whole zero, sum (q - zero) s x = sum (q - z) s x + (z - zero) s sum x:
        the second term is a product with as many columns as there are groups.
        """
        editor, layer = self._editor, product.layer
        exact = np.zeros_like(codes.scale) if codes.zero is None else codes.zero
        whole = np.clip(np.rint(exact), 0, _LARGEST_CODE)
        rest = ((whole - exact) * codes.scale)[..., 0].T  # (groups, out)
        blocks = _Blocks.of(codes, whole)
        inputs = [
            product.input,
            editor.constant(f"{layer}/codes", blocks.codes),
            editor.constant(f"{layer}/scale", blocks.scale),
            editor.constant(f"{layer}/zero", blocks.zero),
            "",
            product.bias or "",
        ]
        made = f"{product.output}/whole" if rest.any() else product.output
        node = editor.node(
            "MatMulNBits",
            inputs if product.bias else inputs[:4],
            [made],
            domain=RUNTIME_DOMAIN,
            K=codes.shape[1],
            N=codes.shape[0],
            bits=4,
            block_size=blocks.size,
            accuracy_level=_INT8_ARITHMETIC,
        )
        if not rest.any():
            return [node]
        nodes, sums = self._sums_of(product.input, codes)
        weight = editor.constant(f"{layer}/rest", rest.astype(np.float32))
        more = f"{product.output}/rest"
        return [
            *nodes,
            node,
            editor.node("MatMul", [sums, weight], [more]),
            editor.node("Add", [made, more], [product.output]),
        ]

    def _sums_of(self, given: str, codes: WeightCodes) -> tuple[list[Any], str]:
        """What is missing for sums of an input over each group, and these, (..., groups)."""
        editor = self._editor
        _, groups, size = codes.codes.shape
        if (given, groups) in self._sums:
            return [], self._sums[given, groups]
        sums = self._sums[given, groups] = f"{given}/sums_of_{groups}"
        of_group = np.repeat(np.eye(groups, dtype=np.float32), size, axis=0)  # (in, groups)
        adding = editor.constant(f"{groups} groups of {size}", of_group)
        return [editor.node("MatMul", [given, adding], [sums])], sums


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Weights as MatMulNBits takes them: each row padded to whole blocks, two codes to a byte.

    codes: (out, blocks, size / 2). scale: (out, blocks). zero: (out, blocks / 2), rounded up.
    """

    size: int
    codes: npt.NDArray[np.uint8]
    scale: npt.NDArray[np.float32]
    zero: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, codes: WeightCodes, whole: npt.NDArray[np.float32]) -> _Blocks:
        """Blocks within groups; a single group of any width is padded to whole blocks.

        Raises:
            ModelError: there are several groups of a width that no block divides.
        """
        rows, groups, width = codes.codes.shape
        size = next((size for size in _BLOCKS if width % size == 0), _BLOCKS[-1])
        blocks = -(-width // size)
        if groups > 1 and width % size:
            raise ModelError(
                "ONNX Runtime has no product with such groups of weights",
                got=f"groups of {width}",
                expected=f"a multiple of {size}",
                next_step="leave --runtime out, or choose another",
            )
        missing = blocks * size - width
        padded = np.pad(codes.codes, ((0, 0), (0, 0), (0, missing)))
        zero = np.repeat(whole[..., 0], blocks, axis=1).astype(np.uint8)
        return cls(
            size=size,
            codes=_pairs(padded.reshape(rows, groups * blocks, size)),
            scale=np.repeat(codes.scale[..., 0], blocks, axis=1),
            zero=_pairs(zero),
        )


def _pairs(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """4-bit numbers of the last axis, two to a byte, the first in the lower half."""
    if codes.shape[-1] % 2:
        codes = np.concatenate([codes, np.zeros_like(codes[..., :1])], axis=-1)
    pairs: npt.NDArray[np.uint8] = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return pairs.astype(np.uint8)

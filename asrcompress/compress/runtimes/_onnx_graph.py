"""An ONNX graph being edited: who makes what, which products belong to which layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asrcompress.core.runtimes._needed import needed

PREFIX = "model."  # of the names of the traced model's weights
RUNTIME_DOMAIN = "com.microsoft"  # of the operators that ONNX Runtime adds
_WEIGHT = ".weight"
_SAME_VALUES = {"Identity", "Transpose", "Reshape", "Unsqueeze", "Squeeze"}
_MOVES = {"Reshape", "Transpose"}
_WINDOWS = {*_MOVES, "Gather", "Slice"}


@dataclass(frozen=True, slots=True)
class Product:
    """The product of a Linear layer: (..., in) to (..., out), with its bias where that is added."""

    layer: str
    node: Any
    bias: str | None
    output: str

    @property
    def input(self) -> str:
        """The tensor that the weight is multiplied with."""
        return str(self.node.input[0])


class GraphEditor:
    """Nodes in order of computation; those put in stand where the node was that they replace."""

    def __init__(self, graph: Any, weights: Mapping[str, Any]) -> None:
        self._onnx = needed("onnx", extra="onnx")
        self._graph = graph
        self._weights = weights
        self._makers = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self._instead: dict[int, list[Any]] = {}  # by the replaced node's id
        self._kept = list(graph.node)  # ids are theirs as long as they live
        self._constants: dict[str, npt.NDArray[Any]] = {}

    def products(self) -> dict[str, Product]:
        """The products with Linear layers' weights, by layer, in order of computation."""
        found = (self._product(node) for node in self._kept)
        return {product.layer: product for product in found if product is not None}

    def source(self, name: str, *, windows: bool) -> tuple[str, list[Any]]:
        """The tensor that another is rearranged from, and the nodes that do so, the first first.

        windows: values may be repeated and left out too.
        """
        moves: list[Any] = []
        while (maker := self._makers.get(name)) is not None:
            if maker.op_type not in (_WINDOWS if windows else _MOVES):
                break
            moves.insert(0, maker)
            name = maker.input[0]
        return name, moves

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """The name of a constant that holds the values."""
        self._constants[name] = np.ascontiguousarray(values)
        return name

    def node(self, op: str, inputs: list[str], outputs: list[str], **options: Any) -> Any:
        """A node to be put in, named by its first output."""
        return self._onnx.helper.make_node(op, inputs, outputs, name=outputs[0], **options)

    def put(self, product: Product, nodes: list[Any]) -> None:
        """Compute the product by these nodes, the last of which gives `product.output`."""
        if product.bias is not None:
            self._instead[id(self._makers[product.output])] = []
        self._instead[id(product.node)] = nodes

    def finish(self) -> Iterator[Any]:
        """Give the graph its new nodes and the weights they use; each constant as it is made."""
        nodes = []
        for node in self._kept:
            nodes += self._instead.get(id(node), [node])
        nodes = _in_use(nodes, {output.name for output in self._graph.output})
        del self._graph.node[:]
        self._graph.node.extend(nodes)
        used = {name for node in nodes for name in node.input}
        inputs = [given for given in self._graph.input if given.name not in self._weights]
        del self._graph.input[:]
        self._graph.input.extend(inputs)
        for name in sorted(used & self._constants.keys()):
            yield self._onnx.numpy_helper.from_array(self._constants.pop(name), name)
        for name in sorted(used & self._weights.keys()):
            yield self._onnx.numpy_helper.from_array(self._weights[name].numpy(), name)

    def _product(self, node: Any) -> Product | None:
        layer = self._layer(node.input[1]) if node.op_type == "MatMul" else None
        if layer is None:
            return None
        made = str(node.output[0])
        after = self._users.get(made, [])
        if len(after) == 1 and after[0].op_type == "Add":
            bias = next((name for name in after[0].input if self._is_vector(name)), None)
            if bias is not None:
                return Product(layer, node, bias, str(after[0].output[0]))
        return Product(layer, node, None, made)

    def _layer(self, name: str) -> str | None:
        """The layer whose weight a tensor is, or is a change of shape of."""
        while not (name.startswith(PREFIX) and name.endswith(_WEIGHT)):
            maker = self._makers.get(name)
            if maker is None or maker.op_type not in _SAME_VALUES:
                return None
            name = maker.input[0]
        return name.removeprefix(PREFIX).removesuffix(_WEIGHT)

    def _is_vector(self, name: str) -> bool:
        return name in self._weights and self._weights[name].ndim == 1


def _in_use(nodes: list[Any], wanted: set[str]) -> list[Any]:
    """Without what nothing uses; nodes are in order of computation."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]

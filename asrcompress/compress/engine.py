"""Doing what was decided: each tensor is read once, changed, written, and forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.compress.decision import Decision, Layer
from asrcompress.compress.encode import Encoded, encode, fits_float16
from asrcompress.compress.entries import Entry, entries_of
from asrcompress.compress.layers import why_not_by_default
from asrcompress.compress.sizes import has_low_mantissa_bits
from asrcompress.compress.tensor_store import TensorStore
from asrcompress.compress.weight_file import WeightFile
from asrcompress.compress.weight_norm import unfolded
from asrcompress.compress.weights import LayerWeights, refuse_not_finite
from asrcompress.core.checkpoint.encodings import HALVES
from asrcompress.core.checkpoint.quantised import ACTIVATION_SCALES, dtype_name
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.manifest import PLAIN_WEIGHTS_NAME, QUANTISED_WEIGHTS_NAME, Storage
from asrcompress.core.progress import Progress

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Written:
    """What the engine did, for the manifest.

    dtypes: those that floating-point tensors are stored in. low_mantissa_bits_zero: of the
    original's float32 tensors.
    """

    path: Path
    ledger: Ledger
    quantization: dict[str, dict[str, str]]
    tensors: dict[str, str]
    encodings: dict[str, str]
    dtypes: frozenset[str]
    low_mantissa_bits_zero: bool


def is_plain(decided: Mapping[str, Decision], storage: Storage) -> bool:
    """Whether an ordinary `from_pretrained` will load the result."""
    return storage == "dense" and all(decision.bits == 32 for decision in decided.values())


def write(
    weights: LayerWeights,
    folder: Path,
    storage: Storage,
    progress: Progress,
    *,
    may_be_plain: bool = True,
) -> Written:
    """Write the weight file of the model under the decisions taken so far.

    may_be_plain: whether an ordinary configuration can say what the modules' shapes are.
    """
    plain = may_be_plain and is_plain(weights.decided, storage)
    path = folder / (PLAIN_WEIGHTS_NAME if plain else QUANTISED_WEIGHTS_NAME)
    entries = entries_of(weights.source.module)
    with WeightFile(path) as file:
        engine = _Engine(weights, TensorStore(file, storage, plain=plain))
        for done, entry in enumerate(entries):
            progress("compressing", done, len(entries))
            engine.take(entry)
    return engine.written(path)


@dataclass
class _Engine:
    weights: LayerWeights
    store: TensorStore
    layers: dict[str, Layer] = field(init=False)  # tied ones too
    buffers: frozenset[str] = field(init=False)
    rows: list[LedgerRow] = field(default_factory=list)
    quantization: dict[str, dict[str, str]] = field(default_factory=dict)
    low_mantissa: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layers = {
            name: layer
            for layer in self.weights.all_layers.values()
            for name in (layer.name, *layer.tied)
        }
        named = self.weights.source.module.named_buffers(remove_duplicate=False)
        self.buffers = frozenset(name for name, _ in named)

    def take(self, entry: Entry) -> None:
        """Write one tensor of the original, in whatever form was decided, and its row."""
        layer = self.layers.get(entry.layer) if entry.role != "other" else None
        decision = self.weights.decided.get(layer.name) if layer else None
        if entry.alias_of is not None:
            self._share(entry)
        elif layer is None or decision is None or not _does_something(decision):
            self._keep(entry, layer, decision)
        elif decision.bits in (16, 32):
            self._take_float(entry, decision)
        elif entry.role == "magnitude":
            self._row(entry, "float32", 0, 0, "folded into the quantised weight", decision)
        else:
            self._quantise(entry, layer, decision)

    def written(self, path: Path) -> Written:
        return Written(
            path=path,
            ledger=Ledger(rows=tuple(self.rows)),
            quantization=self.quantization,
            tensors=self.store.tensors,
            encodings=self.store.encodings,
            dtypes=frozenset(self.store.dtypes),
            low_mantissa_bits_zero=bool(self.low_mantissa) and not any(self.low_mantissa),
        )

    def _read(self, entry: Entry) -> torch.Tensor:
        tensor = self.weights.source.read(entry.key)
        if tensor.is_floating_point() and not any(self.low_mantissa):
            self.low_mantissa.append(has_low_mantissa_bits(tensor))
        return tensor

    def _keep(self, entry: Entry, layer: Layer | None, decision: Decision | None) -> None:
        """A tensor that no method touches stays in the dtype it came in."""
        stored = self._read(entry)
        if stored.is_floating_point():
            is_buffer = entry.key in self.buffers  # a mask for attention holds -inf
            refuse_not_finite(entry.key, stored, may_be_infinite=is_buffer)
        value = stored.float() if dtype_name(stored.dtype) in HALVES else stored
        self.store.add(entry.key, value, stored)
        why = (decision.why if decision is not None else "") or self._why_not(entry, layer)
        self._row(entry, dtype_name(value.dtype), value.nbytes, _zeros(value), why, decision)

    def _take_float(self, entry: Entry, decision: Decision) -> None:
        """Pruned values, or values in float16."""
        original = self._read(entry)
        if entry.role == "weight":
            value = self.weights.read(entry.layer)
        else:
            value = self._unfolded(entry, original)
        stored, why = value, decision.why
        if decision.bits == 16 and fits_float16(value):
            stored = value.half()
            value = stored.float()
            why = "; ".join(filter(None, (why, "rounded to float16")))
        elif decision.bits == 16:
            too_large = "values beyond float16's range, left in float32"
            why = "; ".join(filter(None, (why, too_large)))
        elif original.dtype != value.dtype and _is_exact(value, original.dtype):
            stored = value.to(original.dtype)
        self.store.add(entry.key, value, stored)
        zeros = 0 if entry.role == "magnitude" else _zeros(value)
        qtype = "float16" if decision.bits == 16 and stored is not value else "float32"
        self._row(entry, qtype, value.nbytes, zeros, why, decision)

    def _unfolded(self, entry: Entry, original: torch.Tensor) -> torch.Tensor:
        """g or v of a weight-normed layer."""
        if not self.weights.decided[entry.layer].prune:
            return original.float()
        name = entry.layer
        if entry.role == "magnitude":
            weight = self.weights.read(name)
            norm, _ = unfolded(self.weights.source.module.get_submodule(name), weight, weight)
            return norm
        layer = self.weights.source.module.get_submodule(name)
        return unfolded(layer, self.weights.read(name), original.float())[1]

    def _quantise(self, entry: Entry, layer: Layer, decision: Decision) -> None:
        import torch

        self._read(entry)
        encoded = encode(self.weights.read(layer.name), decision)
        names = (layer.name, *layer.tied)
        self.store.add_codes(f"{layer.name}.weight", encoded.parts, decision.bits)
        for name in names:
            self.quantization[name] = {"weights": f"qint{decision.bits}", "activations": "none"}
            for scale in ACTIVATION_SCALES:
                self.store.add(f"{name}.{scale}", torch.ones(()))
        for name in layer.tied:
            for part in encoded.parts:
                self.store.alias(f"{name}.weight.{part}", f"{layer.name}.weight.{part}")
        size = sum(part.nbytes for part in encoded.parts.values())
        size += len(names) * len(ACTIVATION_SCALES) * torch.ones(()).nbytes
        self._quantised_row(entry, decision, encoded, size)

    def _quantised_row(self, entry: Entry, decision: Decision, encoded: Encoded, size: int) -> None:
        why = "; ".join(filter(None, (decision.why, f"qint{decision.bits} {encoded.grid}")))
        self._row(entry, f"qint{decision.bits}", size, encoded.zeros, why, decision)

    def _share(self, entry: Entry) -> None:
        """A tensor that is another one's: stored there, and nothing to count here."""
        assert entry.alias_of is not None
        if entry.role == "other" or entry.layer not in self.quantization:
            self.store.alias(entry.key, entry.alias_of)
        shared = next(row for row in self.rows if row.name == entry.alias_of)
        self.rows.append(
            shared.model_copy(
                update={
                    "name": entry.key,
                    "kind": entry.kind,
                    "bytes_before": 0,
                    "bytes_after": 0,
                    "tied_to": entry.alias_of,
                    "why": f"one tensor with {entry.alias_of}",
                    "analysis": None,
                }
            )
        )

    def _row(
        self,
        entry: Entry,
        qtype: str,
        size: int,
        zeros: int,
        why: str,
        decision: Decision | None,
    ) -> None:
        count = math.prod(entry.shape)
        self.rows.append(
            LedgerRow(
                name=entry.key,
                kind=entry.kind,
                shape_before=entry.shape,
                shape_after=entry.shape,
                qtype=qtype,
                sparsity=zeros / count if count else 0.0,
                bytes_before=entry.memory_bytes,
                bytes_after=size,
                is_compressed=decision is not None and _does_something(decision),
                why=why,
                analysis=decision.analysis if decision and entry.role != "magnitude" else None,
            )
        )

    def _why_not(self, entry: Entry, layer: Layer | None) -> str:
        if layer is None or entry.role == "magnitude":
            return "no weight of a Linear, Conv1d or Embedding"
        by_default = why_not_by_default(layer, self.weights.selection)
        return by_default or "not of a kind that the method compresses"


def _does_something(decision: Decision) -> bool:
    return decision.bits != 32 or bool(decision.prune)


def _is_exact(value: torch.Tensor, dtype: torch.dtype) -> bool:
    return bool((value.to(dtype).to(value.dtype) == value).all())


def _zeros(value: torch.Tensor) -> int:
    return value.numel() - int(value.count_nonzero())

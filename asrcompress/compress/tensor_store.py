"""Writing tensors in the form that is asked for, with what a reload must find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asrcompress.compress.weight_file import WeightFile
from asrcompress.core.checkpoint.encodings import encode_zeros, stored_keys
from asrcompress.core.checkpoint.integrity import digest_of
from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.checkpoint.zero_codes import encode_zero_codes
from asrcompress.core.manifest import Storage

if TYPE_CHECKING:
    import torch

_DATA = "_data"  # quanto's name of 8-bit values
_CODES, _SHIFT = "_data._data", "_shift"  # and of packed codes


@dataclass
class TensorStore:
    """A weight file with the digests of its tensors as loaded, and their encodings.

    plain: an ordinary `from_pretrained` will read the file, so it says all that there is to say.
    dtypes: those that floating-point tensors were stored in.
    """

    file: WeightFile
    storage: Storage
    plain: bool
    tensors: dict[str, str] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    dtypes: set[str] = field(default_factory=set)

    def add(self, key: str, value: torch.Tensor, stored: torch.Tensor | None = None) -> None:
        """Write a tensor; `value` is what loading gives, `stored` it in half precision."""
        stored = value if stored is None else stored
        half = dtype_name(stored.dtype) if stored.dtype != value.dtype else ""
        packed = encode_zeros(stored) if self.storage == "bitmask" else None
        encoding = "+".join(filter(None, ("bitmask" if packed else "", half)))
        self._write(key, stored, encoding, tuple(packed.values()) if packed else None)
        self.tensors[key] = digest_of(value)
        if stored.is_floating_point():
            self.dtypes.add(dtype_name(stored.dtype))

    def add_codes(self, key: str, parts: Mapping[str, torch.Tensor], bits: int) -> None:
        """Write the parts of a quantised weight."""
        for name, part in parts.items():
            if name == _DATA:
                self.add(f"{key}.{name}", part)
                continue
            packed = self._without_zeros(name, parts, bits)
            self._write(f"{key}.{name}", part, f"bitmask+qint{bits}" if packed else "", packed)
            self.tensors[f"{key}.{name}"] = digest_of(part)

    def alias(self, key: str, original: str) -> None:
        """Note that loading gives a tensor under another name too."""
        self.tensors[key] = self.tensors[original]

    def _write(
        self,
        key: str,
        stored: torch.Tensor,
        encoding: str,
        packed: tuple[torch.Tensor, ...] | None,
    ) -> None:
        if encoding and not self.plain:
            self.encodings[key] = encoding
        for name, part in zip(stored_keys(key, encoding), packed or (stored,), strict=True):
            self.file.add(name, part)

    def _without_zeros(
        self, name: str, parts: Mapping[str, torch.Tensor], bits: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Mask and other codes, where the part is packed codes with an exact zero among them."""
        shift = parts.get(_SHIFT)
        if self.storage == "dense" or name != _CODES or shift is None:
            return None
        return (
            encode_zero_codes(parts[name], shift, bits)
            if dtype_name(shift.dtype) == "uint8"
            else None
        )

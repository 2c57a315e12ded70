"""The ledger of an artefact whose weights a runtime's graph holds."""

from __future__ import annotations

from collections.abc import Mapping

from asrcompress.compress.weight_norm import DIRECTION, MAGNITUDE
from asrcompress.core.ledger import Ledger, LedgerRow

_FLOAT_BYTES = 4
_GROUP = 128  # weights that share scale and zero below 8 bits
_BITS = {"int8": 8, "int8 weights": 8, "int4 weights": 4}


def exported_ledger(ledger: Ledger, layers: Mapping[str, str], runtime: str) -> Ledger:
    """The rows as the graph stores them.

    layers: how each Linear layer and convolution is computed, see runtimes._export.Exported. Bytes
    count scales and zeros; what the graph has in floats is float32.
    """
    return Ledger(rows=tuple(_row(row, layers, runtime) for row in ledger.rows))


def _row(row: LedgerRow, layers: Mapping[str, str], runtime: str) -> LedgerRow:
    layer, _, part = row.name.rpartition(".")
    if row.name.endswith((MAGNITUDE, DIRECTION)):
        layer, part = row.name.split(".parametrizations.")[0], row.name.rsplit(".", 1)[-1]
    form = layers.get(layer)
    if row.is_removed or row.tied_to is not None or form is None:
        return row
    if row.name.endswith(MAGNITUDE):
        why = f"folded into the weight in {runtime}"
        return row.model_copy(update={"bytes_after": 0, "shape_after": (0,), "why": why})
    if part not in ("weight", "original1"):
        return row
    if form == "float32":
        return row.model_copy(
            update={"qtype": "float32", "bytes_after": row.weights * _FLOAT_BYTES}
        )
    bits = _BITS[form]
    why = f"{row.why}; {_words(form)} in {runtime}"
    return row.model_copy(
        update={
            "qtype": f"qint{bits}",
            "bytes_after": _bytes(row.shape_after, row.weights, bits),
            "is_compressed": True,
            "why": why.removeprefix("; "),
        }
    )


def _words(form: str) -> str:
    return (
        "8-bit weights and activations"
        if form == "int8"
        else form.replace("int", "", 1).replace(" weights", "-bit weights")
    )


def _bytes(shape: tuple[int, ...], weights: int, bits: int) -> int:
    """Codes with a scale a row at 8 bits; with scale and 4-bit zero a group at 4."""
    if bits == 8:
        return weights + shape[0] * _FLOAT_BYTES
    groups = max(shape[0], weights // _GROUP)
    return -(-weights // 2) + groups * _FLOAT_BYTES + -(-groups // 2)

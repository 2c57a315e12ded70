"""asrcompress.json with what derives from it: rates, totals, and the layers' places."""

from __future__ import annotations

from typing import Any

from asrcompress.core.files import to_json
from asrcompress.core.ledger import Ledger
from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.layers import LayerView


def render(view: ArtefactView) -> str:
    """The manifest, and beside it summary, rates, totals, class_shares and layers.

    Rates are bytes before / bytes after, shares are fractions; null where undefined.
    """
    shares = view.class_shares
    return to_json(
        {
            **view.manifest.model_dump(mode="json"),
            "summary": view.summary,
            "notes": list(view.notes),
            "rates": {row.name: row.rate for row in view.sizes},
            "totals": {name.replace(" ", "_"): _total(row) for name, row in view.sums.items()},
            "class_shares": None
            if shares is None
            else {
                "layers": shares.layers,
                "low": shares.low,
                "medium": shares.medium if view.has_medium else None,
                "high": shares.high,
                "pruning_rate": shares.pruning_rate,
            },
            "layers": [_layer(layer) for layer in view.layout.layers],
        }
    )


def _total(found: Ledger) -> dict[str, Any]:
    return {
        "tensors": len(found.rows),
        "weights": found.weights,
        "sparsity": found.sparsity,
        "bytes_before": found.bytes_before,
        "bytes_after": found.bytes_after,
        "rate": found.rate,
    }


def _layer(layer: LayerView) -> dict[str, Any]:
    return {
        "name": layer.name,
        "tensor": layer.row.name,
        "stack": layer.stack,
        "block": layer.block,
        "bits": layer.bits,
        "is_pruned": layer.is_pruned,
        "divergence": layer.divergences or None,
    }

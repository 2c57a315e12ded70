"""asrcompress.json with what derives from it: rates, totals, and the layers' places."""

from __future__ import annotations

from typing import Any

from asrcompress.core.files import to_json
from asrcompress.core.ledger import Ledger
from asrcompress.core.training_record import TrainingRecord
from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.block_widths import BlockWidths
from asrcompress.report.layers import LayerView
from asrcompress.report.training_facts import audio_heard_s, parameters_ratio, training_s

_PARTS = ("compressed", "left_alone", "total")


def render(view: ArtefactView) -> str:
    """The manifest, and beside it summary, rates, totals, class_shares, blocks and layers.

    Rates are bytes before / bytes after, shares are fractions; null where undefined.
    """
    shares = view.class_shares
    return to_json(
        {
            **view.manifest.model_dump(mode="json"),
            "summary": view.summary,
            "notes": list(view.notes),
            "rates": {row.name: row.rate for row in view.sizes},
            "totals": dict(zip(_PARTS, map(_total, view.sums.values()), strict=True)),
            "class_shares": None
            if shares is None
            else {
                "layers": shares.layers,
                "low": shares.low,
                "medium": shares.medium if view.has_medium else None,
                "high": shares.high,
                "pruning_rate": shares.pruning_rate,
            },
            "training_totals": _training(view.manifest.training),
            "blocks": [_block(block) for block in view.blocks],
            "layers": [_layer(layer) for layer in view.layout.layers],
        }
    )


def _total(found: Ledger) -> dict[str, Any]:
    return {
        "tensors": len(found.rows),
        "weights_before": found.weights_before,
        "weights": found.weights,
        "sparsity": found.sparsity,
        "bytes_before": found.bytes_before,
        "bytes_after": found.bytes_after,
        "rate": found.rate,
    }


def _training(record: TrainingRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "audio_heard_s": audio_heard_s(record),
        "duration_s": training_s(record),
        "block_parameters_ratio": parameters_ratio(record),
    }


def _block(block: BlockWidths) -> dict[str, Any]:
    """Numbers left and before; weights_share: of the block's matrices."""
    parts = {
        "heads": block.head_count,
        "query_key": block.query_key,
        "value_output": block.value_output,
        "feed_forward": block.feed_forward,
    }
    return {
        "block": block.number,
        **{name: {"left": width.left, "before": width.before} for name, width in parts.items()},
        "weights_share": block.parameters.share,
    }


def _layer(layer: LayerView) -> dict[str, Any]:
    return {
        "name": layer.name,
        "tensor": layer.row.name,
        "stack": layer.stack,
        "block": layer.block,
        "bits": layer.bits,
        "is_pruned": layer.is_pruned,
        "is_removed": layer.is_removed,
        "divergence": layer.divergences or None,
    }

"""What an audit will cost before it runs: audio to recognise, disk to fill, time where known."""

from __future__ import annotations

from typing import Any

from asrcompress.audit.plan import Plan
from asrcompress.audit.speed import costs_of

# 24-bit FLAC of one channel at 16 kHz: noise-like audio packs to 2.4 bytes a sample
# (measured on the bundled corpus with noise at 10 dB).
_FLAC_BYTES_PER_S = 38_000


def plan_cost(plan: Plan) -> dict[str, Any]:
    """The plan's size in numbers; `seconds_left` is None while no model's speed is known."""
    missing = plan.missing_cells()
    return {
        "artefacts": len(plan.artefacts),
        "artefacts_to_make": len(plan.missing_artefacts()),
        "conditions": len(plan.conditions),
        "corpora_to_make": len(plan.missing_conditions()),
        "cells": len(plan.cells),
        "cells_to_run": len(missing),
        "utterances": len(plan.corpus.utterances),
        "audio_hours_a_condition": round(plan.corpus.audio_s / 3600, 3),
        "audio_hours_to_recognise": round(len(missing) * plan.corpus.audio_s / 3600, 3),
        "disk_bytes_for_audio": round(
            len(plan.missing_conditions()) * plan.corpus.audio_s * _FLAC_BYTES_PER_S
        ),
        "seconds_left": _seconds_left(plan),
    }


def _seconds_left(plan: Plan) -> float | None:
    """Recognition time of the missing cells from the speeds measured so far."""
    costs = costs_of(plan)
    seconds = 0.0
    for cell in plan.missing_cells():
        known = costs.get(cell.artefact.name)
        rtfx = known.rtfx if known is not None else None
        if rtfx is None:
            return None
        seconds += plan.corpus.audio_s / rtfx
    return round(seconds, 1)

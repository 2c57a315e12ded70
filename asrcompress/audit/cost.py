"""What an audit will cost before it runs: audio to recognise, disk to fill, time where known."""

from __future__ import annotations

from typing import Any

from asrcompress.audit.plan import Plan
from asrcompress.audit.time_left import time_left

# 24-bit FLAC of one channel at 16 kHz: noise-like audio packs to 2.4 bytes a sample
# (measured on the bundled corpus with noise at 10 dB).
_FLAC_BYTES_PER_S = 38_000


def plan_cost(plan: Plan) -> dict[str, Any]:
    """The plan's size in numbers, and what is known of the time that is left.

    `seconds_left` is None while there is any piece of which nothing can be said; `time_left` says
    what can be said, and of how many pieces it cannot.
    """
    missing = plan.missing_cells()
    left = time_left(plan)
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
        "seconds_left": None if left.unknown else round(left.expected_s, 1),
        "seconds_left_at_least": round(left.low_s, 1),
        "cells_timed": left.timed_cells,
        "time_left": left.line,
    }

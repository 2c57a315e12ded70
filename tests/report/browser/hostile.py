"""Names and transcripts that would act if anything of them were markup or script."""

from __future__ import annotations

import json
from dataclasses import replace

from asrcompress.core.findings import Findings
from asrcompress.core.results import Results

SCRIPT = "</script><img src=x onerror=\"document.title='owned'\">"
STYLE = "</style><style>body{display:none}</style>"
QUOTES = "\"'><b onclick=alert(1)>`${1}{{7*7}}%s&amp;"
TURNED = "a\u202eb\u2066c"
LONG = "model-" + "x" * 300
NAMES = (SCRIPT, STYLE, QUOTES, TURNED, LONG)


def renamed(found: Findings) -> Findings:
    """The same findings, their title, artefacts, conditions, groups and words all hostile."""
    swaps = {
        "robust/int8": SCRIPT,
        "robust/prune10": STYLE,
        "robust/prune20": LONG,
        "noise-0dB": QUOTES,
        "room-small": TURNED,
        "clipped": LONG,
        "north": SCRIPT,
        "accent": QUOTES,
        "Quantisation and pruning in the wild": SCRIPT,
        "stew": SCRIPT,
        "1089-134686-0003": QUOTES,
    }
    return replace(
        found,
        results=Results.model_validate_json(_swapped(found.results.model_dump_json(), swaps)),
        errors=type(found.errors).model_validate_json(
            _swapped(found.errors.model_dump_json(), swaps)
        ),
        gates=found.gates
        and type(found.gates).model_validate_json(_swapped(found.gates.model_dump_json(), swaps)),
        ledgers=found.ledgers
        and type(found.ledgers).model_validate_json(
            _swapped(found.ledgers.model_dump_json(), swaps)
        ),
    )


def _swapped(text: str, swaps: dict[str, str]) -> str:
    """JSON with each whole string that is a key of the swaps replaced."""
    for old, new in swaps.items():
        text = text.replace(json.dumps(old), json.dumps(new))
    return text

"""Which method compresses which architecture: what the tests go through, and the README's table.

`python -m tests.compress.architecture_table` prints the table.
"""

from __future__ import annotations

from typing import Any

from tests.checkpoints import ARCHITECTURES, ENCODER_DECODERS
from tests.spectrogram_checkpoints import NEEDS_TORCHAUDIO

BEGIN, END = "<!-- architectures -->", "<!-- /architectures -->"
METHODS: dict[str, dict[str, Any]] = {
    "bits 8": {"bits": 8},
    "bits 4": {"bits": 4},
    "bits 2": {"bits": 2},
    "bits 4 hqq": {"bits": 4, "rounding": "hqq"},
    "bits 8 conv": {"bits": 8, "conv": True},
    "bits 8 conv embedding": {"bits": 8, "conv": True, "embedding": True},
    "prune global": {"prune": 0.3},
    "prune local": {"prune": 0.4, "scope": "local"},
    "prune + bits 4": {"prune": 0.3, "bits": 4},
    "adaptive three-class": {"adaptive": "three-class"},
    "adaptive two-class": {"adaptive": "two-class"},
    # few layers, few choices and no search: this is about models, not about plans
    "mixed": {
        "mixed": True,
        "target_ratio": 0.95,
        "candidates": (4, 8),
        "search_rounds": 0,
        "include": "*.layer*.0",
    },
}
MEASURES = ("mixed",)  # methods that listen to audio
ROWS: tuple[str, ...] = (*sorted({*ARCHITECTURES, *NEEDS_TORCHAUDIO}), *sorted(ENCODER_DECODERS))
# What is refused, before any work: a part of the message.
REFUSED: dict[tuple[str, str], str] = {}


def table() -> str:
    """The whole of it in Markdown, a row an architecture and a column a method."""
    rows = [["model type", *METHODS], ["---"] * (1 + len(METHODS))]
    rows += [[_label(name), *(_cell(name, method) for method in METHODS)] for name in ROWS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _label(architecture: str) -> str:
    needs = " (needs torchaudio)" if architecture in NEEDS_TORCHAUDIO else ""
    return architecture + needs


def _cell(architecture: str, method: str) -> str:
    """Yes, or why not."""
    why_not = REFUSED.get((architecture, method))
    return "yes" if why_not is None else f"no: {why_not}"


if __name__ == "__main__":
    print(table())  # noqa: T201 - for the README

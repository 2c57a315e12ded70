"""Trained artefacts of two blocks, whose numbers can be worked out by hand, and odd ones."""

from __future__ import annotations

from collections.abc import Callable

from asrcompress.core.manifest import ArtefactManifest
from asrcompress.core.structure import BlockStructure, Structure
from asrcompress.core.training_record import Curves, MaskCurves, TrainingRecord
from tests.report.artefacts import Made, manifest_of
from tests.report.trainings import CORPUS, distilled, record, structured

HOSTILE = "=a|b\n<script>alert(1)</script>~~~`x`[red]@me[/red]\x1b[2J" + "long" * 30
BEFORE = Structure(
    blocks=(BlockStructure(query_key=(4, 4), value_output=(4, 4), feed_forward=8),) * 2
)
AFTER = Structure(
    blocks=(
        BlockStructure(query_key=(2, 0), value_output=(3, 1), feed_forward=0),
        BlockStructure(query_key=(0, 0), value_output=(0, 0), feed_forward=6),
    )
)


def small(found: TrainingRecord | None = None) -> ArtefactManifest:
    """The two blocks above, and nothing in the ledger."""
    made = found or record(AFTER, BEFORE)
    return manifest_of((), Made("s", ())).model_copy(
        update={"structure": AFTER, "training": made, "weights_file": "asrcompress.safetensors"}
    )


def hostile() -> ArtefactManifest:
    """User's and file's texts that would act if they could."""
    corpus = CORPUS.model_copy(update={"name": HOSTILE, "augmentation": HOSTILE, "sha256": HOSTILE})
    found = record(AFTER, BEFORE).model_copy(
        update={
            "method": HOSTILE,
            "corpus": corpus,
            "device": HOSTILE,
            "precision": HOSTILE,
            "curves": Curves(steps=(1, 2), series={HOSTILE: (1.0, 2.0)}),
            "masks": MaskCurves(steps=(1,), means={HOSTILE: ((0.5, 0.25),)}),
        }
    )
    return small(found)


def bare() -> ArtefactManifest:
    """A structure whose training left nothing but its existence: no curves, nothing held out."""
    found = record(AFTER, BEFORE).model_copy(
        update={
            "corpus": CORPUS.model_copy(
                update={"speakers": None, "held_out": 0, "duration_s": 0.0, "augmentation": ""}
            ),
            "steps_done": 0,
            "divergence": None,
            "block_parameters": (0, 0),
            "curves": Curves(steps=(), series={"loss": ()}),
            "masks": MaskCurves(steps=(), means={"attention": ()}),
            "before": None,
        }
    )
    return small(found)


MAKERS: dict[str, Callable[[], ArtefactManifest]] = {
    "base": structured,
    "large": lambda: structured(24, 16, 4096),
    "distilled": distilled,
    "hostile": hostile,
    "bare": bare,
}

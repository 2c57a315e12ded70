"""What a search for mixed bits found, as decisions for the engine and a record for the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from asrcompress.compress import calibration
from asrcompress.compress.decision import CalibrationAudio, Decision, Layer, Weights
from asrcompress.compress.search import Measured, Search
from asrcompress.compress.sensitivity import mean
from asrcompress.compress.trial import AS_IT_IS, Treatment
from asrcompress.core.ledger import LayerAnalysis, Sensitivity
from asrcompress.core.manifest import CalibrationRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

_ITEM_BYTES = {"int8": 1, "uint8": 1, "float32": 4}


def decisions_of(best: Measured, search: Search, weights: Weights) -> dict[str, Decision]:
    """A decision for each selected layer, with why, and what each treatment was measured to do."""
    return {
        name: _decision(name, best.plan, search, weights)
        if name in best.plan
        else Decision(why="not quantised: a single output")
        for name in weights.selected()
    }


def record_of(
    best: Measured,
    search: Search,
    audio: Sequence[CalibrationAudio],
    budget: str,
    budget_bytes: int | None,
) -> CalibrationRecord:
    """How the plan was found."""
    chosen = [search.alone[name][treatment] for name, treatment in best.plan.items()]
    return CalibrationRecord(
        corpora=tuple(calibration.record_of(each) for each in audio),
        budget=budget,
        budget_bytes=budget_bytes,
        predicted={
            condition: sum(found[condition] for found in chosen) for condition in best.divergence
        },
        measured=best.divergence,
        plans_measured=len(search.measured),
    )


def _decision(
    name: str, plan: Mapping[str, Treatment], search: Search, weights: Weights
) -> Decision:
    chosen, alone = plan[name], search.alone[name]
    others = [treatment for treatment in alone if treatment not in (chosen, AS_IT_IS)]
    compared = ", ".join(f"{t.label} {mean(alone[t]):.2g}" for t in others)
    why = f"{chosen.label}: {mean(alone[chosen]):.2g} nats a frame alone"
    return replace(
        search.bench.trial.decision(name, chosen),
        why=f"{why} ({compared})" if compared else why,
        analysis=_analysis(name, search, weights),
    )


def _analysis(name: str, search: Search, weights: Weights) -> LayerAnalysis:
    from asrcompress.compress.analysis import analyse_with_classes

    found = analyse_with_classes(weights.read(name))
    rows = tuple(
        Sensitivity(
            option=treatment.label,
            weight_bytes=_weight_bytes(weights.layers[name], treatment),
            divergence=divergence,
        )
        for treatment, divergence in search.alone[name].items()
        if treatment != AS_IT_IS
    )
    return found.model_copy(update={"sensitivity": rows})


def _weight_bytes(layer: Layer, treatment: Treatment) -> int:
    """The bytes of what is stored for a weight, scales and shifts counted."""
    from asrcompress.core.checkpoint.quantised import ACTIVATION_SCALES, quantised_forms

    if treatment.bits > 8:
        return layer.weights * treatment.bits // 8
    parts = quantised_forms(layer.shape, treatment.bits).values()
    stored = sum(prod(shape) * _ITEM_BYTES[dtype.partition("|")[0]] for shape, dtype in parts)
    return stored + len(ACTIVATION_SCALES) * _ITEM_BYTES["float32"]

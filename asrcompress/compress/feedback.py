"""GPTQ in place of the other ways to round, for the layers that it fits.

In each of the bundled model's 14 Linear layers, at 2 bits and at 4, it was measured to harm less
than min-max and HQQ; so those are not tried where it fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asrcompress.compress.encode import has_zeros
from asrcompress.compress.gptq import feedback_of, in_memory, round_with_feedback, second_moments
from asrcompress.compress.pricing import Pricing
from asrcompress.compress.sensitivity import Bench
from asrcompress.compress.trial import FEW_BITS, Treatment
from asrcompress.core.progress import Progress


def with_feedback(bench: Bench, pricing: Pricing, progress: Progress) -> Pricing:
    """The pricing with GPTQ as the way to round, its tensors known to the bench's trial model.

    Fits layers that are called with their inputs and multiply them by their weight: Linear ones
    without ties. Not pruned ones, whose zeros GPTQ would fill.
    """
    trial = bench.trial
    trial.use({})
    few = [bits for bits in FEW_BITS if any(t.bits == bits for t in _treatments(pricing))]
    inputs = {name: trial.weight(name).shape[1] for name in pricing.choices if _fits(bench, name)}
    done = 0
    for lot in in_memory(inputs) if few else ():
        moments = second_moments(trial.module, lot, bench.all)
        for name in lot:
            progress("layers rounded with feedback", done, len(inputs))
            done += 1
            if name not in moments:
                continue
            feedback = feedback_of(moments.pop(name))
            for bits in few:
                trial.add_rounded(
                    name, bits, round_with_feedback(trial.weight(name), bits, feedback)
                )
    choices = {
        name: _with_gptq(treatments) if trial.is_rounded(name) else treatments
        for name, treatments in pricing.choices.items()
    }
    return replace(pricing, choices=choices)


def _with_gptq(treatments: Sequence[Treatment]) -> tuple[Treatment, ...]:
    rounded = (Treatment(t.bits, "gptq") if t.bits in FEW_BITS else t for t in treatments)
    return tuple(dict.fromkeys(rounded))


def _treatments(pricing: Pricing) -> set[Treatment]:
    return {treatment for treatments in pricing.choices.values() for treatment in treatments}


def _fits(bench: Bench, name: str) -> bool:
    import torch

    layer = bench.trial.module.get_submodule(name)
    if not isinstance(layer, torch.nn.Linear) or bench.tied[name]:
        return False
    return not has_zeros(bench.trial.weight(name))

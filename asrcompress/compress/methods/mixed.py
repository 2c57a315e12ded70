"""Mixed bits: each layer's bits from the harm that they were measured to do.

Ours; the fuzzy rule of `adaptive` is its baseline. On unlabelled calibration audio, clean and
noisy, each layer is given each treatment alone, and the change of the model's posteriors is
measured: the Kullback-Leibler divergence from the uncompressed model's, in nats a frame. The bits
are then shared out so that the summed harm is least within a budget of bytes (or the bytes within
a budget of harm), and the sum is corrected by measuring whole plans. Uniform and adaptive plans
that fit the budget are measured beside ours, so that the plan chosen is never worse than they are
on the calibration audio.

- 4 and 2 bits are rounded by GPTQ (compress/gptq.py) in Linear layers, which hears the same audio;
  by min-max or by HQQ, whichever is measured better, in other layers, and in Linear ones that are
  tied, pruned, or read without a call (WavLM's attention). The form on disk is the same.
- The recorded divergence is on the audio that the plan was made with, so it flatters the plan the
  more, the less audio there is: evaluate on other recordings.
- Pruning before 8 bits is not among the treatments: stored densely it saves no bytes and harms
  more than 8 bits do.
- A layer with a single output stays as it is; the library would scale it as one tensor and cannot
  reload that.

Related: measured sensitivity with a knapsack, as in Hubara et al., "Accurate Post Training
Quantization With Small Calibration Sets" (2021), section 4; there from layer-wise errors, here
from the output's distribution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from asrcompress.compress.budget import size_bytes, size_text
from asrcompress.compress.decision import Bits, Decisions
from asrcompress.compress.pricing import Pricing
from asrcompress.compress.trial import ROUNDINGS, Plan, Treatment
from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    from asrcompress.compress.decision import Context, Weights
    from asrcompress.compress.search import Search

ORDER = 20
TRIGGER = "mixed"

_TARGETS = ("target_size", "target_ratio", "target_divergence")


class Params(BaseModel):
    """The budget, one of three, and how long to search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mixed: Literal[True] = Field(
        default=True, description="choose each layer's bits by measured harm on calibration audio"
    )
    target_size: str | int | None = Field(
        default=None,
        description="the weight file's largest size, for example 150MB or 120 MiB, or bytes",
    )
    target_ratio: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="the weight file's largest size as a part of the original's weights in float32",
    )
    target_divergence: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="the most that the posteriors may diverge from the original's, in nats a frame",
    )
    candidates: tuple[Bits, ...] = Field(
        default=(2, 4, 8, 16, 32),
        min_length=1,
        description="the bits that a layer may get; 32 leaves it as it is",
    )
    search_rounds: int = Field(
        default=2, ge=0, description="how often the plan is corrected by measuring around it"
    )

    @field_validator("target_size")
    @classmethod
    def _is_a_size(cls, given: str | int | None) -> str | int | None:
        if given is not None:
            size_bytes(str(given))
        return given

    @model_validator(mode="after")
    def _one_target(self) -> Params:
        given = [name for name in _TARGETS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(_TARGETS)}, not {len(given)}")
        return self


def label(params: Params) -> str:
    """For example mixed-8.30MB, mixed-x0.15 or mixed-kl0.01."""
    if params.target_size is not None:
        return f"mixed-{size_text(size_bytes(str(params.target_size))).replace(' ', '')}"
    if params.target_ratio is not None:
        return f"mixed-x{params.target_ratio:.6g}"
    return f"mixed-kl{params.target_divergence:.6g}"


def refusal(params: Params, weights: Weights, context: Context) -> str | None:
    """Why no plan can be found: no audio, nothing to choose, or too small a budget."""
    if not context.audio:
        return "no calibration audio; give recordings of your own, without transcripts (--audio)"
    budget_bytes = _budget_bytes(params, context)
    pricing = _pricing(params, weights, context, budget_bytes)
    if not pricing.choices:
        return "every layer left to compress has a single output"
    smallest_bytes = pricing.size_of(pricing.smallest)
    if budget_bytes is not None and smallest_bytes > budget_bytes:
        return (
            f"a target of {budget_bytes} bytes ({size_text(budget_bytes)}), but the smallest file "
            f"that these layers allow has {smallest_bytes} ({size_text(smallest_bytes)})"
        )
    return None


def decide(params: Params, weights: Weights, context: Context) -> Decisions:
    """The best plan measured, as a decision for each selected layer.

    Raises:
        InputError: calibration audio that cannot be read, or a budget that no plan meets.
        ModelError: the model is no recogniser, or its posteriors are not finite.
    """
    from asrcompress.compress.feedback import with_feedback
    from asrcompress.compress.findings import decisions_of, record_of
    from asrcompress.compress.search import Search
    from asrcompress.compress.sensitivity import bench_of

    budget_bytes = _budget_bytes(params, context)
    pricing = _pricing(params, weights, context, budget_bytes)
    bench = bench_of(weights, context)
    pricing = with_feedback(bench, pricing, context.progress)
    search = Search(bench, pricing, context.progress, context.known)
    search.scan()
    starts = [plan for plan in _starts(weights, context) if pricing.allows(plan)]
    if budget_bytes is not None:
        best = search.within(budget_bytes, starts, params.search_rounds)
        budget = size_text(budget_bytes)
    else:
        nats = float(params.target_divergence or 0)
        best = search.reaching(nats, starts, params.search_rounds)
        budget = f"{nats:.6g} nats"
    if best is None:
        raise _unmet(search, budget)
    search.scan_rest(best.plan)
    record = record_of(best, search, context.audio, budget, budget_bytes)
    return Decisions(decisions_of(best, search, weights), record)


def _budget_bytes(params: Params, context: Context) -> int | None:
    from asrcompress.compress.sensitivity import float32_bytes

    if params.target_size is not None:
        return size_bytes(str(params.target_size))
    if params.target_ratio is not None:
        return int(params.target_ratio * float32_bytes(context.original().model))
    return None


def _pricing(
    params: Params, weights: Weights, context: Context, budget_bytes: int | None
) -> Pricing:
    """The treatments of each layer; without those that no good plan has for this budget.

    Where all layers fit at 8 bits, which harm next to nothing, none needs fewer. Where they do
    not, 16 bits for one layer are better spent on 8 for another.
    """

    def size_of(plan: Plan) -> int:
        return context.file_bytes({name: plan[name].decision() for name in plan})

    layers = [name for name, layer in weights.selected().items() if layer.shape[0] > 1]
    bits = set(params.candidates)
    if budget_bytes is not None and 8 in bits:
        fits = size_of(dict.fromkeys(layers, Treatment(8))) <= budget_bytes
        bits -= {2, 4} if fits else {16}
    treatments = tuple(
        Treatment(each, rounding)
        for each in sorted(bits)
        for rounding in (ROUNDINGS if each in (2, 4) else ROUNDINGS[:1])
    )
    return Pricing(dict.fromkeys(layers, treatments), size_of)


def _starts(weights: Weights, context: Context) -> Iterator[Plan]:
    """The plans that ours must not be worse than: uniform ones, and the fuzzy rule's.

    Without the fuzzy rule's pruning: the bytes are the same, stored densely, and the harm is less.
    """
    from asrcompress.compress.methods import adaptive

    layers = weights.selected()
    for bits in (2, 4, 8):
        for rounding in ROUNDINGS if bits < 8 else ROUNDINGS[:1]:
            yield {name: Treatment(bits, rounding) for name in layers if layers[name].shape[0] > 1}
    for classes in ("two-class", "three-class"):
        for fuzzy_set in (1, 2):
            params = adaptive.Params(adaptive=classes, fuzzy_set=fuzzy_set)
            decided = adaptive.decide(params, weights, context).layers
            yield {
                name: Treatment(decision.bits, decision.rounding)
                for name, decision in decided.items()
                if layers[name].shape[0] > 1
            }


def _unmet(search: Search, budget: str) -> InputError:
    least = min(search.measured, key=lambda found: found.harm, default=None)
    return InputError(
        "no plan of bits meets the target",
        got=least and f"at best {least.harm:.3g} nats a frame with {size_text(least.size_bytes)}",
        expected=budget,
        next_step="allow a larger one, or 32 bits among the candidates",
    )

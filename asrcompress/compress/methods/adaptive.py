"""Adaptive compression: each layer's bits and pruning from the fuzzy classes of its weights.

Source: Oujabour et al. (2025), sections III and IV-D; the classes are in compress/fuzzy.py. The
class to which most of a layer's weights belong decides:

- three-class: low: its share of low weights, the smallest ones, is pruned, and 8 bits; medium:
  4 bits; high: 8 bits.
- two-class: low: 2 bits; high: 4 bits. The paper's sentence says the reverse; its own example (34 %
  of the layers at 2 bits, with 33.83 % of them low in table VI) settles it.

Deviation: a layer with a single output stays as it is; the library would scale it as one tensor
and cannot reload that. The baseline for choosing bits by measured harm: no audio is heard here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from asrcompress.compress.decision import Bits, Decision, Decisions
from asrcompress.compress.fuzzy import FUZZY_SETS, Fuzziness

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import Context, Layer, Weights
    from asrcompress.core.ledger import FuzzyClass, Memberships

ORDER = 20
TRIGGER = "adaptive"

_THREE_CLASS_BITS: dict[FuzzyClass, Bits] = {"low": 8, "medium": 4, "high": 8}
_TWO_CLASS_BITS: dict[FuzzyClass, Bits] = {"low": 2, "high": 4}


class Params(BaseModel):
    """How many classes, and how wide they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adaptive: Literal["three-class", "two-class"] = Field(
        description="choose each layer's bits by the share of its weights that are unimportant: "
        "three-class (prune and 8, 4, or 8 bits) or two-class (2 or 4 bits)"
    )
    fuzzy_set: Literal[1, 2] | None = Field(
        default=None,
        description="the published widths of the classes: 1 (alpha 0.5, beta 1; the default) or "
        "2 (alpha 1, beta 0.5)",
    )
    alpha: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="distance of low and high from the median, in standard deviations of |w|",
    )
    beta: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="half the width of medium, in standard deviations of |w|",
    )

    @model_validator(mode="before")
    @classmethod
    def _write_out_the_default(cls, given: Any) -> Any:
        widths = ("fuzzy_set", "alpha", "beta")
        if isinstance(given, dict) and all(given.get(name) is None for name in widths):
            return {**given, "fuzzy_set": 1}
        return given

    @model_validator(mode="after")
    def _one_way_only(self) -> Params:
        if (self.alpha is None) != (self.beta is None):
            raise ValueError("alpha and beta together, or neither")
        if self.fuzzy_set is not None and self.alpha is not None:
            raise ValueError("either fuzzy_set, or alpha and beta")
        return self

    @property
    def fuzziness(self) -> Fuzziness:
        if self.alpha is not None and self.beta is not None:
            return Fuzziness(alpha=self.alpha, beta=self.beta)
        return FUZZY_SETS[self.fuzzy_set or 1]


def label(params: Params) -> str:
    """For example adaptive3-set1 or adaptive2-a0.5-b1."""
    classes = 3 if params.adaptive == "three-class" else 2
    if params.fuzzy_set is not None:
        return f"adaptive{classes}-set{params.fuzzy_set}"
    return f"adaptive{classes}-a{params.fuzziness.alpha:.6g}-b{params.fuzziness.beta:.6g}"


def refusal(params: Params, weights: Weights, context: Context) -> str | None:  # noqa: ARG001
    """Why no layer can be quantised, None where one can."""
    if all(_is_single_output(layer) for layer in weights.selected().values()):
        return "every layer left to compress has a single output"
    return None


def decide(params: Params, weights: Weights, context: Context) -> Decisions:
    """A decision for each selected layer, from its weight alone.

    Raises:
        InputError: the selection leaves no layer.
    """
    layers = weights.selected()
    decisions = {}
    for number, (name, layer) in enumerate(layers.items(), start=1):
        if _is_single_output(layer):
            decisions[name] = Decision(why="a single output: left in float32")
        else:
            decisions[name] = decide_layer(weights.read(name), params)
        context.progress("classes of weights", number, len(layers))
    return Decisions(decisions)


def decide_layer(weight: torch.Tensor, params: Params) -> Decision:
    """What is to become of a float32 weight of two outputs or more."""
    from asrcompress.compress.analysis import analyse
    from asrcompress.compress.fuzzy import three_classes, two_classes
    from asrcompress.compress.magnitudes import magnitudes_of
    from asrcompress.compress.smallest import smallest

    is_three = params.adaptive == "three-class"
    magnitudes = magnitudes_of(weight)
    classify = three_classes if is_three else two_classes
    found = classify(weight, magnitudes, params.fuzziness)
    prunes = is_three and found.layer_class == "low"
    bits = (_THREE_CLASS_BITS if is_three else _TWO_CLASS_BITS)[found.layer_class]
    return Decision(
        why=_why(found, bits, is_three=is_three),
        bits=bits,
        prune=(smallest(weight, round(found.low * weight.numel())),) if prunes else (),
        analysis=analyse(weight, found, magnitudes),
    )


def _why(found: Memberships, bits: Bits, *, is_three: bool) -> str:
    """For example: low has most weights (L/M/H 41/38/21 %): pruned 41 %, 8 bits."""
    shares = [found.low, found.medium, found.high] if is_three else [found.low, found.high]
    listed = "/".join(f"{100 * share:.0f}" for share in shares)
    pruned = f"pruned {100 * found.low:.0f} %, " if is_three and found.layer_class == "low" else ""
    names = "L/M/H" if is_three else "L/H"
    return f"{found.layer_class} has most weights ({names} {listed} %): {pruned}{bits} bits"


def _is_single_output(layer: Layer) -> bool:
    return layer.shape[0] == 1

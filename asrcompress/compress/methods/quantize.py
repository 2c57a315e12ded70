"""Uniform post-training quantisation of weights to 8, 4 or 2 bits, or their storage as float16.

Sources: Pimentel et al. (2023), section 2.2; Oujabour et al. (2025), section IV-B; the grids are in
`compress/encode.py`. Linear weights only, as in both papers, unless the selection has `conv` or
`embedding`; activations, norms and biases stay float32. Rules give layers bits of their own: the
last one that matches counts.

Deviation: a layer with a single output stays float32; quanto would scale it as one tensor and
cannot reload that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_serializer,
    field_validator,
    model_validator,
)

from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    from asrcompress.compress.decision import Bits, Context, Decision, Decisions, Weights

ORDER = 20
TRIGGER = "bits"
_OPTIONS = {"Conv1d": "conv", "Embedding": "embedding"}  # what selects layers of a kind
_BITS = ("16", "8", "4", "2")
_EXPECTED = "8, 4, 2 or 16, or PATTERN=BITS such as 'encoder.layers.0.*=4'"


class Params(BaseModel):
    """How many bits a weight gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: tuple[str, ...] = Field(
        description="bits of each Linear weight: 8, 4, 2, or 16 (float16); again as PATTERN=BITS "
        "for the layers that fit, like 'encoder.layers.0.*=4'"
    )
    rounding: Literal["max", "hqq"] = Field(
        default="max",
        description="grid of 4 and 2 bits: between minimum and maximum, or by half-quadratic "
        "optimisation; of pruned layers always the former, so that zeros stay zeros",
    )

    @field_validator("bits", mode="before")
    @classmethod
    def _as_rules(cls, value: Any) -> tuple[str, ...]:
        given = value if isinstance(value, list | tuple) else [value]
        rules = tuple(str(rule) for rule in given)
        for rule in rules:
            pattern, _, bits = rule.rpartition("=")
            if bits not in _BITS or ("=" in rule and not pattern):
                raise ValueError(_EXPECTED)
        if not rules or len([rule for rule in rules if "=" not in rule]) > 1:
            raise ValueError(_EXPECTED)
        return rules

    @model_validator(mode="after")
    def _rounding_has_a_use(self) -> Params:
        given = {self.base, *(bits for _, bits in self.rules)}
        if self.rounding != "max" and not given & {2, 4}:
            raise ValueError("bits 4 or 2, to which alone rounding applies")
        return self

    @field_serializer("bits")
    def _shortest(self, value: tuple[str, ...]) -> int | tuple[str, ...]:
        return int(value[0]) if len(value) == 1 and "=" not in value[0] else value

    @property
    def base(self) -> Bits | None:
        """The bits of layers that no pattern fits; None leaves them alone."""
        return next((_number(rule) for rule in self.bits if "=" not in rule), None)

    @property
    def rules(self) -> tuple[tuple[str, Bits], ...]:
        """Patterns with their bits, in order."""
        split = (rule.rpartition("=") for rule in self.bits if "=" in rule)
        return tuple((pattern, _number(bits)) for pattern, _, bits in split)


def label(params: Params) -> str:
    """For example int8, int4-hqq, float16, int8-2rules."""
    bits = params.base
    base = "float16" if bits == 16 else f"int{bits}" if bits else "int"
    hqq = "-hqq" if params.rounding == "hqq" else ""
    count = len(params.rules)
    return base + hqq + (f"-{count}rule{'s' if count > 1 else ''}" if count else "")


def refusal(params: Params, weights: Weights, context: Context) -> str | None:
    """Why nothing would be quantised, None where something is.

    Raises:
        InputError: a pattern fits no layer, or only layers of a kind that is not selected.
    """
    from asrcompress.compress.layers import check_patterns

    check_patterns([pattern for pattern, _ in params.rules], weights.layers)
    for pattern, _ in params.rules:
        _refuse_unselected(pattern, weights)
    if all(decision.bits == 32 for decision in decide(params, weights, context).layers.values()):
        return "every layer left to compress has a single output"
    return None


def decide(params: Params, weights: Weights, context: Context) -> Decisions:
    """The bits of each layer.

    Raises:
        InputError: the selection leaves nothing to quantise.
    """
    from asrcompress.compress.decision import Decision, Decisions

    del context
    decided: dict[str, Decision] = {}
    for name, layer in weights.selected().items():
        bits, why = _bits_of(params, (name, *layer.tied))
        if bits is None:
            continue
        if layer.shape[0] == 1 and bits != 16:
            decided[name] = Decision("a single output: left in float32")
        else:
            decided[name] = Decision(why, bits=bits, rounding=params.rounding)
    return Decisions(decided)


def _refuse_unselected(pattern: str, weights: Weights) -> None:
    from asrcompress.compress.layers import matches

    fitting = [
        layer
        for layer in weights.layers.values()
        if any(matches(name, pattern) for name in (layer.name, *layer.tied))
    ]
    if not {layer.name for layer in fitting} & set(weights.selected()):
        options = sorted({_OPTIONS[layer.kind] for layer in fitting if layer.kind in _OPTIONS})
        raise InputError(
            "pattern matches only layers that stay as they are",
            got=repr(pattern),
            next_step=f"add {' and '.join(options)}",
        )


def _bits_of(params: Params, names: Iterable[str]) -> tuple[Bits | None, str]:
    """A layer's bits, and by what rule."""
    from asrcompress.compress.layers import matches

    found, why = params.base, ""
    for pattern, bits in params.rules:
        if any(matches(name, pattern) for name in names):
            found, why = bits, f"by {pattern!r}"
    return found, why


def _number(text: str) -> Bits:
    return cast("Bits", int(text))

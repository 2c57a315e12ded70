"""Which layers of a model have a weight that methods may change, and which of them are selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from asrcompress.compress.decision import Kind, Layer
from asrcompress.compress.weight_norm import DIRECTION, is_weight_normed
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import Selection
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    import torch


def layers_of(module: torch.nn.Module) -> dict[str, Layer]:
    """Every Linear, Conv1d and Embedding by name, in the module's order.

    A class of its own with another way of computing is none of them (Whisper's positions). Layers
    that share one weight are listed once, under the first name; as Embedding if any of them is,
    since quantising the others alone would only add a copy. One whose weight something else uses
    too is left out for the same reason, and one without any weights. The head is the last one that
    the module itself holds, not a block in it.
    """
    users = Counter(id(own) for _, own in module.named_parameters(remove_duplicate=False))
    groups: dict[int, list[tuple[str, Kind, torch.nn.Parameter]]] = {}
    head = ""
    for name, layer in module.named_modules(remove_duplicate=False):
        kind = kind_of(layer)
        if kind is not None and (weight := _parameter_of(layer)).numel():
            groups.setdefault(id(weight), []).append((name, kind, weight))
            head = name if "." not in name and kind != "Embedding" else head
    found = {}
    for members in groups.values():
        (first, kind, weight), *others = members
        if users[id(weight)] != len(members):
            continue
        kinds = {kind for _, kind, _ in members}
        found[first] = Layer(
            name=first,
            kind="Embedding" if "Embedding" in kinds else kind,
            shape=tuple(weight.shape),
            tied=tuple(name for name, _, _ in others),
            is_head=head in [name for name, _, _ in members],
        )
    return found


def kind_of(layer: torch.nn.Module) -> Kind | None:
    """What a layer is to the methods; None for everything they leave alone.

    That is also a weight which is computed from others (but for weight norm), and an embedding
    that scales its rows down while it is used.
    """
    import torch
    from torch.nn.utils.parametrize import is_parametrized

    if is_parametrized(layer):
        if not is_weight_normed(layer):
            return None
    elif layer._parameters.get("weight") is None or getattr(layer, "max_norm", None) is not None:
        return None

    kinds: dict[Kind, type[torch.nn.Module]] = {
        "Linear": torch.nn.Linear,
        "Conv1d": torch.nn.Conv1d,
        "Embedding": torch.nn.Embedding,
    }
    for kind, base in kinds.items():
        if isinstance(layer, base) and type(layer).forward is base.forward:
            return kind
    return None


def why_not(layer: Layer, selection: Selection) -> str | None:
    """Why a layer is left alone whatever the method, None where it is not."""
    names = (layer.name, *layer.tied)
    for pattern in selection.exclude:
        if any(matches(name, pattern) for name in names):
            return f"excluded by {pattern!r}"
    if selection.include and not any(
        matches(name, pattern) for name in names for pattern in selection.include
    ):
        return "not included"
    return "the output layer, kept" if layer.is_head and selection.keep_head else None


def why_not_by_default(layer: Layer, selection: Selection) -> str | None:
    """Why methods that choose bits leave a layer alone, None where they do not."""
    if layer.kind == "Conv1d" and not selection.conv:
        return "a convolution; quantise it with conv"
    if layer.kind == "Embedding" and not selection.embedding:
        tied = f" that shares its table with {', '.join(layer.tied)}" if layer.tied else ""
        return f"an embedding{tied}; quantise it with embedding"
    return why_not(layer, selection)


def check_patterns(patterns: Sequence[str], layers: Mapping[str, Layer]) -> None:
    """Make sure, before any work, that each pattern matches a layer.

    Raises:
        InputError: one matches none; the nearest name is suggested.
    """
    names = [name for layer in layers.values() for name in (layer.name, *layer.tied)]
    for pattern in patterns:
        if not any(matches(name, pattern) for name in names):
            raise InputError(
                "pattern matches no layer", got=repr(pattern), expected=_examples(pattern, names)
            )


def matches(name: str, pattern: str) -> bool:
    """Whether the pattern matches a layer's name or that of a block it lies in.

    The name's first part may be left out: encoder.layers.0 is wav2vec2.encoder.layers.0, too.
    """
    parts = name.split(".")
    return any(
        fnmatchcase(".".join(parts[start:end]), pattern)
        for start in (0, 1)
        for end in range(start + 1, len(parts) + 1)
    )


def _parameter_of(layer: torch.nn.Module) -> torch.nn.Parameter:
    """The parameter that has the weight's shape: the weight itself, or its direction."""
    return layer.get_parameter(DIRECTION if is_weight_normed(layer) else "weight")


def _examples(pattern: str, names: Sequence[str]) -> str:
    if not names:
        return "a model with a Linear, Conv1d or Embedding layer"
    shown = expected_one_of(pattern, [names[0], names[-1]])
    return f"layer names such as {shown.removeprefix('one of ')}"

"""The student: the teacher's class with fewer layers and narrower ones, filled from the teacher."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from asrcompress.compress.student.feed_forward import feed_forwards, narrowed
from asrcompress.compress.student.layers_kept import evenly_spaced
from asrcompress.compress.training.blocks import encoder_blocks
from asrcompress.core.checkpoint.quantised import empty_module
from asrcompress.core.errors import ModelError

# WavLM's first layer has the table of relative positions for all of them.
_OF_FIRST = "attention.rel_attn_embed."
_PART = "encoder_config"  # where newer classes have the encoder's configuration


@dataclass(frozen=True, slots=True)
class BuiltStudent:
    """module: float32, on the CPU, in eval mode; it shares no tensor with the teacher.

    origin: state-dict key to the teacher's key that it was copied from, where they differ.
    config: what differs in the configuration, nested as the configuration is. layers_kept: the
    teacher's layers, counted from 1, that the student's are.
    """

    module: nn.Module
    origin: Mapping[str, str]
    config: Mapping[str, Any]
    layers_kept: tuple[int, ...]


def refusal(teacher: nn.Module, layers: int | None, ffn: int | None) -> str | None:
    """Why there is no such student of this teacher, None where there is one.

    layers, ffn: None is the teacher's own.
    """
    if getattr(cast(Any, teacher).config, "is_encoder_decoder", False):
        return "it has a decoder; students are made of models with a CTC head"
    try:
        blocks = encoder_blocks(teacher)
    except ModelError as error:
        return str(error)
    layers = len(blocks) if layers is None else layers
    if layers > len(blocks):
        return f"a student of {layers} layers, but the model has {len(blocks)}"
    if layers < len(blocks) and not _are_alike(blocks):
        return "its layers are not alike, so none of them can be left out"
    width = _width_of(teacher)
    if ffn is not None and width is None:
        return "its feed-forward layers are not known, so they cannot be made narrower"
    if ffn is not None and width is not None and ffn > width:
        return f"a feed-forward width of {ffn}, but the model has {width}"
    if layers == len(blocks) and ffn in (None, width):
        return f"the student would be the model itself: {layers} layers as wide as its own"
    return None


def build_student(
    teacher: nn.Module, layers: int | None = None, ffn: int | None = None
) -> BuiltStudent:
    """A student of so many layers and of that feed-forward width; of the teacher's own for None.

    All of the teacher's layers at its own width make a copy of it.

    Raises:
        ModelError: the teacher has fewer layers or narrower ones, or they cannot be found.
    """
    name, of = _place_of_blocks(teacher)
    layers = of if layers is None else layers
    if layers > of or (ffn is not None and ffn > (_width_of(teacher) or 0)):
        raise ModelError("no such student", got=refusal(teacher, layers, ffn))
    kept = evenly_spaced(layers, of)
    changes = {} if layers == of else {"num_hidden_layers": layers}
    changes |= {} if ffn is None else {"intermediate_size": ffn}
    config, nested = _smaller(cast(Any, teacher).config, changes)
    with torch.random.fork_rng(devices=[]):  # some classes draw numbers even for an empty model
        student = empty_module(type(teacher), config)
    tensors = _tensors(teacher, ffn)
    sources = {key: _source(key, name, kept) for key in student.state_dict()}
    student.load_state_dict({key: tensors[source] for key, source in sources.items()})
    origin = {key: source for key, source in sources.items() if key != source}
    return BuiltStudent(student.eval(), origin, nested, kept)


def block_parameters(model: nn.Module) -> int:
    """How many parameters the encoder's layers have.

    Raises:
        ModelError: they cannot be found.
    """
    return sum(parameter.numel() for parameter in encoder_blocks(model).parameters())


def _source(key: str, blocks: str, kept: tuple[int, ...]) -> str:
    """The teacher's name of what a student's tensor begins as."""
    if not key.startswith(f"{blocks}."):
        return key
    number, _, rest = key.removeprefix(f"{blocks}.").partition(".")
    layer = 0 if rest.startswith(_OF_FIRST) else kept[int(number)] - 1
    return f"{blocks}.{layer}.{rest}"


def _place_of_blocks(model: nn.Module) -> tuple[str, int]:
    """The name of the list of the encoder's layers, and how many they are."""
    blocks = encoder_blocks(model)
    name = next(name for name, module in model.named_modules() if module is blocks)
    return name, len(blocks)


def _are_alike(blocks: nn.ModuleList) -> bool:
    """Whether a layer can take another's place: one that changes the rate of frames cannot."""
    if any(type(block) is not type(blocks[0]) for block in blocks):
        return False
    return "Subsampling" not in type(blocks[0]).__name__


def _width_of(model: nn.Module) -> int | None:
    """The width of all feed-forward layers; None where there are none, or of several widths."""
    widths = {layer.width for layer in feed_forwards(model)}
    return widths.pop() if len(widths) == 1 else None


def _smaller(config: Any, changes: dict[str, int]) -> tuple[Any, dict[str, Any]]:
    """A copy of a configuration with these values, and the values nested as it is.

    They go into the encoder's part where the configuration has one.
    """
    changed = copy.deepcopy(config)
    part = getattr(changed, _PART, changed)
    for key, value in changes.items():
        setattr(part, key, value)
    return changed, changes if part is changed else {_PART: changes}


def _tensors(teacher: nn.Module, ffn: int | None) -> dict[str, torch.Tensor]:
    """The teacher's, by their names, its feed-forward layers cut to a width."""
    tensors: dict[str, torch.Tensor] = {k: t.cpu() for k, t in teacher.state_dict().items()}
    if ffn is not None:
        for layer in feed_forwards(teacher):
            tensors |= narrowed(tensors, layer, ffn)
    return tensors

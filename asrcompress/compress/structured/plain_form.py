"""Pruned models that an ordinary configuration can express after all."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch

from asrcompress.core.checkpoint.quantised import empty_module
from asrcompress.core.structure import Structure

# In these families `do_stable_layer_norm` puts a block's norms before its sublayers, where a block
# without sublayers adds nothing; in the others it would still normalise.
_MAY_BE_PRE_NORM = ("hubert", "unispeech", "unispeech-sat", "wav2vec2", "wavlm")


# WavLM's first block has the table of relative positions for all of them.
_OF_FIRST_BLOCK = "attention.rel_attn_embed."


@dataclass(frozen=True, slots=True)
class PlainForm:
    """config: what differs in the configuration. blocks: the pruned model's that are left."""

    config: Mapping[str, Any]
    blocks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlainModel:
    """origin: state-dict key of the module to the pruned model's key, where they differ."""

    module: torch.nn.Module
    origin: Mapping[str, str]


def plain_form(structure: Structure, config: Any) -> PlainForm | None:
    """How an ordinary `from_pretrained` can load a model of that structure, None where it cannot.

    It can where each block has its attention whole and all have feed-forwards of one width; in
    pre-norm models, blocks may be gone entirely.

    config: of the original, whose heads and width the structure is of.
    """
    left = _blocks_left(structure, config)
    blocks = [structure.blocks[number] for number in left]
    head_dim = config.hidden_size // config.num_attention_heads
    widths = {block.feed_forward for block in blocks}
    is_whole = all({*block.query_key, *block.value_output} == {head_dim} for block in blocks)
    if len(widths) != 1 or widths == {0} or not is_whole:
        return None
    sizes = {"num_hidden_layers": len(blocks), "intermediate_size": widths.pop()}
    changes = {name: size for name, size in sizes.items() if getattr(config, name) != size}
    return PlainForm(config=changes, blocks=left)


def make_plain(model: torch.nn.Module, form: PlainForm) -> PlainModel:
    """The ordinary module of a pruned one, which stays as it is; no tensor is shared."""
    config = copy.deepcopy(cast(Any, model).config)
    for name, value in form.config.items():
        setattr(config, name, value)
    with torch.random.fork_rng(devices=[]):  # some classes draw numbers even for an empty model
        module = empty_module(type(model), config)
    state = module.state_dict()
    prefix = f"{cast(Any, model).base_model_prefix}.encoder.layers."
    sources = {key: _source(key, prefix, form.blocks) for key in state}
    pruned = model.state_dict()
    module.load_state_dict({key: pruned[source] for key, source in sources.items()})
    origin = {key: source for key, source in sources.items() if key != source}
    return PlainModel(module.train(model.training), origin)


def _blocks_left(structure: Structure, config: Any) -> tuple[int, ...]:
    """By number; where norms come after the sublayers, a block without sublayers is left too."""
    is_pre_norm = config.model_type in _MAY_BE_PRE_NORM and config.do_stable_layer_norm
    return tuple(
        number
        for number, block in enumerate(structure.blocks)
        if block.has_attention or block.has_feed_forward or not is_pre_norm
    )


def _source(key: str, prefix: str, blocks: tuple[int, ...]) -> str:
    """The pruned model's name of an ordinary one's tensor."""
    if not key.startswith(prefix):
        return key
    number, _, rest = key.removeprefix(prefix).partition(".")
    if rest.startswith(_OF_FIRST_BLOCK):
        return key
    return f"{prefix}{blocks[int(number)]}.{rest}"

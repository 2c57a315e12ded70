"""torch.compile over a transformer's blocks: one compilation serves all blocks that are alike.

As a whole, a model of twelve blocks takes twelve times as long to compile and is no faster.
"""

from __future__ import annotations

from typing import Any

from asrcompress.core.checkpoint import LoadedModel

# One recording or several, with and without a mask, the first block's bias of positions or not.
_KINDS_OF_INPUT = 8


def compile_blocks(loaded: LoadedModel) -> None:
    """Have the encoder's blocks compiled when they are first called.

    A model without a list of blocks is compiled as a whole. Lengths and numbers of recordings are
    variables of what is compiled. A decoder's steps stay as they are: each is a token long.
    """
    import torch

    model: Any = loaded.model
    stack = model.get_encoder() if loaded.is_encoder_decoder else model.base_model
    encoder = getattr(stack, "encoder", stack)
    blocks = getattr(encoder, "layers", None)
    if not isinstance(blocks, torch.nn.ModuleList):
        stack.compile(dynamic=True)
        return
    for block in blocks:
        block.compile(dynamic=True)
    # Blocks of all models of a process count, and pruned ones are all different. Beyond its limits
    # PyTorch goes on without compiling.
    config = torch._dynamo.config
    config.recompile_limit += _KINDS_OF_INPUT * len(blocks)
    config.accumulated_recompile_limit += _KINDS_OF_INPUT * len(blocks)

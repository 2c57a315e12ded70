"""Loading an ordinary checkpoint, and refusing one whose weights do not fill the architecture."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)
# Only training uses it; checkpoints saved without SpecAugment do not have it.
_TRAINING_ONLY = "masked_spec_embed"
_SHOWN = 3
# What transformers' classes raise for sizes and names that fit no architecture.
_UNBUILDABLE = (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


def load_plain(
    checkpoint: Checkpoint,
    architecture: Any,
    config: Any,
    tensors: dict[str, torch.Tensor],
    dtype: torch.dtype | None = None,
) -> torch.nn.Module:
    """The module with the checkpoint's weights, in float32 unless another dtype is asked for.

    The tensors go through transformers' own renaming of older names (`weight_g`, `weight_v`).
    Those of the dtype asked for are not copied: they stay mapped from the file.

    Raises:
        ModelError: weights are missing, or have another shape than the configuration says, or hold
            whole numbers where the module has others.
    """
    import torch

    with refusing_bad_configuration(checkpoint), quiet_transformers():
        module, info = architecture.from_pretrained(
            None,
            config=config,
            state_dict=tensors,
            dtype=dtype or torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported in info, and refused below by name
        )
    _refuse_mismatched(checkpoint, info["mismatched_keys"])
    _refuse_missing(checkpoint, module, info["missing_keys"])
    _refuse_whole_numbers(checkpoint, module, tensors)
    if info["unexpected_keys"]:
        _log.warning(
            "%s: weights without a place in %s left out: %s",
            checkpoint.model,
            architecture.__name__,
            _some(info["unexpected_keys"]),
        )
    loaded: torch.nn.Module = module
    return loaded


@contextmanager
def refusing_bad_configuration(checkpoint: Checkpoint) -> Iterator[None]:
    """For building a module from a configuration that anybody may have edited.

    Raises:
        ModelError: no module can be built from it.
    """
    try:
        yield
    except _UNBUILDABLE as error:
        raise ModelError(
            "the model cannot be built from its configuration",
            where=checkpoint.model,
            got=f"{type(error).__name__}: {str(error)[:200]}",
        ) from None


def _refuse_mismatched(checkpoint: Checkpoint, mismatched: Iterable[tuple[Any, ...]]) -> None:
    for name, stored, built in sorted(mismatched, key=str):
        raise ModelError(
            "a weight's shape differs from the model's configuration",
            where=f"{checkpoint.model}: {name}",
            got=tuple(stored),
            expected=str(tuple(built)),
        )


def _refuse_whole_numbers(
    checkpoint: Checkpoint, module: Any, tensors: Mapping[str, torch.Tensor]
) -> None:
    """Another tool's quantised codes, say, which transformers would take for the weights."""
    for name, built in module.state_dict().items():
        stored = tensors.get(name, built)
        if built.is_floating_point() and not stored.is_floating_point():
            raise ModelError(
                "a weight is stored in a dtype that it cannot have",
                where=f"{checkpoint.model}: {name}",
                got=dtype_name(stored.dtype),
                expected="floating-point weights",
            )


def _refuse_missing(checkpoint: Checkpoint, module: Any, missing: Iterable[str]) -> None:
    import torch

    names = {name for name in missing if not name.endswith(_TRAINING_ONLY)}
    if not names:
        for name, parameter in module.named_parameters():
            if name in missing:  # else it holds random numbers, and no two loads are alike
                torch.nn.init.zeros_(parameter)
        return
    encoder = f"{module.base_model_prefix}."
    if not any(name.startswith(encoder) for name in names):
        raise ModelError(
            "not fine-tuned to transcribe",
            where=checkpoint.model,
            got=f"no weights for {_some(names)}",
            expected="a model that was trained to transcribe",
        )
    raise ModelError(
        "weights are missing",
        where=checkpoint.model,
        got=f"no {_some(names)}",
        expected=f"all weights of {type(module).__name__}",
    )


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

"""Running only what a changed layer can change: the modules before it answer from memory.

Blocks (the members of module lists) and the modules that hold them are run once, and what they
gave is kept. While a layer is tried out, those that had ended before it began give the same again.
Which ones these are is seen from the calls themselves, so nothing here knows an architecture; a
module that is called twice in a pass, or gives something beside tensors, is always run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asrcompress.compress.divergence import Reference, log_posteriors

if TYPE_CHECKING:
    import torch

Names = tuple[str, ...]  # a layer, and those tied to it


@dataclass(slots=True)
class _Calls:
    """When a module's first call began and its last one ended, in calls since the pass began."""

    began: int
    ended: int = -1
    count: int = 1


class Replay:
    """What the blocks of a module gave for each reference, with the weights then in place."""

    def __init__(self, module: torch.nn.Module, references: Sequence[Reference]) -> None:
        self._module = module
        self._references = references
        self._calls = _calls(module, min(references, key=lambda r: len(r.log_posteriors)))
        self._skipped: dict[Names, Names] = {}
        self._outputs: list[dict[str, Any]] = []

    def prepare(self, layers: Iterable[Names]) -> None:
        """Run all references, and keep what trying out these layers needs."""
        blocks = _blocks(self._module)
        self._skipped = {names: self._ended_before(names, blocks) for names in layers}
        needed = {block for skipped in self._skipped.values() for block in skipped}
        self._outputs = []
        for reference in self._references:
            self._outputs.append(_outputs(self._module, needed, reference))
        unkept = {name for outputs in self._outputs for name in needed - outputs.keys()}
        self._skipped = {
            names: tuple(block for block in skipped if block not in unkept)
            for names, skipped in self._skipped.items()
        }

    @contextmanager
    def without(self, names: Names) -> Iterator[Callable[[int], None]]:
        """Within it, what had ended before the layer of these names began is not run again.

        Gives what to call with a reference's index before the module runs on it.
        """
        skipped = {name: self._module.get_submodule(name) for name in self._skipped[names]}

        def prepared(index: int) -> None:
            for name, block in skipped.items():
                block.forward = _answering(self._outputs[index][name])

        try:
            yield prepared
        finally:
            for block in skipped.values():
                vars(block).pop("forward", None)

    def _ended_before(self, names: Names, blocks: Names) -> Names:
        """The outermost blocks that had ended when the first of the layers began."""
        began = min(self._began(name) for name in names)
        found = [
            block
            for block in blocks
            if (calls := self._calls.get(block)) and calls.count == 1 and calls.ended < began
        ]
        return tuple(b for b in found if not any(b.startswith(f"{other}.") for other in found))

    def _began(self, name: str) -> int:
        """When a layer began; for one whose weight is read without a call, the module around it."""
        while name not in self._calls:
            name = name.rpartition(".")[0]
        return self._calls[name].began


def _blocks(module: torch.nn.Module) -> Names:
    """The names of the module lists' members, and of the modules that hold the lists."""
    from torch.nn import ModuleList

    names: dict[str, None] = {}
    for name, found in module.named_modules():
        if isinstance(found, ModuleList):
            holder = name.rpartition(".")[0]
            names |= dict.fromkeys([holder, *(f"{name}.{member}" for member in range(len(found)))])
    names.pop("", None)
    return tuple(names)


def _calls(module: torch.nn.Module, reference: Reference) -> dict[str, _Calls]:
    found: dict[str, _Calls] = {}
    clock = iter(range(1 << 62))

    def began(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            now = next(clock)
            if name in found:
                found[name].count += 1
            else:
                found[name] = _Calls(now)

        return hook

    def ended(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            found[name].ended = next(clock)

        return hook

    with ExitStack() as hooks:
        for name, each in module.named_modules():
            hooks.callback(each.register_forward_pre_hook(began(name)).remove)
            hooks.callback(each.register_forward_hook(ended(name)).remove)
        log_posteriors(module, reference.inputs)
    return found


def _outputs(module: torch.nn.Module, names: Iterable[str], reference: Reference) -> dict[str, Any]:
    """What the modules of those names give; without what is not made of tensors."""
    found: dict[str, Any] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_module: object, _args: object, output: Any) -> None:
            if _is_of_tensors(output):
                found[name] = _copied(output)

        return hook

    with ExitStack() as hooks:
        for name in names:
            hooks.callback(module.get_submodule(name).register_forward_hook(keep(name)).remove)
        log_posteriors(module, reference.inputs)
    return found


def _answering(output: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: _copied(output)


def _is_of_tensors(value: Any) -> bool:
    import torch

    if isinstance(value, (tuple, list)):
        return all(map(_is_of_tensors, value))
    if isinstance(value, dict):
        return all(map(_is_of_tensors, value.values()))
    return value is None or isinstance(value, torch.Tensor)


def _copied(value: Any) -> Any:
    """The value with its tensors cloned: what comes after a block may write into them."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):  # transformers' outputs are dictionaries as well
        return type(value)(**{key: _copied(inner) for key, inner in value.items()})
    if isinstance(value, (tuple, list)):
        return type(value)(_copied(inner) for inner in value)
    return value

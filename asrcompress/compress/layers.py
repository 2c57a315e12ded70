"""Which layers a method may touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns over layer names; a pattern that matches a block takes all layers in it.

    Without `include` every layer is in; `exclude` wins over `include`.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def why_not(self, name: str) -> str | None:
        """Why a layer is left alone, None where it is selected."""
        for pattern in self.exclude:
            if matches(name, pattern):
                return f"excluded by {pattern!r}"
        if self.include and not any(matches(name, pattern) for pattern in self.include):
            return "not included"
        return None

    def layers(
        self, module: torch.nn.Module, kinds: tuple[type[torch.nn.Module], ...]
    ) -> dict[str, torch.nn.Module]:
        """The selected layers of the kinds by name, in the module's order.

        Raises:
            InputError: nothing is selected.
        """
        found = {
            name: layer
            for name, layer in module.named_modules()
            if isinstance(layer, kinds) and self.why_not(name) is None
        }
        if not found:
            listed = " or ".join(kind.__name__ for kind in kinds)
            raise InputError(
                "no layer to compress is left",
                got=f"include {list(self.include)}, exclude {list(self.exclude)}",
                expected=f"patterns that leave at least one {listed}",
            )
        return found

    def check(self, module: torch.nn.Module) -> None:
        """Make sure, before any work, that each pattern matches a layer.

        Raises:
            InputError: one matches none; the nearest name is suggested.
        """
        names = compressible(module)
        for pattern in (*self.include, *self.exclude):
            if not any(matches(name, pattern) for name in names):
                raise InputError(
                    "pattern matches no layer",
                    got=repr(pattern),
                    expected=_examples(pattern, names),
                )


def matches(name: str, pattern: str) -> bool:
    """Whether the pattern matches a layer's name or that of a block it lies in."""
    parts = name.split(".")
    return any(
        fnmatchcase(".".join(parts[:length]), pattern) for length in range(1, len(parts) + 1)
    )


def compressible(module: torch.nn.Module) -> tuple[str, ...]:
    """The names of all Linear and Conv1d layers."""
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv1d)
    return tuple(name for name, layer in module.named_modules() if isinstance(layer, kinds))


def _examples(pattern: str, names: Sequence[str]) -> str:
    shown = expected_one_of(pattern, [names[0], names[-1]])
    return f"layer names such as {shown.removeprefix('one of ')}"

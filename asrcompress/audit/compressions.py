"""The compressions of a recipe: options as compress takes them, and budgets of another's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from asrcompress.audit.recipe import SAME_SIZE_AS
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions

_MEASURING = "mixed"  # the method that hears calibration audio, and its trigger
_BUDGETS = ("target_size", "target_ratio", "target_divergence")
_ANY_BUDGET = 1 << 20  # bytes; stands for a size that is not known yet

Entry = Mapping[str, Any]


def options_of(entry: Entry, budget_bytes: int = _ANY_BUDGET) -> CompressOptions:
    """A compression's options; budget_bytes: of what it is to be as large as, where it says so.

    Raises:
        InputError: an option that compress does not have, or that it cannot use.
    """
    from asrcompress.compress import read_options

    given = {name: value for name, value in entry.items() if name != SAME_SIZE_AS}
    if SAME_SIZE_AS in entry:
        _check_budget(entry)
        given["target_size"] = budget_bytes
    options = read_options(given)
    if entry and not options.steps:
        raise InputError("no method", expected="bits, prune, adaptive or mixed; {} is the original")
    return options


def is_measured(options: CompressOptions) -> bool:
    """Whether these options need calibration audio."""
    return any(step.method == _MEASURING for step in options.steps)


def mistakes_of(
    compressions: Mapping[str, Any], *, has_calibration: bool
) -> Iterator[tuple[str | None, str]]:
    """What is wrong with which of them; None for the calibration that none of them needs."""
    is_heard = False
    for name, entry in compressions.items():
        if not isinstance(entry, dict):
            continue
        try:
            is_measuring = is_measured(options_of(entry))
            _check_reference(name, compressions)
        except AsrcompressError as error:
            is_heard = True  # for all that is known
            yield name, str(error)
            continue
        is_heard |= is_measuring
        if is_measuring and not has_calibration:
            yield name, "measures on audio: needs the section calibration, like {corpus: PATH}"
    if has_calibration and not is_heard:
        yield None, f"no compression measures on it; add one with {_MEASURING}: true"


def _check_budget(entry: Entry) -> None:
    name = entry[SAME_SIZE_AS]
    if not isinstance(name, str):
        raise InputError(f"bad {SAME_SIZE_AS}", got=repr(name), expected="a compression's name")
    if not entry.get(_MEASURING):
        raise InputError(f"{SAME_SIZE_AS} needs {_MEASURING}: true")
    others = [budget for budget in _BUDGETS if budget in entry]
    if others:
        raise InputError(f"{SAME_SIZE_AS} and {others[0]}", expected="one budget")


def _check_reference(name: str, compressions: Mapping[str, Any]) -> None:
    """What it is to be as large as is there, is compressed, and does not wait for it in turn."""
    passed = [name]
    while isinstance(reference := compressions[passed[-1]].get(SAME_SIZE_AS), str):
        if reference not in compressions:
            raise InputError(
                f"no such compression for {SAME_SIZE_AS}",
                got=repr(reference),
                expected=expected_one_of(reference, [one for one in compressions if one != name]),
            )
        if reference in passed:
            circle = " -> ".join([*passed[passed.index(reference) :], reference])
            raise InputError(f"{SAME_SIZE_AS} in a circle", got=circle)
        passed.append(reference)
        if not compressions[reference]:
            raise InputError(
                f"{SAME_SIZE_AS} an uncompressed model",
                got=repr(reference),
                expected="a compression",
            )
        if not isinstance(compressions[reference], dict):
            return  # a mistake of its own

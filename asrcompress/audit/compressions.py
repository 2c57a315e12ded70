"""The compressions of a recipe: options as compress takes them, and what one takes of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asrcompress.audit.recipe import FROM, SAME_SIZE_AS
from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions

MEASURING = "mixed"  # the method that hears calibration audio, and its trigger
BUDGETS = ("target_size", "target_ratio", "target_divergence")
_ANY_BUDGET = 1 << 20  # bytes; stands for a size that is not known yet

Entry = Mapping[str, Any]


def options_of(entry: Entry, budget_bytes: int = _ANY_BUDGET) -> CompressOptions:
    """A compression's options; budget_bytes: of what it is to be as large as, where it says so.

    Raises:
        InputError: an option that compress does not have, or that it cannot use.
    """
    from asrcompress.compress import read_options

    given = {name: value for name, value in entry.items() if name not in (SAME_SIZE_AS, FROM)}
    if SAME_SIZE_AS in entry:
        _check_budget(entry)
        given["target_size"] = budget_bytes
    options = read_options(given)
    if entry and not options.steps and options.runtime == "torch":
        raise InputError(
            "no method",
            expected="method, bits, prune, adaptive or mixed; {} is the original",
        )
    return options


def is_measured(options: CompressOptions) -> bool:
    """Whether these options need calibration audio."""
    return any(step.method == MEASURING for step in options.steps)


def may_calibrate(options: CompressOptions) -> bool:
    """Whether these options use calibration audio where there is some: a runtime's export."""
    return options.runtime != "torch" and not options.weights_only


def hears(options: CompressOptions) -> bool:
    """Whether these options use calibration audio, because they must or where there is some."""
    return is_measured(options) or may_calibrate(options)


def is_trained(options: CompressOptions) -> bool:
    """Whether these options need training audio."""
    from asrcompress.compress.learn import training_step

    return training_step(options) is not None


def _check_budget(entry: Entry) -> None:
    if not entry.get(MEASURING):
        raise InputError(f"{SAME_SIZE_AS} needs {MEASURING}: true")
    others = [budget for budget in BUDGETS if budget in entry]
    if others:
        raise InputError(f"{SAME_SIZE_AS} and {others[0]}", expected="one budget")

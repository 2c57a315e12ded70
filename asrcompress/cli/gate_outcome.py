"""What a command ends with once gates have been held: a line of counts, and their exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from asrcompress.cli import console
from asrcompress.core.errors import ExitCode

if TYPE_CHECKING:
    from asrcompress.core.gates import GateTable


def end_by_gates(gates: GateTable | None, *, quiet: bool) -> None:
    """Say how many checks passed, and end the command with the gates' exit code.

    What did not pass is an error, which is told whatever the output mode.

    Raises:
        typer.Exit: not all passed.
    """
    if gates is None:
        return
    code = gates.exit_code
    console.say(gate_line(gates), quiet=quiet and code == ExitCode.PASS)
    if code != ExitCode.PASS:
        raise typer.Exit(code)


def gate_line(gates: GateTable) -> str:
    """How many checks did not pass: gates: 3 of 12 failed, 1 inconclusive."""
    from asrcompress.core.gates import GateOutcome

    counts = gates.counts
    bad = [outcome for outcome in GateOutcome if outcome != GateOutcome.PASSED]
    parts = [f"{counts[outcome]} {outcome.value}" for outcome in bad if counts.get(outcome)]
    total = len(gates.checks)
    if not parts:
        return f"gates: all {total} passed"
    first, *others = parts
    number, word = first.split()
    return "gates: " + ", ".join([f"{number} of {total} {word}", *others])

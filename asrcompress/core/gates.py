"""gates.json: each rule held against each cell it is about, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.comparison import Interval
from asrcompress.core.errors import ExitCode
from asrcompress.core.files import read_json
from asrcompress.core.validation import validated

GATES_NAME = "gates.json"


class GateOutcome(str, Enum):
    """Of one check. Missing: there is no such figure, so nothing can be said, and it is no pass."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateCheck(_Model):
    """One rule held against one figure.

    value, interval and limit are fractions for rates and their differences, bytes for sizes and
    memory, and plain ratios; None where there is none. words: the same for a reader, one line.
    """

    gate: str = Field(description="the rule's name")
    metric: str = Field(description="wer, dwer, interaction, size, rtfx_ratio, memory, ...")
    artefact: str
    condition: str | None = Field(default=None, description="None: of the artefact as a whole")
    field: str | None = Field(default=None, description="the subgroup's column; None: everyone")
    group: str | None = Field(default=None, description="the subgroup's value")
    outcome: GateOutcome
    value: float | None = None
    interval: Interval | None = None
    limit: float | None = None
    words: str

    @property
    def place(self) -> str:
        """Where it was held, in words: int8 under babble-5dB, accent = south."""
        under = "" if self.condition is None else f" under {self.condition}"
        among = "" if self.field is None else f", {self.field} = {self.group}"
        return f"{self.artefact}{under}{among}"


class GateTable(_Model):
    """The whole of gates.json: all checks, in the rules' order.

    source: where the rules stand: a recipe's name or a file's. inconclusive_passes: the rules say
    that what these recordings cannot tell is no reason to stop.
    """

    schema_version: Literal[1] = 1
    source: str
    inconclusive_passes: bool = False
    checks: tuple[GateCheck, ...]

    @property
    def counts(self) -> Mapping[GateOutcome, int]:
        """How many checks ended how."""
        return Counter(check.outcome for check in self.checks)

    @property
    def outcome(self) -> GateOutcome:
        """Of all together: what is missing weighs most, then what failed."""
        counts = self.counts
        for outcome in (GateOutcome.MISSING, GateOutcome.FAILED):
            if counts.get(outcome):
                return outcome
        if counts.get(GateOutcome.INCONCLUSIVE) and not self.inconclusive_passes:
            return GateOutcome.INCONCLUSIVE
        return GateOutcome.PASSED

    @property
    def exit_code(self) -> ExitCode:
        """What the program ends with; the same in every output mode."""
        return {
            GateOutcome.PASSED: ExitCode.PASS,
            GateOutcome.FAILED: ExitCode.GATE_FAILED,
            GateOutcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
            GateOutcome.MISSING: ExitCode.INTERNAL,
        }[self.outcome]


def read_gates(path: Path) -> GateTable | None:
    """The checks beside the results at a file or in its folder; None where none were made.

    Raises:
        InputError: the file is there but does not have its form.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / GATES_NAME
    if not file.is_file():
        return None
    return validated(
        GateTable, read_json(file), where=file, next_step="check again with asrcompress gate"
    )

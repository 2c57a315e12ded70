"""What each treatment of each layer alone was measured to do, kept for the next budget.

Plans for several budgets of one model, as an audit has them, start from the same measurements,
which are most of the work. They are the same where the weights, the audio and the seed are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asrcompress.compress.sensitivity import Table


@dataclass(frozen=True, slots=True)
class Scans:
    """Tables of divergence by what they were measured on."""

    tables: dict[str, Table] = field(default_factory=dict)

    def of(self, subject: str) -> Table:
        """The table of one subject, to be added to."""
        return self.tables.setdefault(subject, {})

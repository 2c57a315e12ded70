"""What every rule of a gate has: where it holds. What it asks for is in `metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

if TYPE_CHECKING:
    from asrcompress.audit.gates.evidence import ArtefactEvidence, CellEvidence
    from asrcompress.audit.gates.judgement import Judgement, Pending

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Fraction = Annotated[float, Field(ge=0, le=10)]  # of words; a WER may be above 1
Share = Annotated[float, Field(ge=0, le=100)]  # of the original's figure
Ratio = Annotated[float, Field(gt=0, le=1000)]


def _as_text(value: Any) -> Any:
    """A subgroup's value that YAML reads as a number, like speaker 17, as results name it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Value = Annotated[str, BeforeValidator(_as_text)]


class Rule(BaseModel):
    """A rule about artefacts.

    name: what reports call it; derived from the limits where left out. artefacts: names or
    patterns like int8*; without, every artefact that has a baseline.

    What it needs to judge by, as each metric has it: needs_baseline: something to compare with, so
    that there is nothing to say of a baseline itself. needs_committed: a baseline file.
    needs_sides: every utterance's counts, even of whole cells. is_beside_clean: the clean
    condition, which it has nothing to say of itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    needs_baseline: ClassVar[bool] = False
    needs_committed: ClassVar[bool] = False
    needs_sides: ClassVar[bool] = False
    is_beside_clean: ClassVar[bool] = False

    metric: str
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    artefacts: list[Pattern] = []

    @property
    def title(self) -> str:
        """Its name, or its limits in words."""
        return self.name or self.words

    @property
    def words(self) -> str:
        """The limits, in words: dWER within 0.5 points."""
        raise NotImplementedError

    @property
    def is_of_cells(self) -> bool:
        """Whether it looks at an artefact under every condition, or once."""
        return False

    @property
    def measured(self) -> Literal["cost", "speed"] | None:
        """What has to be measured for it beside errors and sizes: costs, or speeds in turns."""
        return None

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        """What it says of an artefact: a judgement for each of its limits."""
        raise NotImplementedError

    def judge_cell(self, evidence: CellEvidence) -> Judgement | Pending:
        """What it says of a cell or of a subgroup of it."""
        raise NotImplementedError


class CellRule(Rule):
    """A rule that looks at an artefact under every condition, or at subgroups there.

    conditions: names or patterns; without, all. by: a column, for a check of each of its values;
    values: of these alone. min_words: subgroups and cells with fewer reference words are
    inconclusive, whatever their figure.
    """

    conditions: list[Pattern] = []
    by: Annotated[str, StringConstraints(min_length=1)] | None = None
    values: list[Value] = []
    min_words: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_a_column(self) -> CellRule:
        if self.values and self.by is None:
            raise ValueError("values need by, the column they are in")
        return self

    @property
    def is_of_cells(self) -> bool:
        return True

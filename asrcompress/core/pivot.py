"""A table in the layout of a paper, as a recipe asks for it: which results, and on which side."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PivotValue = Literal[
    "wer",
    "divergence",
    "memory_mb",
    "disk_mb",
    "zipped_mb",
    "rate_memory",
    "rate_disk",
    "rate_zipped",
    "parameters",
    "zeros",
    "low",
    "medium",
    "high",
    "pruning_rate",
]
PivotRows = Literal["model_condition", "model", "model_compression", "value"]


class PivotTable(BaseModel):
    """What a table holds; every number in it comes from the results.

    rows: models with the conditions (or subgroups) below each; models alone; models with the
    compressions below each; or the values, with a column for each model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    columns: tuple[str, ...] = Field(min_length=1, description="the compressions, in their order")
    values: tuple[PivotValue, ...] = Field(default=("wer",), min_length=1)
    rows: PivotRows = "model_condition"
    by: str | None = Field(
        default=None, description="a subgroup field whose values stand for the conditions"
    )
    data: tuple[str, ...] = Field(
        default=(),
        description="only these conditions or values of the subgroup, in this order; empty for all",
    )

"""What structured pruning leaves of each transformer block, as widths."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from asrcompress.core.bounds import Count

_MOST_HEADS = 4096
_MOST_BLOCKS = 4096


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BlockStructure(_Model):
    """One block. Source of the units: Wang et al. (2023), Eq. 3.

    query_key, value_output: dimensions left of each of the original's heads. A head without
    value dimensions is gone, and has no query dimensions either; one without query dimensions
    attends to all frames alike (but for a bias of positions). feed_forward: the width left; 0 is
    no feed-forward at all, its bias included, as no value dimension at all is no attention.
    """

    query_key: tuple[Count, ...] = Field(min_length=1, max_length=_MOST_HEADS)
    value_output: tuple[Count, ...] = Field(min_length=1, max_length=_MOST_HEADS)
    feed_forward: Count

    @model_validator(mode="after")
    def _heads_fit(self) -> BlockStructure:
        if len(self.query_key) != len(self.value_output):
            raise ValueError("query_key and value_output must have one number a head")
        if any(q and not v for q, v in zip(self.query_key, self.value_output, strict=True)):
            raise ValueError("a head without value dimensions must have no query dimensions")
        return self

    @property
    def heads(self) -> tuple[int, ...]:
        """The original's heads that are left, by their numbers."""
        return tuple(head for head, width in enumerate(self.value_output) if width)

    @property
    def has_attention(self) -> bool:
        return bool(self.heads)

    @property
    def has_feed_forward(self) -> bool:
        return self.feed_forward > 0


class Structure(_Model):
    """All blocks, first to last."""

    blocks: tuple[BlockStructure, ...] = Field(min_length=1, max_length=_MOST_BLOCKS)

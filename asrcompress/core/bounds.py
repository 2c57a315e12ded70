"""Numbers as they may stand in our files: sums and quotients of them stay within a float."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=0, lt=1 << 63)]  # bytes, weights, the length of an axis
Shape = Annotated[tuple[Count, ...], Field(max_length=16)]  # 16 * 63 bits < a float's 1023
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Magnitude = Annotated[float, Field(ge=0, allow_inf_nan=False)]

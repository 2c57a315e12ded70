"""Curves that were edited so that they no longer fit together are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from asrcompress.core.training_record import Curves, MaskCurves


def test_a_series_has_a_value_a_step() -> None:
    """One value too few is refused, where it would end in a traceback of the report."""
    Curves(steps=(1, 2), series={"loss": (0.5, None)})
    with pytest.raises(ValidationError, match="one value a step"):
        Curves(steps=(1, 2), series={"loss": (0.5,)})


@pytest.mark.parametrize("rows", [((0.5, 0.5),), ((0.5, 0.5), (0.5,))])
def test_masks_have_a_mean_a_step_and_block(rows: tuple[tuple[float, ...], ...]) -> None:
    """A step or a block too few is refused."""
    MaskCurves(steps=(1, 2), means={"attention": ((0.5, 0.5), (0.4, 0.6))})
    with pytest.raises(ValidationError, match="one mean a step and block"):
        MaskCurves(steps=(1, 2), means={"attention": rows})

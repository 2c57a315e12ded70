"""Convolution in blocks is the convolution, wherever it is begun and ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.corrupt.convolution import convolve


@pytest.mark.parametrize(("time", "taps"), [(1, 1), (10, 300), (9000, 700), (20_000, 4096)])
def test_the_whole_is_numpys(time: int, taps: int) -> None:
    generator = np.random.default_rng(time)
    samples, response = generator.standard_normal(time), generator.standard_normal(taps)
    np.testing.assert_allclose(
        convolve(samples, response, 0, time + taps - 1), np.convolve(samples, response), atol=1e-9
    )


@given(st.integers(1, 400), st.integers(1, 90), st.data())
def test_any_part_of_it(time: int, taps: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, time + taps - 2))
    frames = data.draw(st.integers(1, time + taps - 1 - start))
    generator = np.random.default_rng(time)
    samples, response = generator.standard_normal(time), generator.standard_normal(taps)
    expected = np.convolve(samples, response)[start : start + frames]
    np.testing.assert_allclose(convolve(samples, response, start, frames), expected, atol=1e-10)

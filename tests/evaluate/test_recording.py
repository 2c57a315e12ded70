"""Windows over a recording that is read in blocks, and statistics of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.audio import Samples
from asrcompress.evaluate.recording import Recording, Windows, mean_and_variance


def _recording(sizes: list[int]) -> tuple[Recording, Samples]:
    """Blocks of these sizes, and what they are together."""
    whole = np.arange(sum(sizes), dtype=np.float32)
    return Recording(lambda: iter(np.split(whole, np.cumsum(sizes)[:-1]))), whole


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_windows_are_slices(sizes: list[int], length: int, step: int) -> None:
    """Whatever the blocks, a window is the slice, and the last one is known as such."""
    recording, whole = _recording(sizes)
    windows, step = Windows(recording), min(step, length)
    for start in range(0, max(len(whole), 1), step):
        window = windows.at(start, length)
        assert np.array_equal(window.samples, whole[start : start + length])
        assert window.is_last == (start + length >= len(whole))
        if window.is_last:
            break


def test_memory_holds_a_window_and_a_block() -> None:
    """Of 100 blocks no more are taken than the window needs, and one to know if it is the last."""
    taken = 0

    def blocks() -> Iterator[Samples]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield np.zeros(10, dtype=np.float32)

    windows = Windows(Recording(blocks))
    windows.at(0, 30)
    assert taken == 4
    windows.at(20, 30)
    assert taken == 6
    assert len(windows._held) <= 40


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.floats(-1, 1))
def test_statistics_are_those_of_the_whole(sizes: list[int], offset: float) -> None:
    """As numpy computes them over all samples at once, an offset and a loud end included."""
    samples = np.random.default_rng(sum(sizes)).standard_normal(sum(sizes)) * 0.1 + offset
    samples[-sizes[-1] :] *= 5
    whole = samples.astype(np.float32)
    recording = Recording(lambda: iter(np.split(whole, np.cumsum(sizes)[:-1])))
    mean, variance = mean_and_variance(recording)
    assert mean == pytest.approx(whole.mean(dtype=np.float64), abs=1e-9)
    assert variance == pytest.approx(whole.var(dtype=np.float64), abs=1e-9)


def test_a_recording_in_memory_can_be_read_again() -> None:
    """Normalising takes a first pass, decoding a second."""
    samples = np.ones(600_000, dtype=np.float32)
    recording = Recording.of(samples)
    for _ in range(2):
        assert sum(map(len, recording.blocks())) == len(samples)

"""A stream of blocks at one rate as a stream at another, and as overlapping windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from asrcompress.core.errors import InputError

Samples = npt.NDArray[np.float32]

_QUALITY = "HQ"  # librosa's soxr_hq, the field's default


def resampled_length(frames: int, from_hz: int, to_hz: int) -> int:
    """The frames that `frames` become at another rate: librosa's ceil(frames * ratio)."""
    return frames if from_hz == to_hz else math.ceil(frames * (to_hz / from_hz))


def resampled(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The blocks' samples at another rate, the same as of all of them at once.

    soxr keeps its state between blocks, so that their borders leave no trace. Together they have
    `resampled_length` samples: soxr rounds where librosa takes the ceiling and pads with a zero.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=_QUALITY)
    frames = emitted = 0
    for block in blocks:
        part = stream.resample_chunk(block)
        frames += len(block)
        emitted += len(part)
        if len(part):
            yield part
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    missing = resampled_length(frames, from_hz, to_hz) - emitted
    yield np.pad(rest[:missing], (0, max(0, missing - len(rest))))


def windowed(
    blocks: Iterable[Samples], window_frames: int, overlap_frames: int
) -> Iterator[tuple[int, Samples]]:
    """Windows of the blocks' samples with the frame each begins at; the last can be shorter.

    Each begins `window_frames - overlap_frames` after the one before it, and none lies wholly in
    the one before it. Memory holds one window and one block.
    """
    start = 0
    held = np.empty(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > window_frames:  # more follows, so this one is not the last
            yield start, held[:window_frames].copy()
            start += window_frames - overlap_frames
            held = held[window_frames - overlap_frames :].copy()
    if len(held):
        yield start, held


def window_frames(chunk_s: float, overlap_s: float, sample_rate_hz: int) -> tuple[int, int]:
    """A window and an overlap in frames.

    Raises:
        InputError: the chunk is not longer than the overlap, or the overlap is negative.
    """
    chunk, overlap = round(chunk_s * sample_rate_hz), round(overlap_s * sample_rate_hz)
    if overlap < 0 or chunk <= overlap:
        raise InputError(
            "bad chunks",
            got=f"{chunk_s} s that overlap by {overlap_s} s",
            expected="chunks longer than their overlap, overlap 0 or more",
        )
    return chunk, overlap

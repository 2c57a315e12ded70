"""Clipping: as many samples, or as many dB, as asked; the rest as it was."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effects.clipping import Params, apply
from tests.corrupt.signals import signal, syllables

_GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.2])
def test_the_share_asked_for_is_clipped(fraction: float) -> None:
    speech = syllables()
    heard, record = apply(signal(speech), Params(fraction=fraction), None, _GENERATOR)
    is_flat = np.abs(heard.samples) == record["clip_level"]
    assert is_flat.mean() == pytest.approx(fraction, abs=2 / len(speech))
    assert record["clipped_fraction"] == pytest.approx(fraction, abs=2 / len(speech))
    np.testing.assert_array_equal(heard.samples[~is_flat], speech[~is_flat])
    assert heard.speech is None


def test_the_overload_is_in_db_of_the_peak() -> None:
    """20 dB of overload: a tone of 0.5 is flat at 0.05, for all but asin(0.1) / (pi / 2) of it."""
    tone = 0.5 * np.sin(2 * np.pi * np.arange(100_000) / 1000)
    heard, record = apply(signal(tone), Params(overload_db=20), None, _GENERATOR)
    assert np.abs(heard.samples).max() == pytest.approx(0.05)
    assert record["clipped_fraction"] == pytest.approx(1 - np.arcsin(0.1) / (np.pi / 2), abs=0.003)


def test_more_than_there_is_is_refused() -> None:
    samples = np.zeros(100)
    samples[3] = 1.0
    with pytest.raises(InputError, match="clipping would leave silence"):
        apply(signal(samples), Params(fraction=0.5), None, _GENERATOR)

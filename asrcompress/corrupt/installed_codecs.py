"""Which codecs of the effects work here, found out by sending sound through them."""

from __future__ import annotations

import numpy as np

from asrcompress.core.errors import InputError
from asrcompress.corrupt.codec import Container, through

# What each effect of that name encodes with.
CONTAINERS = {
    "gsm": Container("WAV", "GSM610", 8_000),
    "mp3": Container("MP3", "MPEG_LAYER_III", 16_000, 0.5, "CONSTANT"),
    "opus": Container("OGG", "OPUS", 16_000, 0.5),
    "telephone": Container("WAV", "ULAW", 8_000),
}
_SECONDS = 0.5
_PITCH_HZ = 440.0
_LOUD_ENOUGH = 0.5  # of the tone's own level, and at most 1 / 0.5 of it


def codec_faults() -> dict[str, str | None]:
    """For each effect with a codec None where a tone survives it, else what happened."""
    return {name: _fault(container) for name, container in CONTAINERS.items()}


def _fault(container: Container) -> str | None:
    times_s = np.arange(int(_SECONDS * container.sample_rate_hz)) / container.sample_rate_hz
    tone = 0.5 * np.sin(2 * np.pi * _PITCH_HZ * times_s)
    try:
        decoded = through(tone, container).samples
    except (InputError, ImportError, OSError) as error:  # these two: libsndfile is not there
        return str(error)
    level = float(np.sqrt(np.mean(decoded**2) / np.mean(tone**2)))
    if not _LOUD_ENOUGH < level < 1 / _LOUD_ENOUGH:
        return f"a tone came out {level:.2g} times as loud"
    return None

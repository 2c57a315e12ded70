"""Sound through a codec and back: in memory, in place in time, with the level it went in at."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from asrcompress.core.audio import resample
from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Signal
from asrcompress.corrupt.level import Floats

_CEILING = 0.999  # what goes into a codec stays below full scale: none of them may clip


@dataclass(frozen=True, slots=True)
class Container:
    """A file format of libsndfile with its codec, and how it is to be set."""

    format: str
    subtype: str
    sample_rate_hz: int
    compression_level: float | None = None
    bitrate_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Coded:
    """What came out: (time,) float64 samples as long as what went in, and the file's bytes."""

    samples: Floats
    file: bytes
    gain: float


def through(samples: Floats, container: Container, delay: int = 0) -> Coded:
    """(time,) samples at the container's rate encoded and decoded.

    A mixture beyond full scale is scaled down by `gain` before, and back afterwards. `delay` is
    the codec's in samples; it is cut off where the decoder has not done so itself, which shows as
    a result longer than `delay` and what went in.

    Raises:
        InputError: this machine's libsndfile does not have the codec.
    """
    import soundfile

    peak = float(np.max(np.abs(samples), initial=0.0))
    gain = _CEILING / peak if peak > _CEILING else 1.0
    stream = io.BytesIO()
    try:
        soundfile.write(
            stream,
            np.asarray(gain * samples, dtype=np.float32),
            container.sample_rate_hz,
            format=container.format,
            subtype=container.subtype,
            compression_level=container.compression_level,
            bitrate_mode=container.bitrate_mode,
        )
        stream.seek(0)
        decoded, _ = soundfile.read(stream, dtype="float64")
    except (ValueError, soundfile.SoundFileError) as error:
        raise InputError(
            f"no {container.subtype} codec here",
            got=error,
            expected="libsndfile 1.2 or newer with it",
            next_step="install a newer soundfile, or leave the codec out",
        ) from None
    start = delay if len(decoded) >= len(samples) + delay else 0
    return Coded(_fitted(decoded[start:], len(samples)) / gain, stream.getvalue(), gain)


def at_rate(samples: Floats, from_hz: int, to_hz: int, frames: int | None = None) -> Floats:
    """(time,) float64 at another rate, in place in time; with exactly `frames` samples if given."""
    found = resample(np.asarray(samples, dtype=np.float32), from_hz, to_hz).astype(np.float64)
    return found if frames is None else _fitted(found, frames)


def after_codec(signal: Signal, samples: Floats) -> Signal:
    """The signal after a codec: speech and noise can no longer be told apart."""
    return replace(signal, samples=samples, speech=None)


def codec_record(codec: str, coded: Coded, bitrate_kbps: float) -> dict[str, Any]:
    """What a codec writes into the manifest; the bit rate is that of its own data."""
    return {f"{codec}_bitrate_kbps": round(bitrate_kbps, 3), f"{codec}_gain": coded.gain}


def _fitted(samples: Floats, frames: int) -> Floats:
    """Cut to `frames`, or up to them with silence: the last frame of a codec may be cut short."""
    return np.pad(samples, (0, max(0, frames - len(samples))))[:frames]

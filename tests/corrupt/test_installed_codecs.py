"""Codecs are tried by sending sound through them, the same ones as the effects use."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from asrcompress.core.registry import load_plugin, plugin_names
from asrcompress.corrupt import codec, effects
from asrcompress.corrupt.codec import Coded, Container
from asrcompress.corrupt.effect import Stage, clean_signal
from asrcompress.corrupt.installed_codecs import CONTAINERS, codec_faults

RATE_HZ = 16_000


def _effects_with_codecs() -> list[str]:
    names = plugin_names(effects)
    return [name for name in names if load_plugin(effects, name).STAGE is Stage.CODEC]


def test_every_effect_with_a_codec_is_tried() -> None:
    """A new one is not forgotten."""
    assert sorted(CONTAINERS) == sorted(_effects_with_codecs())


@pytest.mark.parametrize("name", _effects_with_codecs())
def test_the_codec_tried_is_the_one_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The effect's own call asks for the same format, codec and rate."""
    effect, asked = load_plugin(effects, name), []

    def spied(samples: np.ndarray, container: Container, delay: int = 0) -> Coded:
        asked.append(container)
        return codec.through(samples, container, delay)

    monkeypatch.setattr(effect, "through", spied)
    tone = 0.1 * np.sin(np.arange(RATE_HZ) * 0.2)
    signal = clean_signal(tone, RATE_HZ)
    effect.apply(signal, effect.Params(), None, np.random.default_rng(0))
    ours, (theirs,) = CONTAINERS[name], asked
    assert (ours.format, ours.subtype, ours.sample_rate_hz, ours.bitrate_mode) == (
        theirs.format,
        theirs.subtype,
        theirs.sample_rate_hz,
        theirs.bitrate_mode,
    )


def test_codecs_that_are_here_work() -> None:
    """libsndfile of the soundfile package has them all."""
    assert codec_faults() == dict.fromkeys(CONTAINERS)


def test_a_codec_that_is_not_here_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a libsndfile that was built without MP3; the others still work."""
    write = soundfile.write

    def refused(file: io.BytesIO, *args: object, **settings: object) -> None:
        if settings["format"] == "MP3":
            raise ValueError("Unknown format: 'MP3'")
        write(file, *args, **settings)

    monkeypatch.setattr(soundfile, "write", refused)
    faults = codec_faults()
    assert "no MPEG_LAYER_III codec here" in (faults.pop("mp3") or "")
    assert set(faults.values()) == {None}


def test_a_codec_that_gives_silence_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """That nothing was refused is no proof."""
    read = soundfile.read

    def silent(file: io.BytesIO, **settings: object) -> tuple[np.ndarray, int]:
        samples, rate_hz = read(file, **settings)
        return 0 * samples, rate_hz

    monkeypatch.setattr(soundfile, "read", silent)
    assert set(codec_faults().values()) == {"a tone came out 0 times as loud"}

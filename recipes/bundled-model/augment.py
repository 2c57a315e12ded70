"""Synthetic rooms, noises and colourings of a waveform; no recorded noise, no measured rooms."""

from __future__ import annotations

import numpy as np
from clips import SAMPLE_RATE_HZ, ClipBank
from numpy.typing import NDArray

Wave = NDArray[np.float32]

POOL_SECONDS = 12
COLOURED, BABBLES, MODULATED, HUMS = 40, 40, 16, 8


def coloured_noise(size: int, slope: float, rng: np.random.Generator) -> Wave:
    """Noise whose power falls as 1 / f**slope (0 white, 1 pink, 2 brown), unit variance."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.maximum(np.arange(len(spectrum)) / len(spectrum), 0.002)
    return _unit(np.fft.irfft(spectrum * frequency ** (-slope / 2), size))


def babble(size: int, bank: ClipBank, rng: np.random.Generator) -> Wave:
    """Several training speakers talking at once, unit variance."""
    total = np.zeros(size)
    for _ in range(int(rng.integers(3, 9))):
        at = 0
        while at < size:
            clip = bank.clips[int(rng.integers(len(bank.clips)))]
            audio = bank.audio(clip)[clip.word_on : clip.word_off][: size - at]
            level = np.sqrt(np.square(audio).mean()) + 1e-4
            total[at : at + len(audio)] += audio / level
            at += len(audio) + int(rng.integers(0, 3200))
    return _unit(total)


def hum(size: int, rng: np.random.Generator) -> Wave:
    """A mains or motor hum: harmonics of one base frequency over faint pink noise."""
    time_s = np.arange(size) / SAMPLE_RATE_HZ
    base_hz = rng.uniform(45, 240)
    total = 0.1 * coloured_noise(size, 1.0, rng).astype(np.float64)
    for order in range(1, 16):
        phase = rng.uniform(0, 2 * np.pi)
        total += rng.exponential(1 / order) * np.sin(2 * np.pi * base_hz * order * time_s + phase)
    return _unit(total)


def noise_pool(bank: ClipBank, rng: np.random.Generator) -> list[Wave]:
    """Stretches of made noise, ``POOL_SECONDS`` each, unit variance."""
    size = POOL_SECONDS * SAMPLE_RATE_HZ
    pool = [coloured_noise(size, rng.uniform(-1, 2), rng) for _ in range(COLOURED)]
    pool += [babble(size, bank, rng) for _ in range(BABBLES)]
    pool += [hum(size, rng) for _ in range(HUMS)]
    for _ in range(MODULATED):
        envelope = np.exp(1.2 * coloured_noise(size, 2.0, rng))
        pool.append(_unit(coloured_noise(size, rng.uniform(-1, 2), rng) * envelope))
    return pool


def colour_and_room(wave: Wave, rng: np.random.Generator) -> Wave:
    """``wave`` through a random equaliser and, three times in ten, a made room; same length."""
    reverberate, equalise = rng.random() < 0.3, rng.random() < 0.8
    if not reverberate and not equalise:
        return wave
    size = _fft_size(len(wave) + SAMPLE_RATE_HZ // 2)
    spectrum = np.fft.rfft(wave, size)
    if equalise:
        spectrum *= equaliser(len(spectrum), rng)
    if reverberate:
        spectrum *= np.fft.rfft(room(rng), size)
    return np.fft.irfft(spectrum, size)[: len(wave)].astype(np.float32)


def room(rng: np.random.Generator) -> Wave:
    """A room response: the direct sound, then decaying noise with T60 of 0.1 to 0.8 s."""
    t60_s, ratio_db = rng.uniform(0.1, 0.8), rng.uniform(-2, 14)
    time_s = np.arange(int(min(t60_s, 0.5) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / t60_s)
    tail[: int(rng.uniform(0.001, 0.01) * SAMPLE_RATE_HZ)] = 0
    tail *= 10 ** (-ratio_db / 20) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return tail.astype(np.float32)


def equaliser(bins: int, rng: np.random.Generator) -> Wave:
    """Gains over 0-8 kHz: a tilt, a few broad bumps, sometimes a telephone band."""
    octave = np.log2(np.maximum(np.arange(bins) / bins, 1 / 128)) + 7  # 0 at 62 Hz, 7 at 8 kHz
    gain_db = rng.normal(0, 1.8) * (octave - 4)
    for _ in range(int(rng.integers(0, 4))):
        width = rng.uniform(0.3, 1.5)
        gain_db += rng.normal(0, 5) * np.exp(-(((octave - rng.uniform(0, 7)) / width) ** 2))
    if rng.random() < 0.08:
        gain_db -= 24 * (octave > rng.uniform(5.4, 6.6)) + 24 * (octave < rng.uniform(1, 2.3))
    return (10 ** (gain_db / 20)).astype(np.float32)


def add_noise(wave: Wave, pool: list[Wave], snr_db: float, rng: np.random.Generator) -> Wave:
    """``wave`` plus a stretch of the pool at ``snr_db`` over the whole utterance."""
    noise = pool[int(rng.integers(len(pool)))]
    at = int(rng.integers(0, max(1, len(noise) - len(wave))))
    noise = np.resize(noise[at : at + len(wave)], len(wave))
    power, noise_power = np.square(wave).mean(), np.square(noise).mean() + 1e-9
    return wave + noise * np.float32(np.sqrt(power / noise_power) * 10 ** (-snr_db / 20))


def _unit(wave: NDArray[np.floating]) -> Wave:
    return ((wave - wave.mean()) / (wave.std() + 1e-9)).astype(np.float32)


def _fft_size(size: int) -> int:
    step = 1 << max(0, size.bit_length() - 4)
    return -(-size // step) * step

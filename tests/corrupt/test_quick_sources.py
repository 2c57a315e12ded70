"""Noises and rooms to train with: seeded, of the length asked for, and not those to test in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import read_corpus
from asrcompress.corrupt.builtin import SimulatedRooms
from asrcompress.corrupt.noise_folder import open_noise_folder
from asrcompress.corrupt.quick_noise import BuiltinQuickNoise, FolderNoise, QuickNoise
from asrcompress.corrupt.quick_rooms import FolderRooms, SimulatedQuickRooms
from asrcompress.corrupt.room_folder import open_room_folder
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of three speakers."""
    return tiny_corpus(tmp_path_factory.mktemp("quick") / "corpus")


def _ramp(folder: Path, name: str, seconds: float, rate_hz: int = 16_000) -> Path:
    """A file whose samples tell their places, from 0.1 on."""
    folder.mkdir(parents=True, exist_ok=True)
    count = round(seconds * rate_hz)
    soundfile.write(folder / name, 0.1 + 0.8 * np.arange(count) / count, rate_hz, subtype="FLOAT")
    return folder / name


@pytest.mark.parametrize("limit_bytes", [1 << 28, 0], ids=["memory", "disk"])
def test_a_stretch_of_a_long_noise(tmp_path: Path, limit_bytes: int) -> None:
    """One piece of the file, from places all over it, in memory and on disk alike."""
    _ramp(tmp_path, "long.wav", 4.0)
    noise = FolderNoise(open_noise_folder(tmp_path), 16_000, limit_bytes=limit_bytes)
    starts = []
    for seed in range(40):
        found = noise.draw(8000, np.random.default_rng(seed))
        assert found.shape == (8000,)
        assert found.dtype == np.float32
        assert np.diff(found) == pytest.approx(0.8 / 64_000, abs=1e-6)
        starts.append((float(found[0]) - 0.1) / 0.8 * 4.0)
    assert min(starts) < 0.5
    assert 3.0 < max(starts) <= 3.5
    assert np.std(starts) == pytest.approx(3.5 / np.sqrt(12), rel=0.2)


@pytest.mark.parametrize("limit_bytes", [1 << 28, 0], ids=["memory", "disk"])
def test_a_short_noise_goes_round(tmp_path: Path, limit_bytes: int) -> None:
    """A second of noise fills three; met anywhere, with a fade of 10 ms where it begins again."""
    _ramp(tmp_path, "short.wav", 1.0)
    noise = FolderNoise(open_noise_folder(tmp_path), 16_000, limit_bytes=limit_bytes)
    found = noise.draw(48_000, np.random.default_rng(0))
    turn = 16_000 - 160
    assert found[:8000] == pytest.approx(found[turn : turn + 8000], abs=1e-6)
    firsts = {round(float(noise.draw(48_000, np.random.default_rng(n))[0]), 4) for n in range(9)}
    assert len(firsts) == 9


@pytest.mark.parametrize("limit_bytes", [1 << 28, 0], ids=["memory", "disk"])
def test_a_silent_stretch_is_not_drawn(tmp_path: Path, limit_bytes: int) -> None:
    """A long file with one short sound in it: the stretch is around that sound."""
    samples = np.zeros(160_000)
    samples[100_000:100_200] = 0.5
    soundfile.write(tmp_path / "click.wav", samples, 16_000)
    noise = FolderNoise(open_noise_folder(tmp_path), 16_000, limit_bytes=limit_bytes)
    for seed in range(5):
        found = noise.draw(8000, np.random.default_rng(seed))
        assert found.shape == (8000,)
        assert np.abs(found).max() == pytest.approx(0.5, abs=1e-3)


def test_every_file_is_as_likely(tmp_path: Path) -> None:
    """Types and lengths do not weigh."""
    for name, level in (("a/1.wav", 0.1), ("a/2.wav", 0.2), ("b/3.wav", 0.4)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, np.full(16_000, level), 16_000)
    noise = FolderNoise(open_noise_folder(tmp_path), 16_000)
    generator = np.random.default_rng(0)
    levels = [round(float(noise.draw(100, generator)[50]), 1) for _ in range(300)]
    assert {level: levels.count(level) // 70 for level in set(levels)} == {0.1: 1, 0.2: 1, 0.4: 1}


def _share_below(samples: np.ndarray, hz: float) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(power[: round(hz * len(samples) / 16_000)].sum() / power.sum())


def test_builtin_noises_are_of_four_kinds(corpus: Path) -> None:
    """White, pink, brown and babble; without three voices no babble."""
    utterances = read_corpus(corpus).utterances
    noise = BuiltinQuickNoise(utterances, 0, 16_000)
    assert noise.kinds == ("white", "pink", "brown", "babble")
    generator = np.random.default_rng(0)
    drawn = [noise.draw(16_001, generator) for _ in range(40)]  # a prime number of samples
    assert {found.shape for found in drawn} == {(16_001,)}
    shares = [_share_below(found, 500) for found in drawn]
    assert min(shares) == pytest.approx(500 / 8000, abs=0.02)  # white
    assert max(shares) > 0.95  # brown
    assert BuiltinQuickNoise(utterances[:2], 0, 16_000).kinds == ("white", "pink", "brown")


def test_babble_needs_no_names(corpus: Path) -> None:
    """Of unlabelled recordings each is taken for a voice of its own; the seed draws them."""
    from dataclasses import replace

    nameless = [replace(u, speaker=None) for u in read_corpus(corpus).utterances]
    noise = BuiltinQuickNoise(nameless, 0, 16_000)
    assert "babble" in noise.kinds
    same, other = BuiltinQuickNoise(nameless, 0, 16_000), BuiltinQuickNoise(nameless, 1, 16_000)
    assert np.array_equal(noise._babble(3), same._babble(3))
    assert not np.array_equal(noise._babble(3), noise._babble(4))
    assert not np.array_equal(noise._babble(3), other._babble(3))
    assert len(BuiltinQuickNoise(nameless, 0, 8000)._babble(3)) == 8000 * 30


def test_rooms_to_train_in_are_not_those_to_test_in() -> None:
    """No simulated response of the one is among the other's."""
    tested = SimulatedRooms()
    trained = SimulatedQuickRooms(16_000)
    generator = np.random.default_rng(0)
    ours = {trained.draw(generator).astype(np.float32).tobytes() for _ in range(6)}
    theirs = {tested.draw(None, generator).samples.astype(np.float32).tobytes() for _ in range(8)}
    assert len(ours) > 3
    assert not ours & theirs


def test_measured_rooms_are_the_first_channel(tmp_path: Path) -> None:
    """Of an array's response, as when testing; at the model's rate."""
    response = np.zeros((1600, 2))
    response[100, 0], response[200, 1] = 0.9, 0.9
    (tmp_path / "small").mkdir()
    soundfile.write(tmp_path / "small" / "r.wav", response, 16_000)
    folder = open_room_folder(tmp_path)
    found = FolderRooms(folder, 16_000).draw(np.random.default_rng(0))
    assert int(np.argmax(found)) == 100
    assert int(np.argmax(FolderRooms(folder, 8000).draw(np.random.default_rng(0)))) == 50


def test_the_same_generator_gives_the_same(tmp_path: Path, corpus: Path) -> None:
    """Whatever was drawn before, so that an interrupted training hears the same."""
    _ramp(tmp_path, "a.wav", 2.0)
    _ramp(tmp_path, "b.wav", 0.5)
    sources: list[QuickNoise] = [
        FolderNoise(open_noise_folder(tmp_path), 16_000),
        BuiltinQuickNoise(read_corpus(corpus).utterances, 0, 16_000),
    ]
    for source in sources:
        first = source.draw(9000, np.random.default_rng(7))
        for _ in range(20):
            source.draw(9000, np.random.default_rng())
        assert np.array_equal(first, source.draw(9000, np.random.default_rng(7)))

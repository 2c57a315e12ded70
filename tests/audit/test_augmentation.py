"""What training audio is put through: how often, how loud, in time with the original."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.audit.augmentation import (
    AugmentationSource,
    Augmenting,
    augmentation_of,
    read_snr_range,
)
from asrcompress.compress.training.audio import Augment
from asrcompress.core.corpus import read_corpus
from asrcompress.core.errors import InputError
from asrcompress.corrupt.level import snr_db
from tests.corpora import tiny_corpus

_RATE_HZ = 16_000
SPEECH = (0.1 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> AugmentationSource:
    """A folder with one noise, a tone, and one with a room of a direct sound and two echoes."""
    folder = tmp_path_factory.mktemp("augmentation")
    (folder / "noise" / "tone").mkdir(parents=True)
    (folder / "rir" / "small").mkdir(parents=True)
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(32_000) / _RATE_HZ)
    soundfile.write(folder / "noise" / "tone" / "tone.wav", tone, _RATE_HZ)
    response = np.zeros(8000)
    response[[160, 2000, 5000]] = 0.9, 0.6, 0.5
    soundfile.write(folder / "rir" / "small" / "room.wav", response, _RATE_HZ)
    utterances = read_corpus(tiny_corpus(folder / "corpus")).utterances
    return AugmentationSource(
        "both", (0.0, 20.0), folder / "noise", folder / "rir", utterances, seed=0
    )


def _augment(source: AugmentationSource, kind: Augmenting) -> Augment:
    made = augmentation_of(replace(source, augment=kind)).augment
    assert made is not None
    return made


def _is_tone(difference: np.ndarray) -> bool:
    """Whether nearly all of it is at 1 kHz."""
    spectrum = np.abs(np.fft.rfft(difference)) ** 2
    return bool(spectrum[995:1006].sum() > 0.99 * spectrum.sum())


def test_none_is_nothing(source: AugmentationSource) -> None:
    """The audio is heard as it is."""
    assert augmentation_of(replace(source, augment="none"))[:2] == (None, "none")


def test_half_of_the_audio_is_noisy_at_levels_of_the_range(source: AugmentationSource) -> None:
    """SNRs measured in what comes out: within the range, and spread evenly over it."""
    augment = _augment(source, "noise")
    generator = np.random.default_rng(0)
    drawn = [augment(SPEECH, _RATE_HZ, generator) for _ in range(400)]
    changed = [heard - SPEECH for heard in drawn if heard is not SPEECH]
    assert len(changed) == pytest.approx(200, abs=40)
    assert all(_is_tone(difference) for difference in changed)
    levels_db = np.array([snr_db(SPEECH, difference) for difference in changed])
    assert levels_db.min() > -0.01
    assert levels_db.max() < 20.01
    assert levels_db.mean() == pytest.approx(10, abs=1.5)
    assert levels_db.std() == pytest.approx(20 / np.sqrt(12), rel=0.15)


def test_rooms_leave_the_direct_sound_where_it_is(source: AugmentationSource) -> None:
    """Every frame keeps its place: the best alignment with the original is no shift at all."""
    augment = _augment(source, "rooms")
    generator = np.random.default_rng(0)
    drawn = [augment(SPEECH, _RATE_HZ, generator) for _ in range(60)]
    changed = [heard for heard in drawn if heard is not SPEECH]
    assert 15 < len(changed) < 45
    for heard in changed:
        assert heard.shape == SPEECH.shape
        assert heard.dtype == np.float32
        correlation = np.correlate(heard, SPEECH, "full")
        assert int(np.argmax(correlation)) == len(SPEECH) - 1
        assert np.mean(np.square(heard)) == pytest.approx(np.mean(np.square(SPEECH)), rel=1e-4)


def test_both_is_noise_a_room_or_noise_in_a_room(source: AugmentationSource) -> None:
    """A third each of what is changed."""
    augment = _augment(source, "both")
    room = _augment(source, "rooms")
    generator = np.random.default_rng(0)
    in_room = next(
        heard
        for heard in (room(SPEECH, _RATE_HZ, np.random.default_rng(n)) for n in range(99))
        if heard is not SPEECH
    )
    counts = {"noise": 0, "room": 0, "noise in room": 0}
    for _ in range(360):
        heard = augment(SPEECH, _RATE_HZ, generator)
        if heard is SPEECH:
            continue
        if np.allclose(heard, in_room, atol=1e-6):
            counts["room"] += 1
        elif _is_tone(heard - SPEECH):
            counts["noise"] += 1
        else:
            assert _is_tone(heard - in_room)
            counts["noise in room"] += 1
    assert all(40 < count < 80 for count in counts.values()), counts


def test_silence_stays_silence(source: AugmentationSource) -> None:
    """There is no level to set noise against."""
    augment = _augment(source, "both")
    silence = np.zeros(8000, np.float32)
    generator = np.random.default_rng(0)
    assert all(augment(silence, _RATE_HZ, generator) is silence for _ in range(20))


@pytest.mark.parametrize("is_builtin", [False, True])
def test_the_generator_alone_decides(source: AugmentationSource, is_builtin: bool) -> None:
    """Threads at once, and draws in another order, give each utterance the same."""
    if is_builtin:
        source = replace(source, noise=None, rir=None)
    kind: Augmenting = "noise" if is_builtin else "both"
    first, second = _augment(source, kind), _augment(source, kind)

    def heard(augment: Augment, seed: int) -> bytes:
        return augment(SPEECH, _RATE_HZ, np.random.default_rng(seed)).tobytes()

    one_by_one = [heard(first, seed) for seed in range(24)]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda seed: heard(second, seed), reversed(range(24))))
    assert one_by_one == at_once[::-1]
    assert len(set(one_by_one)) > 8


def test_other_rates(source: AugmentationSource) -> None:
    """A model at 8 kHz hears the same tone at the same pitch."""
    augment = _augment(source, "noise")
    speech = SPEECH[:8000]
    for seed in range(9):
        heard = augment(speech, 8000, np.random.default_rng(seed))
        if heard is not speech:
            spectrum = np.abs(np.fft.rfft(heard - speech))
            assert int(np.argmax(spectrum)) == 1000
            return
    raise AssertionError("nothing was changed in nine draws")


def test_the_hash_is_of_all_it_depends_on(source: AugmentationSource, tmp_path: Path) -> None:
    """Kinds, levels, folders' bytes and the seed; not the folders' names."""
    copied = tmp_path / "elsewhere"
    (copied / "tone").mkdir(parents=True)
    assert source.noise is not None
    original = source.noise / "tone" / "tone.wav"
    (copied / "tone" / "tone.wav").write_bytes(original.read_bytes())
    other = tmp_path / "other"
    other.mkdir()
    soundfile.write(other / "hiss.wav", SPEECH, _RATE_HZ)
    changes: dict[str, dict[str, object]] = {
        "kind": {"augment": "noise"},
        "none": {"augment": "none"},
        "level": {"snr_db": (0.0, 10.0)},
        "noise": {"noise": other},
        "built-in": {"noise": None},
        "rooms": {"rir": None},
        "seed": {"seed": 1},
    }
    before = augmentation_of(source).sha256
    assert augmentation_of(replace(source, noise=copied)).sha256 == before
    found = {augmentation_of(replace(source, **c)).sha256 for c in changes.values()}  # type: ignore[arg-type]
    assert len(found | {before}) == 1 + len(changes)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("noise", "noise at 0 to 20 dB (noise), in half of what is heard"),
        ("rooms", "rooms (simulated), in half of what is heard"),
        (
            "both",
            "noise at 0 to 20 dB (noise), rooms (simulated), or both at once, "
            "in half of what is heard",
        ),
    ],
)
def test_in_words(source: AugmentationSource, kind: Augmenting, expected: str) -> None:
    """As a reader of a report is told."""
    made = augmentation_of(replace(source, augment=kind, rir=None))
    assert made.words == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("0,20", (0, 20)), ("10", (10, 10)), (" -5 , 5.5", (-5, 5.5))]
)
def test_a_range_of_levels(text: str, expected: tuple[float, float]) -> None:
    """Two numbers, or one for all."""
    assert read_snr_range(text) == expected


@pytest.mark.parametrize("text", ["", "a,b", "20,0", "0,5,10", "-31,0", "0,61", "nan", "0,nan"])
def test_no_range_of_levels(text: str) -> None:
    """One line that shows how it is written."""
    with pytest.raises(InputError, match=r"'augment_snr' cannot be used; got .*like 0,20"):
        read_snr_range(text)


def test_folders_that_cannot_be_used(source: AugmentationSource, tmp_path: Path) -> None:
    """Before any training; a folder that nothing is drawn from is not opened."""
    missing = replace(source, noise=tmp_path / "nosuch", rir=tmp_path / "nosuch")
    with pytest.raises(InputError, match="no such noise folder"):
        augmentation_of(missing)
    with pytest.raises(InputError, match="no such impulse responses folder"):
        augmentation_of(replace(missing, augment="rooms"))
    assert augmentation_of(replace(missing, augment="none")).augment is None

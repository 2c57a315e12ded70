"""One recording under conditions: the same noise at every SNR, whatever surrounds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError
from asrcompress.corrupt.chain import (
    Recording,
    check_conditions,
    corrupt,
    corrupt_one,
    shared_beginnings,
)
from asrcompress.corrupt.conditions import condition_of, conditions_from, steps_from_text
from asrcompress.corrupt.level import snr_db
from asrcompress.corrupt.sources import Libraries, open_libraries
from tests.corrupt.corpora import corpus, decay, utterance, voice, write_noises, write_rooms


@pytest.fixture
def libraries(tmp_path: Path) -> Libraries:
    noise = write_noises(tmp_path / "n", vehicle=3.0, music=0.15)
    return open_libraries(corpus(tmp_path / "c"), noise, write_rooms(tmp_path / "r"))


def _noise(snr_db: float, seed: int = 0, replicate: int = 0) -> Condition:
    return Condition("n", (Step("noise", {"snr_db": snr_db}),), seed, replicate)


@pytest.mark.parametrize("snr", [-5.0, 0.0, 10.0, 20.0])
def test_the_snr_of_the_sound_is_the_one_asked_for(libraries: Libraries, snr: float) -> None:
    speech = voice(3)
    noisy, record = corrupt_one(utterance(), speech, _noise(snr), libraries)
    residual = noisy / record["scale"] - speech
    assert snr_db(speech, residual) == pytest.approx(snr, abs=1e-3)
    assert record["achieved_snr_db"] == pytest.approx(snr, abs=0.01)


def test_every_snr_meets_the_same_noise(libraries: Libraries) -> None:
    """20 dB less noise is a tenth of the very same samples."""
    speech = voice(3)
    added = []
    for snr in (0.0, 20.0):
        noisy, record = corrupt_one(utterance(), speech, _noise(snr), libraries)
        added.append(noisy / record["scale"] - speech)
    np.testing.assert_allclose(added[0], 10 * added[1], atol=1e-5)


def test_noise_in_a_room_is_the_noise_outside_it(libraries: Libraries) -> None:
    speech, one = voice(3), utterance()
    alone, _, paired = conditions_from([10], ["medium"], True)
    ids = ("noise_id", "noise_offset_s")
    outside = corrupt_one(one, speech, alone, libraries)[1]
    inside = corrupt_one(one, speech, paired, libraries)[1]
    assert [outside[name] for name in ids] == [inside[name] for name in ids]


def test_the_snr_in_a_room_is_against_the_early_speech(libraries: Libraries) -> None:
    """Worked out with numpy's convolution: Kaldi's early energy over the noise added."""
    speech = voice(3).astype(np.float64)
    room, pair = conditions_from([5], ["medium"], True)[1:]
    noisy, record = corrupt_one(utterance(), voice(3), pair, libraries)
    heard, _ = corrupt_one(utterance(), voice(3), room, libraries)
    response = decay(0.5).astype(np.float32)
    start = int(np.argmax(np.abs(response)))
    kept = np.zeros_like(response)
    kept[start - 16 : start + 800] = response[start - 16 : start + 800]
    early = np.convolve(speech, kept)[start : start + len(speech)]
    residual = noisy / record["scale"] - heard
    assert snr_db(record["reverb_gain"] * early, residual) == pytest.approx(5, abs=0.01)
    assert snr_db(heard, residual) > 5.1


def test_utterances_seeds_and_replicates_meet_other_noises(libraries: Libraries) -> None:
    drawn = set()
    for name, seed, replicate in (("u", 0, 0), ("v", 0, 0), ("u", 1, 0), ("u", 0, 1)):
        (vehicle,) = conditions_from([5], [], False, noise_types=["vehicle"], seed=seed)
        condition = replace(vehicle, replicate=replicate)
        drawn.add(corrupt_one(utterance(name=name), voice(3), condition, libraries)[0].tobytes())
    assert len(drawn) == 4


def test_the_path_and_the_conditions_name_do_not_matter(libraries: Libraries) -> None:
    speech = voice(3)
    first, _ = corrupt_one(utterance(Path("a.wav")), speech, _noise(5), libraries)
    renamed = replace(_noise(5), name="other")
    second, _ = corrupt_one(utterance(Path("/b/c.wav")), speech, renamed, libraries)
    np.testing.assert_array_equal(first, second)


def test_a_mixture_beyond_full_scale_is_scaled_as_a_whole(libraries: Libraries) -> None:
    speech = voice(3, level=0.4)
    noisy, record = corrupt_one(utterance(), speech, _noise(-10), libraries)
    assert record["scale"] < 1
    assert np.abs(noisy).max() == pytest.approx(0.999, abs=1e-6)
    assert snr_db(speech, noisy / record["scale"] - speech) == pytest.approx(-10, abs=1e-3)


def test_clean_is_clean(libraries: Libraries) -> None:
    samples, record = corrupt_one(utterance(), voice(3), Condition("clean"), libraries)
    np.testing.assert_array_equal(samples, voice(3))
    assert record == {"condition": "clean", "scale": 1.0}


def test_silent_speech_is_an_error_with_its_name(libraries: Libraries) -> None:
    silent = np.zeros(1600, np.float32)
    with pytest.raises(InputError, match=r"silent recording: mute\.wav"):
        corrupt_one(utterance(Path("mute.wav")), silent, _noise(5), libraries)
    assert not corrupt_one(utterance(), silent, Condition("clean"), libraries)[0].any()


def test_the_achieved_snr_is_taken_from_what_was_written(libraries: Libraries) -> None:
    """Rounding of a coarse file shows: at 8 bits the SNR of quiet speech is not the one asked."""
    corrupted = corrupt(utterance(), voice(3, level=0.01), _noise(20), libraries)
    coarse = np.round(corrupted.samples * 128).astype(np.float32) / 128
    fine = np.round(corrupted.samples * 2**23).astype(np.float32) / 2**23
    found = [corrupted.achieved(written) for written in (fine, coarse)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].overall_db == pytest.approx(20, abs=0.001)
    assert found[1].overall_db != pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ((), "no condition"),
        ((_noise(5), _noise(6)), "condition twice; got 'n'"),
        ((Condition("a/b"),), "bad name for a condition; got 'a/b'"),
        ((Condition(".."),), "bad name"),
        ((Condition(""),), "bad name"),
        (conditions_from([5], [], False, noise_types=["wind"]), "'wind'; expected one of music"),
        (conditions_from([], ["large"], False), "no such room.*'large'; expected one of medium"),
    ],
)
def test_conditions_are_checked_before_any_work(
    libraries: Libraries, conditions: tuple[Condition, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        check_conditions(conditions, libraries)


def test_speed_comes_before_the_noise_is_fitted(libraries: Libraries) -> None:
    """Half the length, and noise over all of it at the SNR asked for."""
    steps = (Step("speed", {"factor": 2.0}), Step("noise", {"snr_db": 5}))
    noisy, record = corrupt_one(utterance(), voice(3), condition_of(steps), libraries)
    assert len(noisy) == len(voice(3)) // 2
    assert record["achieved_snr_db"] == pytest.approx(5, abs=0.01)


def test_against_the_active_level_the_noise_is_louder(libraries: Libraries) -> None:
    """Speech for half the time: its active level is 2.4 to 3 dB over the overall one (hangover)."""
    half = np.concatenate([voice(3, 4.0), np.zeros(64_000, np.float32)])
    found = {}
    for reference in ("overall", "active"):
        (step,) = steps_from_text(f"noise:snr_db=10,reference={reference}")
        _, found[reference] = corrupt_one(utterance(), half, condition_of([step]), libraries)
    gains = [found[name]["gain"] for name in ("active", "overall")]
    assert 2.4 < 20 * np.log10(gains[0] / gains[1]) < 3.0
    assert found["active"]["achieved_active_snr_db"] == pytest.approx(10, abs=0.01)
    assert 7.0 < found["active"]["achieved_snr_db"] < 7.6
    assert found["overall"]["achieved_snr_db"] == pytest.approx(10, abs=0.01)
    assert found["overall"]["achieved_active_snr_db"] > 12.4


def test_an_snr_before_a_codec_is_said_to_be_that(libraries: Libraries) -> None:
    """After the codec nobody can tell speech from noise: the record says where it was measured."""
    steps = steps_from_text("noise:snr_db=5+opus+packet_loss:rate=0.1")
    _, record = corrupt_one(utterance(), voice(3), condition_of(steps), libraries)
    assert record["achieved_snr_db"] == pytest.approx(5, abs=1e-9)
    assert record["achieved_snr_in"] == "mixture before opus"
    _, alone = corrupt_one(utterance(), voice(3), _noise(5), libraries)
    assert alone["achieved_snr_in"] == "file"


def test_the_microphones_own_noise_is_no_part_of_the_snr(libraries: Libraries) -> None:
    steps = steps_from_text("far_field:attenuation_db=20+noise:snr_db=5")
    noisy, record = corrupt_one(utterance(), voice(3), condition_of(steps), libraries)
    far, _ = corrupt_one(utterance(), voice(3), condition_of(steps[:1]), libraries)
    assert snr_db(0.1 * voice(3), noisy - far) == pytest.approx(5, abs=0.01)
    assert record["far_field_snr_db"] == pytest.approx(snr_db(0.1 * voice(3), far - 0.1 * voice(3)))


def test_conditions_that_begin_alike_are_the_same_as_each_alone(libraries: Libraries) -> None:
    """The room of three SNRs is worked out once, and nothing else follows from that."""
    conditions = conditions_from([0, 10, 20], ["medium"], True)
    shared = shared_beginnings(conditions)
    assert len(shared) == 1
    together = Recording(utterance(), voice(3), libraries, shared)
    for condition in conditions:
        alone = corrupt(utterance(), voice(3), condition, libraries)
        found = together.under(condition)
        assert found.record == alone.record
        assert found.samples.tobytes() == alone.samples.tobytes()


def test_other_seeds_do_not_begin_alike() -> None:
    rooms = [replace(conditions_from([], ["small"], False)[0], seed=seed) for seed in (0, 1)]
    assert shared_beginnings(rooms) == frozenset()

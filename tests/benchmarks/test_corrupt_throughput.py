"""How fast a corpus gets noise and reverberation, beside audiomentations in the same run.

    pip install audiomentations
    pytest -n 0 -m benchmark tests/benchmarks/test_corrupt_throughput.py

Both read the same clips and the same folders, work in two processes, start and stop included, and
write every clip in a room at five SNRs. What ours does besides is in its time: hashes, manifests,
and every file read back with its SNR measured.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.audio import AudioFormat
from asrcompress.core.corpus import Corpus, Utterance, read_corpus
from asrcompress.corrupt import CorruptRequest, condition_of, run, steps_from_text
from tests.corrupt.corpora import REAL_DATA, decay, voice

pytestmark = pytest.mark.benchmark

SNRS_DB = (0, 5, 10, 15, 20)
_SUBTYPES = {"flac": "PCM_24", "wav": "FLOAT"}
_ROUNDS = 2


@dataclass(frozen=True)
class Material:
    """Clips to corrupt, and the folders to corrupt them with."""

    corpus: Corpus
    noise: Path
    rir: Path


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all cores together."""

    wall_s: float
    cpu_s: float


def _real(folder: Path) -> Material:
    del folder
    if not REAL_DATA.is_dir():
        pytest.skip("no real recordings here")
    return Material(read_corpus(REAL_DATA / "librispeech"), REAL_DATA / "noise", REAL_DATA / "rir")


def _at_48_khz(folder: Path) -> Material:
    """Speech at 16 kHz, 40 noises of 10 s and 10 rooms at 48 kHz, the rate of DNS4's."""
    utterances = []
    for number in range(100):
        path = folder / "clips" / f"{number}.flac"
        _write(path, voice(number, duration_s=7.0), 16_000)
        utterances.append(Utterance(str(number), path, 7.0))
    for number in range(40):
        noise = 0.1 * np.random.default_rng(number).standard_normal(480_000)
        _write(folder / "noise" / "fan" / f"{number}.wav", noise, 48_000)
    for number in range(10):
        room = np.repeat(decay(0.2 + 0.03 * number), 3)
        _write(folder / "rir" / "small" / f"{number}.wav", room, 48_000)
    return Material(Corpus("clips", tuple(utterances)), folder / "noise", folder / "rir")


def _write(path: Path, samples: Any, rate_hz: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(samples, -1, 1), rate_hz)


@pytest.mark.parametrize("kind", ["flac", "wav"])
@pytest.mark.parametrize("make", [_real, _at_48_khz])
def test_noise_and_reverberation(
    make: Callable[[Path], Material],
    kind: AudioFormat,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Prints the ratio of the times, the best of two in turns; every file is there."""
    pytest.importorskip("audiomentations")
    material = make(tmp_path)
    ours, theirs = [], []
    for number in range(_ROUNDS):
        out = tmp_path / str(number)
        ours.append(_timed(lambda out=out: _ours(material, out / "ours", kind)))
        theirs.append(_timed(lambda out=out: _theirs(material, out / "theirs", kind)))
        counts = [len(list((out / name).rglob(f"*.{kind}"))) for name in ("ours", "theirs")]
        assert counts == [len(SNRS_DB) * len(material.corpus.utterances)] * 2
    files = len(SNRS_DB) * len(material.corpus.utterances)
    wall_s = [min(spent.wall_s for spent in side) for side in (ours, theirs)]
    cpu_s = [min(spent.cpu_s for spent in side) for side in (ours, theirs)]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{make.__name__.strip('_')}, {kind}, {files} files: ours {wall_s[0]:.2f} s, "
            f"audiomentations {wall_s[1]:.2f} s, {wall_s[1] / wall_s[0]:.2f} times as fast; of "
            f"processor {cpu_s[0]:.2f} s and {cpu_s[1]:.2f} s, {cpu_s[1] / cpu_s[0]:.2f} times; "
            f"load {os.getloadavg()[0]:.1f}"
        )


def _timed(work: Callable[[], None]) -> Spent:
    wall_s, cpu_s = time.perf_counter(), _cpu_s()
    work()
    return Spent(time.perf_counter() - wall_s, _cpu_s() - cpu_s)


def _cpu_s() -> float:
    """Processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _ours(material: Material, out: Path, kind: AudioFormat) -> None:
    chains = (f"reverb+noise:snr_db={snr_db}" for snr_db in SNRS_DB)
    conditions = tuple(condition_of(steps_from_text(chain)) for chain in chains)
    run(
        CorruptRequest(
            material.corpus,
            conditions,
            out,
            noise=material.noise,
            rir=material.rir,
            audio_format=kind,
            workers=2,
        )
    )


def _theirs(material: Material, out: Path, kind: str) -> None:
    out.mkdir(parents=True)
    items = [
        (str(utterance.path), str(out / f"{snr_db}-{number}.{kind}"), snr_db)
        for number, utterance in enumerate(material.corpus.utterances)
        for snr_db in SNRS_DB
    ]
    with ProcessPoolExecutor(
        2,
        multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(str(material.noise), str(material.rir), _SUBTYPES[kind]),
    ) as pool:
        list(pool.map(_augment, items, chunksize=10))


_of_worker: dict[str, Any] = {}


def _start(noise: str, rir: str, subtype: str) -> None:
    import warnings

    warnings.simplefilter("ignore")
    from audiomentations import AddBackgroundNoise, ApplyImpulseResponse, Compose

    _of_worker["subtype"] = subtype
    for snr_db in SNRS_DB:
        _of_worker[str(snr_db)] = Compose(
            [
                ApplyImpulseResponse(ir_path=rir, p=1.0),
                AddBackgroundNoise(sounds_path=noise, min_snr_db=snr_db, max_snr_db=snr_db, p=1.0),
            ]
        )


def _augment(item: tuple[str, str, int]) -> None:
    source, target, snr_db = item
    samples, rate_hz = soundfile.read(source, dtype="float32")
    changed = _of_worker[str(snr_db)](samples=samples, sample_rate=rate_hz)
    soundfile.write(target, changed.clip(-1, 1), rate_hz, subtype=_of_worker["subtype"])

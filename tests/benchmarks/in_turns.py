"""Make the contenders of a layout and time them in turns, each in a process of its own."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.benchmarks.contenders import CONTENDERS, TORCH, Audio, NotApplicable, Opened, Place
from tests.benchmarks.layouts import write_checkpoint
from tests.benchmarks.roofline import float32_peak, int8_peak

_SAMPLE_RATE_HZ = 16_000
_KEPT_AUDIO_S = 40.0  # of a batch: the activations of more, in all models at once, are too many
_QUIET_CPU_S = 5e-4  # of this process in _QUIET_WALL_S: nobody's threads still wait for work
_QUIET_WALL_S = 5e-3
_LONGEST_WAIT_S = 0.5


@dataclass(frozen=True)
class Settings:
    """What is measured; a shape is (batch, seconds).

    rounds: how often each is timed after warming up; one, once a shape has taken shape_s.
    longest_s: a shape is left out where PyTorch would take longer for one call.
    """

    batches: tuple[int, ...]
    durations_s: tuple[float, ...]
    rounds: int
    shape_s: float
    longest_s: float
    threads: int
    contenders: tuple[str, ...]

    @property
    def shapes(self) -> tuple[tuple[int, float], ...]:
        return tuple((batch, seconds) for batch in self.batches for seconds in self.durations_s)


@dataclass
class Found:
    """Of one layout; times are in seconds, by shape and contender, one a round.

    errors: root mean square of the change of logits from PyTorch's, over theirs. absent: why a
    contender or a shape is not there.
    """

    times: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    made_s: dict[str, float] = field(default_factory=dict)
    float32_rate: float = 0.0
    int8_rate: float = 0.0
    int8_library: str = ""


def named(batch: int, seconds: float) -> str:
    """Of a shape, for example 8 x 10 s."""
    return f"{batch} x {seconds:g} s"


def make_all(layout: str, folder: Path, settings: Settings) -> None:
    """The checkpoint and every contender; run in a process of its own, which ends with it."""
    _prepare(settings.threads)
    checkpoint = write_checkpoint(layout, folder / "checkpoint")
    place = Place(checkpoint, folder, settings.threads)
    found = Found()
    for name in settings.contenders:
        start = time.perf_counter()
        try:
            with _quietly():
                CONTENDERS[name].make(place)
        except NotApplicable as reason:
            found.absent[name] = str(reason)
        found.made_s[name] = time.perf_counter() - start
        gc.collect()
    write(found, folder)


def time_all(folder: Path, settings: Settings) -> None:
    """Every contender that was made, in turns; run in a process of its own."""
    _prepare(settings.threads)
    found = read(folder)
    place = Place(folder / "checkpoint", folder, settings.threads)
    names = [name for name in settings.contenders if name not in found.absent]
    with _quietly():
        opened = {name: CONTENDERS[name].open(place) for name in names}
    found.float32_rate = float32_peak()
    found.int8_rate, found.int8_library = int8_peak(settings.threads)
    for shape in sorted(settings.shapes, key=lambda shape: shape[0] * shape[1]):
        expected_s = _expected_s(found, shape)
        if expected_s > settings.longest_s:
            found.absent[named(*shape)] = f"PyTorch would take {expected_s:.0f} s for one call"
            continue
        _time_shape(opened, shape, settings, found)
    found.float32_rate = max(found.float32_rate, float32_peak())
    found.int8_rate = max(found.int8_rate, int8_peak(settings.threads)[0])
    write(found, folder)


def write(found: Found, folder: Path) -> None:
    (folder / "found.json").write_text(json.dumps(asdict(found)), encoding="utf-8")


def read(folder: Path) -> Found:
    return Found(**json.loads((folder / "found.json").read_text(encoding="utf-8")))


def _prepare(threads: int) -> None:
    """torch with so many threads, for the whole process; the other runtimes are told at opening."""
    import torch

    torch.set_num_threads(threads)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings and bars of those who make and open."""
    hidden = io.StringIO()
    with (
        quiet_transformers(),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(hidden),
        contextlib.redirect_stderr(hidden),
    ):
        warnings.simplefilter("ignore")
        yield


def _expected_s(found: Found, shape: tuple[int, float]) -> float:
    """Of PyTorch for one call, in proportion to the largest shape before."""
    if not found.times:
        return 0.0
    name, times = list(found.times.items())[-1]
    batch, seconds = name.removesuffix(" s").split(" x ")
    return min(times[TORCH]) * shape[0] * shape[1] / (int(batch) * float(seconds))


def _time_shape(
    opened: dict[str, Opened], shape: tuple[int, float], settings: Settings, found: Found
) -> None:
    """All contenders in turns; the call that warms up is timed too, since the shortest counts."""
    audio = _audio(*shape)
    is_kept = shape[0] * shape[1] <= _KEPT_AUDIO_S
    times: dict[str, list[float]] = {name: [] for name in opened}
    start = time.perf_counter()
    if is_kept:
        _compare(opened, audio, times, found)
    for number in range(settings.rounds):
        if number and time.perf_counter() - start > settings.shape_s:
            break
        for name, model in opened.items():
            # What has given back the memory that it computes in needs a call to warm up again.
            for _ in range(1 if is_kept else 2):
                times[name].append(_seconds(model, audio))
            if not is_kept:
                model.release()
    found.times[named(*shape)] = times
    for model in opened.values():
        model.release()


def _compare(
    opened: dict[str, Opened], audio: Audio, times: dict[str, list[float]], found: Found
) -> None:
    """The round that warms up: how far everybody's logits are from PyTorch's."""
    logits = opened[TORCH].forward(audio)
    scale = float(np.sqrt(np.mean(logits**2)))
    for name, model in opened.items():
        _wait_until_quiet()
        start = time.perf_counter()
        change = model.forward(audio) - logits
        times[name].append(time.perf_counter() - start)
        error = float(np.sqrt(np.mean(change**2))) / scale
        found.errors[name] = max(error, found.errors.get(name, 0.0))


def _seconds(model: Opened, audio: Audio) -> float:
    _wait_until_quiet()
    start = time.perf_counter()
    model.forward(audio)
    return time.perf_counter() - start


def _wait_until_quiet() -> None:
    """Threads of the runtime before go on looking for work for a while, some for 0.2 s."""
    end = time.perf_counter() + _LONGEST_WAIT_S
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(_QUIET_WALL_S)
        if time.process_time() - before < _QUIET_CPU_S:
            return


def _audio(batch: int, seconds: float) -> Audio:
    """(batch, samples) of noise that swells and fades like syllables, at mean 0 and variance 1."""
    samples = round(seconds * _SAMPLE_RATE_HZ)
    noise = np.random.default_rng(0).standard_normal((batch, samples))
    loudness = 1.0 - np.cos(2 * np.pi * 4.0 * np.arange(samples) / _SAMPLE_RATE_HZ)
    voiced = noise * loudness
    return np.asarray((voiced - voiced.mean()) / voiced.std(), dtype=np.float32)

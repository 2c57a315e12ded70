"""What is timed how often: recordings one by one, a batch, and whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from asrcompress.core.errors import InputError

LENGTHS_S = (3.0, 10.0, 30.0)  # a command, a sentence, the longest that most models take at once
BATCH_AUDIO_S = 10.0  # of each recording of a batch
_SHORTEST_S, _LONGEST_S = 0.1, 600.0
_P50, _P95 = 50, 95


@dataclass(frozen=True, slots=True)
class SpeedOptions:
    """How speed is measured, of all models of an evaluation in one run.

    lengths_s: of the recordings heard one by one, `recordings` of each. rounds: how often each
    model hears each, after a round to warm up. energy: measure it too, where the machine can.
    beside: further models, that are timed only. timeout_s: for one answer of a process.

    Raises:
        InputError: no length, or a number out of its range.
    """

    lengths_s: tuple[float, ...] = LENGTHS_S
    recordings: int = 3
    rounds: int = 5
    energy: bool = False
    beside: tuple[str, ...] = ()
    timeout_s: float | None = 600.0

    def __post_init__(self) -> None:
        if not self.lengths_s:
            raise InputError("no lengths to time", expected="seconds, like 3,10,30")
        for length_s in self.lengths_s:
            if not _SHORTEST_S <= length_s <= _LONGEST_S:
                raise InputError(
                    "bad length of recordings to time",
                    got=f"{length_s:g} s",
                    expected=f"{_SHORTEST_S:g} to {_LONGEST_S:g} s",
                )
        for name in ("recordings", "rounds"):
            if getattr(self, name) < 1:
                raise InputError(f"bad {name}", got=getattr(self, name), expected="at least 1")


@dataclass(frozen=True, slots=True)
class Item:
    """Recordings, by their numbers, that are heard and timed together; audio_s of each."""

    recordings: tuple[int, ...]
    audio_s: float
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class SpeedPlan:
    """The items of a round, and the lengths of their recordings in the recordings' order."""

    items: tuple[Item, ...]
    lengths_s: tuple[float, ...]

    @property
    def batch(self) -> Item:
        """The item that is a batch."""
        return self.items[-1]


def plan_of(options: SpeedOptions, batch_size: int) -> SpeedPlan:
    """Each length's recordings one by one, then `batch_size` of ten seconds together."""
    alone = [
        length_s for length_s in sorted({*options.lengths_s}) for _ in range(options.recordings)
    ]
    items = [Item((number,), length_s) for number, length_s in enumerate(alone)]
    batch = tuple(range(len(alone), len(alone) + batch_size))
    items.append(Item(batch, BATCH_AUDIO_S, is_batch=True))
    return SpeedPlan(tuple(items), (*alone, *(BATCH_AUDIO_S for _ in batch)))


def turns(names: Sequence[str], number: int) -> list[str]:
    """The order in which models hear the item of that number, counted through all rounds.

    Forwards and backwards, beginning with another each time, so that none is always first or
    always follows the same one.
    """
    start = (number // 2) % len(names)
    order = [*names[start:], *names[:start]]
    return order if number % 2 == 0 else order[::-1]


@dataclass(slots=True)
class Timings:
    """Seconds of one model, by item, a number for each round."""

    plan: SpeedPlan
    seconds: dict[int, list[float]] = field(default_factory=dict)

    def add(self, item: int, seconds: float) -> None:
        """One more measurement of the item of that number."""
        self.seconds.setdefault(item, []).append(seconds)

    def latencies_ms(self, audio_s: float) -> list[float]:
        """All measurements of recordings of that length."""
        return [
            second * 1000
            for number, item in enumerate(self.plan.items)
            if item.audio_s == audio_s and not item.is_batch
            for second in self.seconds[number]
        ]

    @property
    def batch_s(self) -> float:
        """The batch's median."""
        return float(np.median(self.seconds[len(self.plan.items) - 1]))

    @property
    def spread(self) -> float:
        """The 95th percentile of a recording's measurements over their median.

        Of all recordings together, each divided by its own median, so that recordings with more
        to say than others count as no disturbance.
        """
        relative = np.concatenate(
            [np.divide(each, np.median(each)) for each in self.seconds.values()]
        )
        return float(np.percentile(relative, _P95))


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th, interpolated between neighbours."""
    p50, p95 = np.percentile(values, (_P50, _P95))
    return float(p50), float(p95)

"""Simulated rooms: image sources up to the mixing time, an exponential decay from there on.

Every room has a target: the RT60 that Eyring's formula (1930) gives for its size and absorption.
The formula supposes a diffuse field, and shoe boxes of one absorption do not have one: in flat
wide rooms sound that travels level meets few walls, and images alone decay more slowly (Lehmann &
Johansson 2008). So the reflections' absorption is adjusted until the room's measured RT60 meets
its target, and a room that cannot meet it is drawn anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from asrcompress.core.seeds import generator_for
from asrcompress.corrupt.decay import measure_rt60
from asrcompress.corrupt.level import EARLY_AFTER_S, Floats

SPEED_OF_SOUND_M_S = 343.0

# Ko et al. 2017 (OpenSLR 26): edges of small rooms 1-10 m, medium 10-30 m, large 30-50 m, heights
# 2-5 m, absorption 0.2-0.8, all uniform.
EDGES_M = {"small": (1.0, 10.0), "medium": (10.0, 30.0), "large": (30.0, 50.0)}
HEIGHTS_M = (2.0, 5.0)
ABSORPTION = (0.2, 0.8)
ROOMS_OF_A_CLASS = 16
TALKERS = 3  # places in a room: speech from one, noise from another

# Our own choice, within Ko's draws: a booth or a cupboard below 0.15 s is no room to talk in, and
# its decay of a few reflections has no slope. Talkers are 0.5-5 m away, as in a conversation.
LEAST_RT60_S = 0.15
DISTANCES_M = (0.5, 5.0)
_FROM_WALLS_M = 0.3

_TOLERANCE = 0.10  # of a measured RT60 from its target, for every talker
_ROUNDS = 8
_LEVEL_S = 0.020  # of images before the mixing time: the level that the tail goes on from
_TAIL_DB = 65.0  # below it a tail is inaudible under 16 bits of speech
_BANK_SEED = 0

# Images are all positive and pile up at low frequencies; Allen & Berkley 1979 take that off with
# a high-pass. Wideband speech begins at 50 Hz (ITU-T G.722).
_HIGH_PASS_HZ = 50.0


@dataclass(frozen=True, slots=True)
class SimulatedRoom:
    """A shoe box: its size, absorption, target RT60 and one response (time,) for each talker."""

    size_m: Floats
    absorption: float
    target_rt60_s: float
    responses: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is drawn of a room: the places are (3,) in m."""

    size_m: Floats
    absorption: float
    microphone_m: Floats
    talkers_m: tuple[Floats, ...]

    @property
    def volume_m3(self) -> float:
        return float(np.prod(self.size_m))

    @property
    def target_rt60_s(self) -> float:
        return eyring_rt60_s(self.size_m, self.absorption)


def eyring_rt60_s(size_m: Floats, absorption: float) -> float:
    """Eyring 1930: 24 ln(10) V / (c S -ln(1 - absorption)) of a shoe box, in s."""
    length_m, width_m, height_m = (float(edge_m) for edge_m in size_m)
    surface_m2 = 2 * (length_m * width_m + length_m * height_m + width_m * height_m)
    volume_m3 = length_m * width_m * height_m
    exponent = -math.log(1 - absorption)
    return 24 * math.log(10) * volume_m3 / (SPEED_OF_SOUND_M_S * surface_m2 * exponent)


@lru_cache(maxsize=len(EDGES_M) * ROOMS_OF_A_CLASS)
def simulate_room(kind: str, number: int, sample_rate_hz: int) -> SimulatedRoom:
    """Room `number` of a class, the same on every call: at most 10 % off its target RT60."""
    generator = generator_for(_BANK_SEED, "simulated room", kind, number)
    while True:
        plan = _draw_plan(kind, generator)
        tails = [
            generator_for(_BANK_SEED, "simulated tail", kind, number, talker).standard_normal(
                round(_longest_s(plan) * sample_rate_hz)
            )
            for talker in range(TALKERS)
        ]
        responses = _meet_target(plan, tails, sample_rate_hz)
        if responses is not None:
            for response in responses:
                response.flags.writeable = False  # the cache shares them
            return SimulatedRoom(plan.size_m, plan.absorption, plan.target_rt60_s, responses)


def _draw_plan(kind: str, generator: np.random.Generator) -> _Plan:
    """A room with places for microphone and talkers, drawn until all of it fits."""
    while True:
        edges_m = generator.uniform(*EDGES_M[kind], 2)
        size_m = np.append(edges_m, generator.uniform(*HEIGHTS_M))
        absorption = float(generator.uniform(*ABSORPTION))
        places_m = generator.uniform(_FROM_WALLS_M, size_m - _FROM_WALLS_M, (64, 3))
        distances_m = np.linalg.norm(places_m[1:] - places_m[0], axis=1)
        near = np.flatnonzero((distances_m > DISTANCES_M[0]) & (distances_m < DISTANCES_M[1]))
        if len(near) >= TALKERS and eyring_rt60_s(size_m, absorption) >= LEAST_RT60_S:
            talkers_m = tuple(places_m[1 + place] for place in near[:TALKERS])
            return _Plan(size_m, absorption, places_m[0], talkers_m)


def _mixing_s(plan: _Plan) -> float:
    """Polack 1988: sqrt(V) ms; never within what counts as early, which stays all images."""
    return max(math.sqrt(plan.volume_m3) / 1000, EARLY_AFTER_S)


def _longest_s(plan: _Plan) -> float:
    arrival_s = DISTANCES_M[1] / SPEED_OF_SOUND_M_S
    return arrival_s + _mixing_s(plan) + plan.target_rt60_s * _TAIL_DB / 60


def _meet_target(
    plan: _Plan, tails: Sequence[Floats], sample_rate_hz: int
) -> tuple[Floats, ...] | None:
    """The responses, after adjusting the walls in proportion to the error; None if that fails."""
    exponent = -math.log(1 - plan.absorption)
    for _ in range(_ROUNDS):
        images = _image_responses(plan, 1 - math.exp(-exponent), sample_rate_hz)
        responses = tuple(
            _with_tail(image, tail, plan, sample_rate_hz)
            for image, tail in zip(images, tails, strict=True)
        )
        measured_s = [measure_rt60(response, sample_rate_hz) for response in responses]
        ratios = [found_s / plan.target_rt60_s for found_s in measured_s if found_s is not None]
        if len(ratios) < TALKERS:
            return None
        if all(abs(ratio - 1) <= _TOLERANCE for ratio in ratios):
            return responses
        exponent *= (min(ratios) + max(ratios)) / 2
    return None


def _image_responses(plan: _Plan, absorption: float, sample_rate_hz: int) -> list[Floats]:
    """A response (time,) for each talker, by pyroomacoustics' image sources (Allen & Berkley 1979).

    The order is as high as any image that arrives before the mixing time.
    """
    import pyroomacoustics
    from scipy.signal import butter, sosfilt

    reach_m = DISTANCES_M[1] + _mixing_s(plan) * SPEED_OF_SOUND_M_S
    order = math.ceil(reach_m / float(plan.size_m.min())) + 1
    threads = pyroomacoustics.constants.get("num_threads")
    pyroomacoustics.constants.set("num_threads", 1)  # the sum's order, and so its rounding
    try:
        room = pyroomacoustics.ShoeBox(
            plan.size_m,
            fs=sample_rate_hz,
            materials=pyroomacoustics.Material(absorption),
            max_order=order,
        )
        for talker_m in plan.talkers_m:
            room.add_source(talker_m)
        room.add_microphone(plan.microphone_m)
        room.compute_rir()
    finally:
        pyroomacoustics.constants.set("num_threads", threads)
    high_pass = butter(2, _HIGH_PASS_HZ, "highpass", fs=sample_rate_hz, output="sos")
    return [np.asarray(sosfilt(high_pass, response)) for response in room.rir[0]]


def _with_tail(images: Floats, tail: Floats, plan: _Plan, sample_rate_hz: int) -> Floats:
    """The images up to the mixing time after the direct sound, then the tail at their level.

    A room's late reflections are Gaussian noise that falls by 60 dB in RT60 (Polack 1988).
    """
    mixed = int(np.argmax(np.abs(images))) + round(_mixing_s(plan) * sample_rate_hz)
    window = round(_LEVEL_S * sample_rate_hz)
    level = math.sqrt(float(np.mean(np.square(images[mixed - window : mixed]))))
    frames = np.arange(window // 2, len(tail) - mixed + window // 2)
    fall = 10.0 ** (-3.0 * frames / (plan.target_rt60_s * sample_rate_hz))
    return np.concatenate([images[:mixed], level * fall * tail[mixed:]])

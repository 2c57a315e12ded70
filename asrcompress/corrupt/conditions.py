"""Conditions from lists of SNRs and rooms, for the command line and recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asrcompress.core.condition import Condition, Step


def conditions_from(
    snr_db: Sequence[float],
    rooms: Sequence[str],
    both: bool,
    *,
    noise_types: Sequence[str] = (),
    clean: bool = False,
    seed: int = 0,
) -> tuple[Condition, ...]:
    """One condition for each SNR (of each noise type) and each room; with `both`, their pairs too.

    The names are clean, noise-10dB, noise-babble-10dB, room-small, room-small+noise-10dB. What is
    given twice is there twice, for `run` to refuse.
    """
    noises = tuple(_noise_steps(snr_db, noise_types))
    in_rooms = tuple((f"room-{room}", Step("reverb", {"room": room})) for room in rooms)
    found: list[tuple[str, tuple[Step, ...]]] = [("clean", ())] if clean else []
    found += [(name, (step,)) for name, step in (*noises, *in_rooms)]
    if both:
        for room, reverb in in_rooms:
            found += [(f"{room}+{name}", (reverb, noise)) for name, noise in noises]
    return tuple(Condition(name, steps, seed) for name, steps in found)


def _noise_steps(snr_db: Sequence[float], noise_types: Sequence[str]) -> Iterator[tuple[str, Step]]:
    for kind in noise_types or (None,):
        for level_db in snr_db:
            named = {} if kind is None else {"type": kind}
            middle = "" if kind is None else f"{kind}-"
            yield (
                f"noise-{middle}{level_db + 0.0:.15g}dB",  # all digits that any decimal keeps
                Step("noise", {**named, "snr_db": float(level_db)}),
            )

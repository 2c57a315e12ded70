"""Conditions from lists of SNRs and rooms and from texts, for the command line and recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import bind_steps

CLEAN = "clean"
_EXAMPLE = "like noise:snr_db=10 or reverb:room=small+noise:snr_db=10,type=babble"
ANY_TYPE = "any"  # among noise types: of every type, as without types


def conditions_from(
    snr_db: Sequence[float],
    rooms: Sequence[str],
    both: bool,
    *,
    noise_types: Sequence[str] = (),
    reference: str | None = None,
    clean: bool = False,
    seed: int = 0,
) -> tuple[Condition, ...]:
    """One condition for each SNR (of each noise type) and each room; with `both`, their pairs too.

    The names are clean, noise-10dB, noise-babble-10dB, room-small, room-small+noise-10dB. What is
    given twice is there twice, for `run` to refuse.

    Raises:
        InputError: an SNR, a room or a reference of SNRs that there is not.
    """
    noises = tuple(_noise_steps(snr_db, noise_types, reference))
    in_rooms = tuple(Step("reverb", {"room": room}) for room in rooms)
    chains: list[tuple[Step, ...]] = [(step,) for step in (*noises, *in_rooms)]
    if both:
        chains += [(room, noise) for room in in_rooms for noise in noises]
    cleaned = (Condition(CLEAN, (), seed),) if clean else ()
    return (*cleaned, *(condition_of(steps, seed) for steps in chains))


def condition_of(steps: Sequence[Step], seed: int = 0, name: str | None = None) -> Condition:
    """A condition of these steps, parameters checked and of their declared types.

    Without a name it gets its steps' labels, joined by `+`: room-small+noise-10dB+opus-12kbps.

    Raises:
        InputError: a step is unknown, has mistakes, or stands in the wrong place.
    """
    bound = bind_steps(steps, "condition" if name is None else f"condition {name!r}")
    found = name or "+".join(step.label for step in bound) or CLEAN
    return Condition(found, tuple(step.step for step in bound), seed)


def steps_from_text(text: str) -> tuple[Step, ...]:
    """The steps of a text: NAME:key=value,key=value, joined by `+`.

    The values are texts; `condition_of` gives them their types.

    Raises:
        InputError: it is not of that form, or names a parameter twice.
    """
    return tuple(_step(part.strip(), text) for part in text.split("+"))


def _noise_steps(
    snr_db: Sequence[float], noise_types: Sequence[str], reference: str | None
) -> Iterator[Step]:
    against = {} if reference is None else {"reference": reference}
    for kind in noise_types or (None,):
        for level_db in snr_db:
            named = {} if kind in (None, ANY_TYPE) else {"type": kind}
            yield Step("noise", {**named, **against, "snr_db": float(level_db)})


def _step(part: str, text: str) -> Step:
    name, colon, listed = part.partition(":")
    if not name.strip() or (colon and not listed.strip()):
        raise InputError("bad effect", where=repr(text), got=repr(part), expected=_EXAMPLE)
    params: dict[str, str] = {}
    for pair in listed.split(",") if colon else ():
        key, equals, value = (piece.strip() for piece in pair.partition("="))
        if not (key and equals and value):
            raise InputError("bad effect", where=repr(text), got=repr(pair), expected=_EXAMPLE)
        if key in params:
            raise InputError("parameter twice", where=repr(text), got=repr(key))
        params[key] = value
    return Step(name.strip(), params)

"""Which of the teacher's layers a student begins from."""

from __future__ import annotations


def evenly_spaced(layers: int, of: int) -> tuple[int, ...]:
    """The numbers, from 1 to `of`, of as many layers, the first and the last among them.

    The i-th of m is 1 + (i - 1) (n - 1) / (m - 1), rounded, a half upwards; a single one is the
    last, since it is what the head hears. Source: Gandhi et al., "Distil-Whisper" (2023), section
    3, "maximally spaced", where the numbers are cut, not rounded, which is less even.

    Raises:
        ValueError: there are not so many.
    """
    if not 1 <= layers <= of:
        raise ValueError(f"{layers} of {of} layers")
    if layers == 1:
        return (of,)
    steps, gaps = of - 1, layers - 1
    return tuple(1 + (2 * i * steps + gaps) // (2 * gaps) for i in range(layers))

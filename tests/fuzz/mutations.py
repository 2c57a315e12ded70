"""Small, seeded damage to a file: bytes flipped, left out, repeated, and values made odd."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_VALUE = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|"(?:[^"\\\n]|\\.)*"|true|false|null')
# What readers meet seldom: beyond every type, no number, and text that steers or climbs.
_ODD_VALUES = (
    *(b"-1", b"0", b"1e999", b"-1e999", b"1e-999", b"1e308", b"9" * 400, b"NaN", b"1.5"),
    *(b"2147483648", b"18446744073709551616", b"null", b"true", b"[]", b"{}", b'""', b"[[]]"),
    *(b'"x"', b'"../../../etc/passwd"', b'"\\ud800"', b'"\\u0000"', b'"\\u202e\\u001b[2J"'),
    *(b"[1,2,3]", b'{"a":1}', b'"' + b"x" * 3000 + b'"', b"touch canary |", b"/dev/zero"),
)
_ODD_BYTES = (0x00, 0xFF, 0x7F, 0x80, 0x0A, 0x0D, 0x22, 0x5B, 0x7B, 0x1B)


def mutated(data: bytes, random: Random) -> bytes:
    """The data after one to four changes; half of them odd values alone, which parse."""
    if random.random() < 0.5:
        for _ in range(random.randint(1, 2)):
            data = _odd_value(data, random)
        return data
    for _ in range(random.randint(1, 4)):
        data = random.choice(_CHANGES)(data, random)
    return data


def _flip(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]


def _odd_byte(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes([random.choice(_ODD_BYTES)]) + data[place + 1 :]


def _insert(data: bytes, random: Random) -> bytes:
    place = random.randint(0, len(data))
    return data[:place] + random.randbytes(random.randint(1, 16)) + data[place:]


def _leave_out(data: bytes, random: Random) -> bytes:
    start, end = _part(data, random)
    return data[:start] + data[end:]


def _repeat(data: bytes, random: Random) -> bytes:
    start, end = _part(data, random)
    return data[:end] + data[start:end] * random.randint(1, 3) + data[end:]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _odd_value(data: bytes, random: Random) -> bytes:
    """A number, text or constant of JSON or YAML becomes another."""
    places = [found.span() for found in _VALUE.finditer(data[: 1 << 16])]
    if not places:
        return _odd_byte(data, random)
    start, end = random.choice(places)
    return data[:start] + random.choice(_ODD_VALUES) + data[end:]


def _swap_lines(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _part(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.randint(1, 64))


_Change = Callable[[bytes, Random], bytes]
_CHANGES: tuple[_Change, ...] = (
    _flip,
    _odd_byte,
    _insert,
    _leave_out,
    _repeat,
    _cut,
    _swap_lines,
    _odd_value,
)

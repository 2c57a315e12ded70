"""Seeded pairs of texts, what NIST's sclite 2.10 counted for them, and sclite itself.

`sclite_counts.txt` holds sclite's counts of every pair, one line a pair: hits, substitutions,
deletions, insertions. With sctk (2.4.10) on the PATH they are made again, in some ten seconds, by

    python -m tests.evaluate.sclite > tests/evaluate/sclite_counts.txt
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

RECORDED = Path(__file__).with_name("sclite_counts.txt")
# One-character words, accents, scripts with combining marks, right-to-left and unspaced ones;
# none of sclite's own notation (braces, parentheses, semicolons, @).
_WORDS = (
    *("the", "a", "I", "\u00e9t\u00e9", "Stra\u00dfe", "o'clock", "\u4e2d", "\u65e5\u672c"),
    *("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0643\u064e\u062a\u064e\u0628", "\U0001f600"),
    *(f"w{number}" for number in range(300)),
)
_RATES = (0.0, 0.05, 0.1, 0.2, 0.3)  # of errors a word
_SEED = 20


class Pair(NamedTuple):
    """A reference and a hypothesis."""

    reference: str
    hypothesis: str


class Counts(NamedTuple):
    """What sclite reports of a pair."""

    hits: int
    s: int
    d: int
    i: int


def edge_pairs() -> list[Pair]:
    """Empty sides and lines of one character."""
    return [Pair("", ""), Pair("a", ""), Pair("", "a"), Pair("a", "a"), Pair("a", "\u4e2d")]


def random_pairs(count: int = 1500) -> list[Pair]:
    """References of 0 to 40 words, and what a recogniser with up to 30 % errors might make of them.

    Only `Random.random` is drawn from: its stream is the same in every version of Python.
    """
    random = Random(_SEED)
    return [
        _pair(random, int(41 * random.random()), _RATES[number % len(_RATES)])
        for number in range(count)
    ]


def long_pairs() -> list[Pair]:
    """Lines of 2,000 and of 10,000 words."""
    random = Random(_SEED + 1)
    return [_pair(random, length, 0.2) for length in (2_000, 10_000)]


def all_pairs() -> list[Pair]:
    """Every pair that counts are recorded of, in their order."""
    return [*edge_pairs(), *random_pairs(), *long_pairs()]


def recorded_counts() -> list[Counts]:
    """What sclite counted for each pair of `all_pairs`."""
    lines = RECORDED.read_text(encoding="ascii").splitlines()
    return [Counts(*map(int, line.split())) for line in lines]


def sclite_counts(pairs: list[Pair]) -> list[Counts]:
    """What the sclite on this machine counts, letter case told apart as we do."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("ref.trn", "hyp.trn")]
        for side, file in enumerate(files):
            lines = (f"{pair[side]} (s-{number})\n" for number, pair in enumerate(pairs))
            file.write_text("".join(lines), encoding="utf-8")
        command = ["sctk", "sclite", "-r", str(files[0]), "trn", "-h", str(files[1]), "trn"]
        command += ["-i", "spu_id", "-e", "utf-8", "-s", "-o", "pralign", "stdout"]
        done = subprocess.run(command, capture_output=True, check=True)
    found = re.findall(
        rb"id: \(s-(\d+)\)\nScores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)", done.stdout
    )
    by_number = {int(number): Counts(*map(int, counts)) for number, *counts in found}
    return [by_number[number] for number in range(len(pairs))]


def _pair(random: Random, length: int, rate: float) -> Pair:
    """Six errors in ten are substitutions, two deletions and two insertions."""
    reference = [_word(random) for _ in range(length)]
    hypothesis = []
    for word in reference:
        draw = random.random() / rate if rate else 1.0
        if draw >= 0.2:
            hypothesis.append(_word(random) if draw < 0.8 else word)
        if 0.8 <= draw < 1.0:
            hypothesis.append(_word(random))
    return Pair(" ".join(reference), " ".join(hypothesis))


def _word(random: Random) -> str:
    """Frequent words are frequent, as in speech: rank r with a probability near 1 / r."""
    return _WORDS[int(len(_WORDS) ** random.random()) - 1]


if __name__ == "__main__":
    for counted in sclite_counts(all_pairs()):
        sys.stdout.write(" ".join(map(str, counted)) + "\n")

"""A generator depends on its seed and keys, and on nothing else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.seeds import generator_for

_KEY = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]))


def test_the_stream_is_the_one_it_has_always_been() -> None:
    """Recorded once: a change here changes every corruption ever cached or published."""
    assert generator_for(0, "u1", "babble", 0).integers(1 << 32, size=3).tolist() == [
        140191426,
        1899460790,
        3125117222,
    ]


def test_another_process_with_another_hash_seed_gives_the_same_stream() -> None:
    code = (
        "from asrcompress.core.seeds import generator_for;"
        "print(generator_for(7, 'نعم', 3).integers(1 << 32))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "123", "PATH": ""},
    )
    assert int(printed.stdout) == generator_for(7, "نعم", 3).integers(1 << 32)


@given(st.integers(), st.lists(_KEY, min_size=1, max_size=3), _KEY)
def test_any_other_key_gives_another_stream(seed: int, keys: list[str], other: str) -> None:
    first = generator_for(seed, *keys).integers(1 << 63, size=2)
    np.testing.assert_array_equal(first, generator_for(seed, *keys).integers(1 << 63, size=2))
    for changed in ((seed + 1, *keys), (seed, *keys, other)):
        assert (first != generator_for(*changed).integers(1 << 63, size=2)).any()


def test_keys_do_not_run_into_each_other() -> None:
    joined = generator_for(0, "ab", "c").integers(1 << 63)
    assert joined != generator_for(0, "a", "bc").integers(1 << 63)


def test_draws_are_uniform() -> None:
    """The mean of 4000 first draws lies within 4 standard errors of one half."""
    draws = [generator_for(0, f"utterance {number}").random() for number in range(4000)]
    assert abs(float(np.mean(draws)) - 0.5) < 4 * (1 / 12 / 4000) ** 0.5

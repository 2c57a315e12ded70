"""The local engine times artefacts so that the first one is not at a disadvantage."""

from __future__ import annotations

import pytest

from asrcompress.audit.measuring import turns_of


@pytest.mark.parametrize(
    ("rounds", "expected"), [(1, "abca"), (2, "abccba"), (3, "abccbaabca"), (4, "abccbaabccba")]
)
def test_rounds_go_there_and_back_and_end_with_the_first(rounds: int, expected: str) -> None:
    """Every job has a turn a round, and the baseline, which is first, is last as well."""
    jobs: list = list("abc")
    assert turns_of(jobs, rounds) == list(expected)

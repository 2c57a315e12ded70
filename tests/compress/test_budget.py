"""Sizes as people write them."""

from __future__ import annotations

import pytest

from asrcompress.compress.budget import size_bytes, size_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150MB", 150_000_000),
        ("8.3 MB", 8_300_000),
        ("120 MiB", 125_829_120),
        ("1 gb", 10**9),
        ("64kB", 64_000),
        ("2000000", 2_000_000),
        ("512 B", 512),
        ("1.001 kB", 1001),
    ],
)
def test_sizes_are_read_with_their_units(text: str, expected: int) -> None:
    """MB are 10^6 bytes and MiB 2^20."""
    assert size_bytes(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "MB", "-3 MB", "8,3 MB", "3 parsec", "0", "0.1", "1e6", "nan", "9" * 400, "9" * 5000],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    """With an example of what is one."""
    with pytest.raises(ValueError, match="expected one such as 150MB"):
        size_bytes(text)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (8_300_000, "8.30 MB"),
        (354_200_000, "354 MB"),
        (1_261_900_000, "1.26 GB"),
        (64_000, "64.0 kB"),
        (999, "999 bytes"),
        (999_999, "1.00 MB"),
    ],
)
def test_sizes_are_written_with_three_digits(size: int, expected: str) -> None:
    """As the progress and the manifest show them."""
    assert size_text(size) == expected

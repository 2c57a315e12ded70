"""Column heads: names in lines that fit."""

from __future__ import annotations

import pytest
from rich.text import Text

from asrcompress.report.console import Matrix, plain


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("prune30-only", ["prune30-only"]),
        ("bundled-model", ["bundled-", "model"]),
        ("robust/int8", ["robust/", "int8"]),
        ("wav2vec2-large-robust", ["wav2vec2-", "large-robust"]),
        ("abcdefghijklmnop", ["abcdefghijkl", "mnop"]),
        ("-abcdefghijklmnop", ["-abcdefghijk", "lmnop"]),
    ],
)
def test_heads_break_at_joints(name: str, lines: list[str]) -> None:
    """At most 12 characters a line, after a slash or a hyphen where there is one."""
    (table,) = Matrix("t", [("condition", ["clean"])], [(name, [Text("1.0")])]).tables()
    heads = plain([table]).splitlines()[1 : 1 + len(lines)]
    assert [head.replace("condition", "").strip() for head in heads] == lines

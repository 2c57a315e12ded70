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


def _wide(count: int, conditions: tuple[str, ...] = ("clean", "noise-5dB")) -> Matrix:
    leads = [("condition", list(conditions)), ("N", ["942"] * len(conditions))]
    columns = [
        (f"artefact-{number:02}", [Text(f"{number}.{row}") for row in range(len(conditions))])
        for number in range(count)
    ]
    return Matrix("t", leads, columns, "artefact")


def test_many_columns_over_few_rows_are_turned() -> None:
    """Fifty artefacts under two conditions are one table of fifty rows, every number in place."""
    (table,) = _wide(50).tables()
    lines = plain([table]).splitlines()
    assert lines[1].split() == ["clean/", "noise-5dB/"]
    assert lines[2].split() == ["artefact", "N", "942", "N", "942"]
    assert [line.split() for line in lines[4:]] == [
        [f"artefact-{number:02}", f"{number}.0", f"{number}.1"] for number in range(50)
    ]


def test_few_columns_or_many_rows_stay() -> None:
    """Two pieces are no reason to turn a table, nor is a matrix that is higher than wide."""
    assert "condition" in plain(_wide(8).tables())
    assert "condition" in plain(_wide(20, tuple(f"c{number}" for number in range(30))).tables())
    assert "condition" in plain([*Matrix("t", _wide(50).leads, _wide(50).columns).tables()])

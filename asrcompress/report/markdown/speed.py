"""Speed of one run, and Pareto fronts, in Markdown."""

from __future__ import annotations

from asrcompress.report.markdown.pieces import escape, line, name, table
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.speed_columns import SpeedColumn, speed_columns
from asrcompress.report.speed_view import LEGEND, SpeedView
from asrcompress.report.view import View


def speed_parts(view: View) -> list[str]:
    """The table under its title, what ran and what it means; nothing where not measured."""
    speed = view.speed
    if speed is None:
        return []
    lines = [line(f"{speed.machine_line} {LEGEND}")]
    lines += [f"- {line(model)} ran on {escape(words)}" for model, words in speed.kernel_lines]
    notes = [f"> {line(note)}  " for note in speed.notes]
    parts = ["**Speed on this machine**", _table(speed), "\n".join(lines), "\n".join(notes)]
    return [part for part in parts if part]


def front_lines(view: View) -> str:
    """A line for each front; empty where there is none."""
    return "\n".join(f"- {line(front.line)}" for front in fronts_of(view))


def _table(speed: SpeedView) -> str:
    """Columns of names first, so that numbers stand to the right."""
    columns = sorted(speed_columns(speed), key=lambda column: column.values is not None)
    names = 1 + sum(column.values is None for column in columns)
    rows = [
        [name(row.name), *(escape(column.cells[index]) for column in columns)]
        for index, row in enumerate(speed.rows)
    ]
    return table(["model", *map(_head, columns)], rows, names=names)


def _head(column: SpeedColumn) -> str:
    return escape(" ".join(column.head.splitlines()))

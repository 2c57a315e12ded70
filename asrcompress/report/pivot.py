"""Tables as papers print them: models down, compressions across, the same texts in every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from typing import TYPE_CHECKING

from asrcompress.core.pivot import PivotTable, PivotValue
from asrcompress.core.results import ArtefactResult, Results
from asrcompress.report.pivot_cell import HEADS, Datum, Source, cell_text
from asrcompress.report.places import Family, families_of
from asrcompress.report.wording import list_names

if TYPE_CHECKING:
    from asrcompress.report.view import CompressionRates

Labels = tuple[str, ...]
_OVER_DATA: tuple[PivotValue, ...] = ("wer", "divergence")  # one number for each condition


@dataclass(frozen=True, slots=True)
class Pivot:
    """A finished table: texts only.

    leads: heads of the leading columns. heads: each further column's labels, outermost first.
    rows: the leading labels of each row, and its cells.
    """

    title: str
    leads: Labels
    heads: tuple[Labels, ...]
    rows: tuple[tuple[Labels, Labels], ...]

    @property
    def levels(self) -> list[list[tuple[str, int]]]:
        """The heads from the outermost in: labels, each with the number of columns it spans."""
        depths = range(1, len(self.heads[0]) + 1) if self.heads else range(0)
        runs = (groupby(head[:depth] for head in self.heads) for depth in depths)
        return [[(labels[-1], len(list(same))) for labels, same in run] for run in runs]

    @property
    def spaced_rows(self) -> list[tuple[Labels, Labels]]:
        """The rows with a model's name only where it begins, as on paper."""
        shown = []
        before: str | None = None
        for names, cells in self.rows:
            is_again = len(names) > 1 and names[0] == before
            shown.append((("", *names[1:]) if is_again else names, cells))
            before = names[0]
        return shown


@dataclass(frozen=True, slots=True)
class _Place:
    """A row or a column: its labels, and what it says of its cells; the other side has the rest."""

    labels: Labels
    model: str | None = None
    compression: str | None = None
    value: PivotValue | None = None
    datum: Datum | None = None


def pivots_of(results: Results, rates: Mapping[str, CompressionRates]) -> tuple[Pivot, ...]:
    """The tables that the results ask for, in their order."""
    source = Source(results, rates)
    return tuple(_pivot(table, source) for table in results.tables)


def _pivot(table: PivotTable, source: Source) -> Pivot:
    leads, rows, columns = _sides(table, source.results)
    families = families_of(source.results)
    by_name = {(_short(one), row.compression): row for one in families for row in one.artefacts}
    heads, shared = _telling([column.labels for column in columns])
    if len(families) == 1 and len(leads) > 1:  # the one model need not be said in every row
        leads, rows = leads[1:], [replace(row, labels=row.labels[1:]) for row in rows]
    return Pivot(
        title=f"{table.title} ({list_names(shared)})" if shared else table.title,
        leads=leads,
        heads=heads,
        rows=tuple(
            (row.labels, tuple(_text(source, by_name, row, column) for column in columns))
            for row in rows
        ),
    )


def _text(
    source: Source,
    by_name: Mapping[tuple[str, str], ArtefactResult],
    row: _Place,
    column: _Place,
) -> str:
    name = (row.model or column.model or "", row.compression or column.compression or "")
    value = row.value or column.value or "wer"
    return cell_text(source, by_name.get(name), value, row.datum or column.datum)


def _sides(table: PivotTable, results: Results) -> tuple[Labels, list[_Place], list[_Place]]:
    """The heads of the leading columns, the rows, and the columns."""
    compressions = table.columns
    models = [_short(family) for family in families_of(results)]
    data = _data(table, results)
    forms = [_Place((m, c), model=m, compression=c) for m, c in product(models, compressions)]
    if table.rows == "model_compression":
        return ("model", "compression"), forms, list(_measures(table, data, ()))
    if table.rows == "value":
        return ("",), list(_measures(table, data, ())), forms
    if table.rows == "model":
        columns = [m for name in compressions for m in _measures(table, data, (name,))]
        return ("model",), [_Place((name,), model=name) for name in models], columns
    rows = [_Place((m, d.label), model=m, datum=d) for m, d in product(models, data)]
    pairs = product(compressions, table.values)
    columns = [_Place((c, HEADS[v]), compression=c, value=v) for c, v in pairs]
    return ("model", "data"), rows, columns


def _measures(table: PivotTable, data: Sequence[Datum], compression: Labels) -> Iterator[_Place]:
    """The values of a compression (or of all), those that depend on the data once for each."""
    name = compression[0] if compression else None
    for value in table.values:
        for datum in data if value in _OVER_DATA else (None,):
            head = HEADS[value] if datum is None or len(data) == 1 else _over(value, datum)
            yield _Place((*compression, head), compression=name, value=value, datum=datum)


def _over(value: PivotValue, datum: Datum) -> str:
    return f"{HEADS[value]} {datum.label}"


def _data(table: PivotTable, results: Results) -> list[Datum]:
    """The conditions, or each one's values of the subgroup field, as the table wants them."""
    conditions = [row.name for row in results.conditions]
    if table.by is None:
        found = [Datum(name, name) for name in conditions]
    else:
        groups = (row for cell in results.cells for row in cell.groups if row.field == table.by)
        values = dict.fromkeys(row.value for row in groups)
        found = [
            Datum(value if len(conditions) == 1 else f"{value}, {name}", name, table.by, value)
            for name in conditions
            for value in values
        ]
    if not table.data:
        return found
    places = {name: place for place, name in enumerate(table.data)}
    turns = [(min(places.get(name, len(places)) for name in _names(one)), one) for one in found]
    wanted = [(turn, one) for turn, one in turns if turn < len(places)]
    return [one for _, one in sorted(wanted, key=lambda pair: pair[0])]


def _names(datum: Datum) -> tuple[str, ...]:
    """What a table may ask for it by: its value of the field, or its condition."""
    return (datum.condition,) if datum.value is None else (datum.value, datum.condition)


def _short(family: Family) -> str:
    """A model's name without the folders or the owner in front of it."""
    return family.name.rstrip("/").rpartition("/")[2]


def _telling(heads: Sequence[Labels]) -> tuple[tuple[Labels, ...], list[str]]:
    """The heads without the levels that say the same everywhere, and what those say."""
    levels = list(zip(*heads, strict=True))
    differing = [level for level in levels if len(set(level)) > 1] or levels[-1:]
    shared = [level[0] for level in levels if level not in differing]
    return tuple(zip(*differing, strict=True)), shared

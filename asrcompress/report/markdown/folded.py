"""The parts of the Markdown report that are folded away, each a title and a body."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.core.comparison import Verdict
from asrcompress.core.error_table import Flip
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.results import CellResult
from asrcompress.report import flips
from asrcompress.report.markdown.gates import all_checks
from asrcompress.report.markdown.layers import layer_parts
from asrcompress.report.markdown.parts import Part
from asrcompress.report.markdown.pieces import escape, line, name, table, wer
from asrcompress.report.view import View
from asrcompress.report.wording import (
    NOT_RUN,
    count_of,
    decoding_words,
    excludes_zero,
    list_names,
    percent,
    percent_interval,
    points,
    points_interval,
)

_HASH_LENGTH = 12  # enough to tell files apart; the whole is in results.json
_MOST_ROWS = 20  # of interactions
_MOST_FLIPS = 5
_CONTEXT, _MOST_WORDS = 4, 40  # right words beside an error, and words of one utterance
_MOST_CONFUSIONS = 10
_MOST_VALUES = 40  # of a subgroup


def folded_parts(view: View) -> Iterator[Part]:
    """All of them that have anything to say, the most telling first."""
    yield from all_checks(view)
    yield from _margins(view)
    yield from _published(view)
    yield from _interactions(view)
    if view.is_compared:
        yield _folded("Differences with intervals", _differences(view))
    yield from _broken(view)
    yield from _groups(view)
    yield from layer_parts(view)
    yield _folded("Provenance", _provenance(view))


def _folded(title: str, body: str) -> Part:
    return Part(title, body, is_folded=True)


def _margins(view: View) -> Iterator[Part]:
    names = [name(row.name) for row in view.artefacts]
    for margin in view.margins:
        rows = [[name(row.value), *map(wer, row.margins)] for row in margin.rows]
        title = f"WER by {margin.name} ({margin.pooled})"
        yield _folded(title, table([f"WER %, {margin.name}", *names], rows))


def _published(view: View) -> Iterator[Part]:
    published = view.results.published
    if published is None:
        return
    rows = [
        [
            *map(escape, (row.source, row.artefact, row.place)),
            percent(row.published),
            NOT_RUN if row.measured is None else percent(row.measured),
            percent_interval(row.interval) if row.interval else NOT_RUN,
            NOT_RUN if row.difference is None else points(row.difference),
        ]
        for row in view.published
    ]
    header = ["source", "artefact", "where", "published %", "measured %", "interval", "points"]
    lines = [f"- {line(difference)}" for difference in published.differences]
    lead = ["Where the set-ups differ:", "\n".join(lines)] if lines else []
    body = "\n\n".join([table(header, rows, names=3), *lead])
    yield _folded(f"Beside {published.paper}", body)


def _interactions(view: View) -> Iterator[Part]:
    """Those whose interval excludes 0, and of how many."""
    pairs = [
        (cell, cell.comparison.interaction)
        for cell in view.results.cells
        if cell.comparison and cell.comparison.interaction
    ]
    if not pairs:
        return
    clear = [(cell, found) for cell, found in pairs if excludes_zero(found.interval)]
    clear.sort(key=lambda pair: -abs(pair[1].delta_wer))
    rows = [
        [
            name(cell.condition),
            name(cell.artefact),
            points(found.delta_wer),
            points_interval(found.interval),
        ]
        for cell, found in clear[:_MOST_ROWS]
    ]
    there = view.interaction_references
    lead = (
        f"dWER minus dWER under {escape(there)}, points: the interval excludes 0 in {len(clear)} "
        f"of {count_of(len(pairs), 'cell')}{_first_of(len(rows), len(clear))}."
    )
    body = table(["condition", "artefact", "interaction", "interval"], rows, names=2)
    yield _folded(
        f"Does compression cost more than under {there}?", f"{lead}\n\n{body}" if rows else lead
    )


def _first_of(shown: int, total: int) -> str:
    return f"; the {shown} largest" if shown < total else ""


def _differences(view: View) -> str:
    rows = [[name(row.name), *(_difference(cell) for cell in row.cells)] for row in view.conditions]
    body = table(["dWER, points", *(name(row.name) for row in view.artefacts)], rows)
    return f"After ?: the smallest dWER that these recordings would show.\n\n{body}"


def _difference(cell: CellResult | None) -> str:
    if cell is None or cell.comparison is None:
        return NOT_RUN
    found = cell.comparison
    words = f"{points(found.delta_wer)} {points_interval(found.interval)}"
    if found.verdict is Verdict.INCONCLUSIVE:
        return f"{words} ? {100 * found.smallest_detectable:.2f}"
    return words


def _broken(view: View) -> Iterator[Part]:
    cells = flips.broken_cells(view.errors)
    if not cells:
        return
    broken = sum(cell.flips_total for cell in cells)
    recovered = sum(cell.recoveries_total for cell in cells)
    lead = (
        f"Over all cells {count_of(broken, 'utterance')} right with the baseline and wrong when "
        f"compressed, {recovered} the other way. The worst, as \\[said-&gt;heard\\], -missed-, "
        "+added+:"
    )
    worst = [
        [name(cell.artefact), name(cell.condition), name(flip.id), escape(_alignment(flip))]
        for cell, flip in flips.worst_flips(view.errors, _MOST_FLIPS)
    ]
    confused = [
        [
            *map(name, (cell.artefact, cell.condition, *flips.pair_of(row))),
            *map(str, (row.count, row.baseline_count, row.added)),
        ]
        for cell, row in flips.worst_confusions(view.errors, _MOST_CONFUSIONS)
    ]
    heads = ["artefact", "condition"]
    body = [lead] if worst else [lead.partition(" The worst")[0]]
    if worst:
        body.append(table([*heads, "utterance", "words"], worst, names=4))
    if confused:
        more = ["said", "heard", "times", "baseline", "added"]
        body.append(table([*heads, *more], confused, names=4))
    yield _folded("What compression broke", "\n\n".join(body))


def _alignment(flip: Flip) -> str:
    """The errors with the words around them; how many, where the words were left out."""
    if not flip.alignment:
        return f"{count_of(flip.errors, 'error')}, words left out"
    words = flips.excerpt(flip, context=_CONTEXT, most=_MOST_WORDS)
    return " ".join(flips.marked(word) if word else "..." for word in words)


def _groups(view: View) -> Iterator[Part]:
    """Each subgroup with all conditions together."""
    names = [name(row.name) for row in view.artefacts]
    for field in view.group_fields:
        sums: dict[str, list[ErrorCounts]] = {}
        for row in (row for row in view.groups if row.field == field):
            before = sums.setdefault(row.value, [ErrorCounts()] * len(names))
            sums[row.value] = [
                total + group.words if group else total
                for total, group in zip(before, row.groups, strict=True)
            ]
        if len(sums) <= _MOST_VALUES:
            rows = [[name(value), *(percent(row.rate) for row in sums[value])] for value in sums]
            header = [f"WER %, {escape(field)}", *names]
            yield _folded(f"WER by {field} (all conditions together)", table(header, rows))


def _provenance(view: View) -> str:
    results = view.results
    lines = [
        f"- {line(row.name)}: {escape(row.result.model)} "
        f"(sha256 {row.result.sha256[:_HASH_LENGTH]}), {escape(row.result.compression)}, "
        f"{escape(decoding_words(row.result.decoding))}"
        for row in view.artefacts
    ]
    versions = list_names(f"{package} {version}" for package, version in results.versions.items())
    lines += [f"- normaliser {escape(results.normaliser)}, seed {results.seed}"]
    return "\n".join([*lines, f"- {line(versions)}"])

"""An artefact in Markdown, short enough for a comment on a pull request or a model card."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.console import plain, spaced
from asrcompress.report.markdown.pieces import details, escape, table
from asrcompress.report.terminal.bit_map import map_renderables
from asrcompress.report.wording import divergence, list_names, megabytes, percent, times

_MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment; the rest is for a line around it
_FENCE = "~~~"


def render(view: ArtefactView) -> str:
    """Title, sizes, facts and notes; what was done to the layers folded away."""
    parts = [f"**{escape(view.title)}**: {escape(view.summary)}", _sizes(view), _facts(view)]
    parts += [_calibration(view), "\n".join(f"> {escape(note)}  " for note in view.notes)]
    kept = [part for part in parts if part]
    left_out = []
    for title, body in _folded(view):
        part = details(title, body)
        if sum(map(len, kept)) + len(part) > _MOST_CHARACTERS:
            left_out.append(title)
        else:
            kept.append(part)
    if left_out:
        kept.append(f"Too long for a comment, see --format html: {list_names(left_out)}.")
    return "\n\n".join(kept) + "\n"


def _sizes(view: ArtefactView) -> str:
    rows = [
        [row.name, megabytes(row.before), megabytes(row.after), times(row.rate)]
        for row in view.sizes
    ]
    return table(["model", "MB before", "MB after", "rate"], rows)


def _facts(view: ArtefactView) -> str:
    lines = [("method", step) for step in view.steps] + list(view.facts.items())
    return "\n".join(f"- {name}: {escape(words)}" for name, words in lines)


def _calibration(view: ArtefactView) -> str:
    record = view.manifest.calibration
    if record is None:
        return ""
    names = dict.fromkeys([*record.predicted, *record.measured])
    rows = [
        [
            escape(name),
            *(divergence(found.get(name)) for found in (record.predicted, record.measured)),
        ]
        for name in names
    ]
    head = f"Divergence from the original in nats; budget {escape(record.budget)}:"
    return f"{head}\n\n{table(['condition', 'predicted', 'measured'], rows)}"


def _folded(view: ArtefactView) -> Iterator[tuple[str, str]]:
    maps = map_renderables(view.layout)
    if maps:
        drawn = plain(spaced(maps)).replace(_FENCE, "~ ~ ~")  # a layer's name must not end it
        yield ("Bits by depth", f"{_FENCE}text\n{drawn}{_FENCE}")
    yield ("Layers", _layers(view))
    yield ("What was left alone", _left_alone(view))


def _layers(view: ArtefactView) -> str:
    rows = [
        [
            escape(layer.name),
            escape(layer.row.why),
            f"{layer.row.weights:,}",
            escape(layer.row.qtype),
            percent(layer.row.sparsity),
            f"{layer.row.bytes_before:,}",
            f"{layer.row.bytes_after:,}",
        ]
        for layer in view.layout.layers
    ]
    heads = ["layer", "why", "weights", "type", "zeros %", "bytes before", "bytes after"]
    return table(heads, rows, names=2)


def _left_alone(view: ArtefactView) -> str:
    rows = [
        [
            escape(group.name),
            escape(group.first.kind),
            escape(group.why),
            str(len(group.rows)),
            f"{group.sum.bytes_after:,}",
        ]
        for group in view.left_alone
    ]
    return table(["tensors", "kind", "why", "number", "bytes"], rows, names=3)

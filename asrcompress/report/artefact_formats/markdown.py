"""An artefact in Markdown, short enough for a comment on a pull request or a model card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.block_widths import BlockWidths, together
from asrcompress.report.console import plain, spaced
from asrcompress.report.curve_table import curve_rows, mask_rows
from asrcompress.report.markdown.pieces import details, escape, table
from asrcompress.report.terminal.bit_map import map_renderables
from asrcompress.report.training_facts import training_facts
from asrcompress.report.wording import NOT_RUN, divergence, list_names, megabytes, percent, times

_MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment; the rest is for a line around it
_FENCE = "~~~"


def render(view: ArtefactView) -> str:
    """Title, sizes, facts and notes; what was done to the layers folded away."""
    parts = [f"**{escape(view.title)}**: {escape(view.summary)}", _sizes(view), _facts(view)]
    parts += [
        _calibration(view),
        _training(view),
        "\n".join(f"> {escape(note)}  " for note in view.notes),
    ]
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
    budget = escape(record.budget)
    head = f"Divergence from {view.measured_against} in nats; budget {budget}:"
    return f"{head}\n\n{table(['condition', 'predicted', 'measured'], rows)}"


def _training(view: ArtefactView) -> str:
    record = view.manifest.training
    if record is None:
        return ""
    lines = [f"- {name}: {escape(words)}" for name, words in training_facts(record).items()]
    return "\n".join(["Training:", "", *lines])


def _folded(view: ArtefactView) -> Iterator[tuple[str, str]]:
    maps = map_renderables(view.layout)
    if maps:
        drawn = plain(spaced(maps)).replace(_FENCE, "~ ~ ~")  # a layer's name must not end it
        yield ("Bits by depth", f"{_FENCE}text\n{drawn}{_FENCE}")
    if view.blocks:
        yield ("What is left of each block", _blocks(view))
    record = view.manifest.training
    if record and record.curves.steps:
        yield ("Curves of the training", _numbers(*curve_rows(record.curves)))
    if record and record.masks and record.masks.steps:
        title = "Masks at the end: mean probability of being kept"
        yield (title, _numbers(*mask_rows(record.masks)))
    yield ("Layers", _layers(view))
    yield (view.left_alone_title, _left_alone(view))


def _blocks(view: ArtefactView) -> str:
    rows = [_block(str(block.number), block) for block in view.blocks]
    heads = ["block", "heads", "query/key", "value/output", "feed-forward", "weights left %"]
    return table(heads, [*rows, _block("all", together(view.blocks))])


def _block(name: str, block: BlockWidths) -> list[str]:
    widths = (block.head_count, block.query_key, block.value_output, block.feed_forward)
    cells = [width.words if width.left else NOT_RUN for width in widths]
    share = block.parameters.share
    return [name, *cells, NOT_RUN if share is None else percent(share)]


def _numbers(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(list(map(escape, heads)), [list(map(escape, row)) for row in rows])


def _layers(view: ArtefactView) -> str:
    rows = [
        [
            escape(layer.name),
            escape(layer.row.why),
            f"{layer.row.weights:,}",
            NOT_RUN if layer.is_removed else escape(layer.row.qtype),
            NOT_RUN if layer.is_removed else percent(layer.row.sparsity),
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

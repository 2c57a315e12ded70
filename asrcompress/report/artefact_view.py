"""An artefact as every format shows it: its manifest with what derives from it, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asrcompress.core.class_shares import ClassShares, class_shares_of
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.manifest import ArtefactManifest, MethodStep, Selection
from asrcompress.report.block_widths import BlockWidths, block_widths
from asrcompress.report.export_facts import DEPENDS_ON_PROCESSOR, export_facts, runtime_name
from asrcompress.report.layers import PRUNED_SPARSITY, Layout, layout_of
from asrcompress.report.ledger_groups import LedgerGroup, group_rows, sums_of
from asrcompress.report.notes import PRUNED_ONLY, QUANTISED, ZIPS_INCOMPARABLE
from asrcompress.report.wording import count_of, list_names, megabytes, percent, times

HALVES = ("float16", "bfloat16")  # what an encoding's name ends in where it has half the bits
ZEROS_NOT_STORED = (
    "zeros are not stored: smaller on disk, but as large as before once loaded, and no faster"
)
NOTHING_PACKED = "the bitmask was used nowhere: no tensor has so many zeros that it is smaller"
HALF_IN_FILES = (
    "16-bit weights are loaded as 32 bits: smaller on disk, but as large as before once loaded"
)


@dataclass(frozen=True, slots=True)
class SizeRow:
    """A model's bytes in one of its forms, before and after; None where not measured."""

    name: str
    rate_name: str
    before: int | None
    after: int | None

    @property
    def rate(self) -> float | None:
        """Bytes before / bytes after."""
        return self.before / self.after if self.before is not None and self.after else None


@dataclass(frozen=True, slots=True)
class ArtefactView:
    """What a compressed model's manifest says, arranged for reading."""

    manifest: ArtefactManifest
    layout: Layout
    class_shares: ClassShares | None
    blocks: tuple[BlockWidths, ...]
    sizes: tuple[SizeRow, ...]
    sums: Mapping[str, Ledger]

    @property
    def title(self) -> str:
        return f"{self.manifest.source.model}: {self.manifest.label}"

    @property
    def summary(self) -> str:
        """For example: 4.00x smaller on disk (201.0 -> 50.2 MB), 3.00x zipped."""
        memory, disk, zipped = self.sizes
        first = disk if disk.rate is not None else memory
        where = "on disk" if first is disk else "in memory"
        if first.rate is None:
            return "sizes were not measured"
        change = f"{megabytes(first.before)} -> {megabytes(first.after)} MB"
        also = f", {times(zipped.rate)} zipped" if zipped.rate is not None else ""
        return f"{times(first.rate)} smaller {where} ({change}){also}"

    @property
    def steps(self) -> tuple[str, ...]:
        """The methods with their parameters, in the order applied."""
        return tuple(step_words(step) for step in self.manifest.steps)

    @property
    def facts(self) -> dict[str, str]:
        """What else is said of the whole compression, by what it is about."""
        found = {}
        if not self._is_trained_alone:
            found["layers"] = selection_words(self.manifest.selection)
        found["loads with"] = loading_words(self.manifest)
        found |= export_facts(self.manifest)
        if self.manifest.encodings:
            found["stored"] = encoding_words(self.manifest.encodings)
        if self.class_shares:
            found["classes"] = class_words(self.class_shares, has_medium=self.has_medium)
        return found

    @property
    def has_fewer_weights(self) -> bool:
        """True where tensors were removed or made narrower."""
        return self.manifest.ledger.weights != self.manifest.ledger.weights_before

    @property
    def measured_against(self) -> str:
        """Whose posteriors a plan of bits is measured against: the model before quantising."""
        return "the original" if self.manifest.training is None else "the trained model"

    @property
    def has_medium(self) -> bool:
        """True where layers were sorted into three classes, not two."""
        found = (layer.analysis.memberships for layer in self.layout.layers if layer.analysis)
        return any(row.medium > 0 for row in found if row)

    @property
    def left_alone_title(self) -> str:
        """A training changes more tensors than it makes smaller."""
        return "What is no smaller" if self.manifest.training else "What was left alone"

    @property
    def left_alone(self) -> list[LedgerGroup]:
        """What was left alone, the largest first; tied tensors have no bytes of their own."""
        groups = group_rows(row for row in self.manifest.ledger.rows if not row.is_compressed)
        return sorted(groups, key=lambda group: -group.sum.bytes_after)

    @property
    def _is_trained_alone(self) -> bool:
        """True where a method that trains the whole model is all there was; it selects nothing."""
        training = self.manifest.training
        return training is not None and all(
            step.method == training.method for step in self.manifest.steps
        )

    @property
    def _is_packed(self) -> bool:
        return any("bitmask" in form for form in self.manifest.encodings.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the totals alone would leave unsaid."""
        lines = []
        if self.manifest.export is not None:
            lines.append(DEPENDS_ON_PROCESSOR)
        elif self.manifest.is_quantised:
            lines.append(QUANTISED)
        elif any(_holds_zeros(row) for row in self.manifest.ledger.rows):
            lines.append(ZEROS_NOT_STORED if self._is_packed else PRUNED_ONLY)
        if self.manifest.storage == "bitmask" and not self._is_packed:
            lines.append(NOTHING_PACKED)
        if any(form.endswith(HALVES) for form in self.manifest.encodings.values()):
            lines.append(HALF_IN_FILES)
        if self.manifest.source.low_mantissa_bits_zero:
            lines.append(ZIPS_INCOMPARABLE)
        return tuple(f"{line[0].upper()}{line[1:]}." for line in lines)


def _holds_zeros(row: LedgerRow) -> bool:
    """Whether weights were set to zero; a trained tensor may hold a few zeros by chance."""
    return row.is_compressed and row.sparsity >= PRUNED_SPARSITY


def artefact_view(manifest: ArtefactManifest) -> ArtefactView:
    """The view of a manifest."""
    before, after = manifest.source.sizes, manifest.sizes
    training, structure = manifest.training, manifest.structure
    return ArtefactView(
        manifest=manifest,
        layout=layout_of(manifest.ledger.rows),
        class_shares=class_shares_of(manifest),
        blocks=block_widths(structure, training.before if training else None) if structure else (),
        sizes=(
            SizeRow("memory", "smaller in memory", before.memory_bytes, after.memory_bytes),
            SizeRow("disk", "compression rate (disk)", before.disk_bytes, after.disk_bytes),
            SizeRow("zipped", "compression rate (zipped)", before.zipped_bytes, after.zipped_bytes),
        ),
        sums=sums_of(manifest.ledger, "no smaller" if training else "left alone"),
    )


def step_words(step: MethodStep) -> str:
    """For example: prune (prune 0.3, scope global)."""
    params = {name: value for name, value in step.params.items() if value is not None}
    if params.get("method") == step.method:  # methods that train are chosen by that option
        del params["method"]
    words = [f"{name} {_value(value)}" for name, value in params.items()]
    return f"{step.method} ({list_names(words)})" if words else step.method


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def selection_words(selection: Selection) -> str:
    """For example: Linear and Conv1d, those that fit *.layers.0.*, without lm_head."""
    kinds = ["Linear", *["Conv1d"] * selection.conv, *["Embedding"] * selection.embedding]
    words = [" and ".join(kinds)]
    if selection.include:
        words.append(f"those that fit {list_names(selection.include)}")
    if selection.exclude:
        words.append(f"without {list_names(selection.exclude)}")
    if selection.keep_head:
        words.append("the output layer kept as it is")
    return list_names(words)


def loading_words(manifest: ArtefactManifest) -> str:
    """What opens the artefact, from_pretrained, asrcompress.load or a runtime, and why."""
    if manifest.export is not None:
        return f"asrcompress evaluate and audit, or {runtime_name(manifest)} itself"
    if manifest.probe is None:
        return "asrcompress.load(folder, into=module): a module in memory, not a recogniser"
    if manifest.is_plain:
        return "an ordinary from_pretrained, or asrcompress.load"
    weights = "quantised weights" if manifest.is_quantised else "float weights"
    if manifest.encodings:
        weights += " in packed form"
    if manifest.structure:
        weights += " of pruned shapes"
    return f"asrcompress.load alone: {weights}"


def encoding_words(encodings: Mapping[str, str]) -> str:
    """For example: 72 tensors as bitmask, 3 tensors as float16."""
    counts = Counter(encodings.values())
    return list_names(f"{count_of(count, 'tensor')} as {form}" for form, count in counts.items())


def class_words(shares: ClassShares, *, has_medium: bool) -> str:
    """As in tables V and VI of Oujabour et al. (2025): %L 33.3, %M 33.3, %H 33.3, %Pr 50.0."""
    parts = {"L": shares.low, "M": shares.medium if has_medium else None, "H": shares.high}
    words = [f"%{name} {percent(share)}" for name, share in parts.items() if share is not None]
    if shares.pruning_rate is not None:
        words.append(f"%Pr {percent(shares.pruning_rate)}")
    return f"{list_names(words)} of {count_of(shares.layers, 'layer')}"

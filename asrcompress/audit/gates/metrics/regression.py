"""No worse than an accepted run: word errors, size, speed and memory against its baseline file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import model_validator

from asrcompress.audit.gates.baseline import Baseline, BaselineCell, hash_of
from asrcompress.audit.gates.evidence import ArtefactEvidence, CellEvidence, loss_to, rtfx_ratio
from asrcompress.audit.gates.figures import megabytes, percent, points, times
from asrcompress.audit.gates.judgement import Judgement, Pending, at_least, at_most, missing
from asrcompress.audit.gates.metrics.dwer import margin_words
from asrcompress.audit.gates.metrics.size import Form, bytes_of
from asrcompress.audit.gates.rule import CellRule, Share
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts, Evaluation, UtteranceScore

Counts = Mapping[str, tuple[int, int]]  # errors and reference words by the hash of the id
_NAMES = {"wer": "WER", "size": "size", "rtfx_ratio": "RTFx ratio", "memory": "peak memory"}
_OF_CELLS = ("conditions", "by", "values", "min_words")


class Rule(CellRule):
    """of: what may be worse than before by absolute or relative; without both, by nothing.

    absolute: of a WER a fraction of words, else bytes or a ratio. relative: of what it was. Of two,
    the larger one holds. Where the baseline has the counts of every utterance, a rise of the WER is
    held to it with its uncertainty, as a loss is; else as it is.
    """

    needs_committed: ClassVar[bool] = True
    needs_sides: ClassVar[bool] = True

    metric: Literal["regression"]
    of: Literal["wer", "size", "rtfx_ratio", "memory"]
    absolute: float | None = None
    relative: Share | None = None
    form: Form = "disk"

    @model_validator(mode="after")
    def _fits(self) -> Rule:
        if self.absolute is not None and not self.absolute >= 0:
            raise ValueError("absolute must be 0 or more")
        given = [name for name in _OF_CELLS if getattr(self, name)]
        if given and not self.is_of_cells:
            raise ValueError(f"{given[0]} is for of: wer")
        if self.form != "disk" and self.of != "size":
            raise ValueError("form is for of: size")
        return self

    @property
    def is_of_cells(self) -> bool:
        return self.of == "wer"

    @property
    def words(self) -> str:
        verb = "falls" if self.of == "rtfx_ratio" else "rises"
        return f"{_NAMES[self.of]} {verb} by at most {self._allowed_words}"

    @property
    def _allowed_words(self) -> str:
        relative = f"{100 * (self.relative or 0):.4g} % of what it was"
        if self.absolute is None:
            return relative if self.relative else "nothing"
        if self.of == "wer":
            return margin_words(self.absolute, self.relative).replace("the original's", "before")
        own = f"{self.absolute:g}" if self.of == "rtfx_ratio" else megabytes(self.absolute)
        return own if self.relative is None else f"{own} or {relative}"

    def _allowed(self, before: float) -> float:
        return max(self.absolute or 0.0, (self.relative or 0.0) * before)

    @property
    def measured(self) -> Literal["cost", "speed"] | None:
        return "cost" if self.of in ("rtfx_ratio", "memory") else None

    def judge_artefact(self, evidence: ArtefactEvidence) -> Iterator[Judgement]:
        before, now = self._before(evidence), self._now(evidence)
        if before is None or now is None:
            where = "in the baseline file" if before is None else "in these results"
            yield missing(f"{_NAMES[self.of]} of {evidence.artefact.name} not known {where}")
        elif self.of == "rtfx_ratio":
            words = f"{times(now)} as fast as the original, {times(before)} before"
            yield at_least(now, before - self._allowed(before), words)
        else:
            words = f"{megabytes(now)}, {megabytes(before)} before"
            yield at_most(now, before + self._allowed(before), words)

    def _now(self, evidence: ArtefactEvidence) -> float | None:
        if self.of == "size":
            return bytes_of(evidence.sizes, self.form)
        if self.of == "rtfx_ratio":
            return rtfx_ratio(evidence.found, evidence.artefact)
        cost = evidence.cost
        return None if cost is None else cost.peak_memory_bytes

    def _before(self, evidence: ArtefactEvidence) -> float | None:
        committed = evidence.committed
        row = None if committed is None else committed.artefacts.get(evidence.artefact.name)
        if row is None:
            return None
        if self.of == "size":
            return bytes_of(row.sizes, self.form)
        return row.rtfx_ratio if self.of == "rtfx_ratio" else row.peak_memory_bytes

    def judge_cell(self, evidence: CellEvidence) -> Judgement | Pending:
        cell = _cell_before(evidence.committed, evidence)
        if cell is None:
            return missing("not in the baseline file")
        if cell.utterances is not None:
            before = _as_before(evidence.evaluation, cell.utterances)
            margin = self._allowed(before.words.rate or 0.0)
            return loss_to(before, evidence, "WER", margin)
        return self._estimate(evidence, _words_before(cell, evidence))

    def _estimate(self, evidence: CellEvidence, before: ErrorCounts | None) -> Judgement:
        """Counts alone: the same model on the same recordings makes the same errors."""
        if before is None or before.rate is None or evidence.words.rate is None:
            return missing("no such subgroup in the baseline file, or no reference words")
        now = evidence.words.rate
        words = f"WER {points(now - before.rate)} from {percent(before.rate)}"
        return at_most(now - before.rate, self._allowed(before.rate), words)


def _cell_before(committed: Baseline | None, evidence: CellEvidence) -> BaselineCell | None:
    result = evidence.result
    return None if committed is None else committed.cell(result.artefact, result.condition)


def _words_before(cell: BaselineCell, evidence: CellEvidence) -> ErrorCounts | None:
    if evidence.group is None:
        return cell.words
    groups = {(group.field, group.value): group.words for group in cell.groups}
    return groups.get(evidence.group)


def _as_before(evaluation: Evaluation, counts: Counts) -> Evaluation:
    """The same utterances with the errors that they had then."""
    rows = tuple(_row_before(row, counts, evaluation.corpus) for row in evaluation.utterances)
    return evaluation.model_copy(update={"utterances": rows})


def _row_before(row: UtteranceScore, counts: Counts, corpus: str) -> UtteranceScore:
    errors, words = counts.get(hash_of(row.id), (0, -1))
    if words != row.words.n:
        raise InputError(
            "the baseline has other utterances",
            where=corpus,
            got=row.id,
            next_step="make it with asrcompress gate baseline --utterances",
        )
    return row.model_copy(update={"words": ErrorCounts(s=errors, n=words)})

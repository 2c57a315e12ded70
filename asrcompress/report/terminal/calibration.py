"""What a plan of bits was measured on, and what it was expected to cost."""

from __future__ import annotations

from rich.console import Group, RenderableType

from asrcompress.core.manifest import CalibrationCorpus, CalibrationRecord
from asrcompress.report.console import add_column, new_table, text
from asrcompress.report.wording import count_of, divergence


def calibration_renderables(record: CalibrationRecord | None, against: str) -> list[RenderableType]:
    """The corpora, the budget, and divergence by condition; nothing where nothing was measured.

    against: whose posteriors it was measured against.
    """
    if record is None:
        return []
    table = new_table(f"Divergence from {against}'s posteriors, in nats")
    add_column(table, "condition", is_number=False)
    add_column(table, "predicted")
    add_column(table, "measured")
    for name in dict.fromkeys([*record.predicted, *record.measured]):
        numbers = (record.predicted.get(name), record.measured.get(name))
        table.add_row(text(name), *(text(divergence(nats)) for nats in numbers))
    plans = count_of(record.plans_measured, "plan")
    budget = text(f"Budget {record.budget}, met by the best of {plans} measured.")
    return [Group(table, budget, *(text(corpus_words(row)) for row in record.corpora))]


def corpus_words(corpus: CalibrationCorpus) -> str:
    """For example: Calibrated on dev under clean, 32 utterances, 120.0 s."""
    utterances = count_of(corpus.utterances, "utterance")
    where = f"{corpus.name} under {corpus.condition}"
    return f"Calibrated on {where}, {utterances}, {corpus.duration_s:.1f} s."

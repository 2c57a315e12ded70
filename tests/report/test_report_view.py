"""What the view and its words derive from results, against values worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from asrcompress.core.comparison import Interval, Verdict
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import wording
from asrcompress.report.view import build_view


def _with(results: Results, **changes: Any) -> Results:
    return results.model_copy(update=changes)


def test_three_errors_in_24_words_are_12_5_per_cent() -> None:
    """1 + 1 + 1 of 24 prints as 12.5."""
    assert wording.percent(ErrorCounts(s=1, d=1, i=1, n=24).rate) == "12.5"


def test_an_empty_reference_has_no_rate() -> None:
    """Insertions on no words are counted, and the rate is not 0 and not nan."""
    assert wording.percent(ErrorCounts(i=2, n=0).rate) == "n/a"


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.0042, "+0.42"), (-0.01, "-1.00"), (-0.000001, "0.00"), (0.0, "0.00"), (None, "n/a")],
)
def test_differences_are_signed_points(difference: float | None, text: str) -> None:
    """Differences carry their sign; what rounds to nothing has none."""
    assert wording.points(difference) == text


def test_intervals_and_bytes_in_words() -> None:
    """Intervals in per cent or points; MB are 10^6 bytes."""
    assert wording.percent_interval(Interval(low=0.11, high=0.142)) == "[11.0, 14.2]"
    assert wording.points_interval(Interval(low=-0.001, high=0.0092)) == "[-0.10, +0.92]"
    assert [wording.megabytes(size) for size in (377_600_000, 310_000, None)] == [
        "377.6",
        "0.31",
        "n/a",
    ]
    assert [wording.number(value, 2) for value in (-0.004, 9.996)] == ["0.00", "10.00"]


def test_headline_counts_verdicts_and_what_was_not_compared() -> None:
    """Each verdict with its count; conditions without a comparison are not passed over."""
    counts = {Verdict.INCONCLUSIVE: 1, Verdict.NON_INFERIOR: 8}
    assert wording.headline("int8", counts, 10) == (
        "int8: non-inferior in 8 of 10 conditions, inconclusive in 1, not compared in 1"
    )
    assert wording.headline("a", {Verdict.INFERIOR: 1}, 1) == "a: inferior in 1 of 1 condition"


def test_view_keeps_the_results_order(results: Results, costs: CostTable) -> None:
    """Artefacts and conditions stand as in the results, also where the cells do not."""
    view = build_view(Findings(_with(results, cells=results.cells[::-1]), costs))
    assert [row.name for row in view.artefacts] == ["fp32", "int8", "int4", "int2", "prune30"]
    assert [row.name for row in view.conditions] == [row.name for row in results.conditions]
    cell = view.conditions[3].cells[1]
    assert cell is not None
    assert (cell.artefact, cell.condition) == ("int8", "noise-10dB")


def test_verdicts_are_counted_by_artefact(results: Results, costs: CostTable) -> None:
    """int8 adds 1 % of fp32's errors: 0.54 points at 0 dB and 0.29 at 5 dB, with +-0.2 or more."""
    view = build_view(Findings(results, costs))
    assert view.headlines[0] == "int8: non-inferior in 8 of 10 conditions, inconclusive in 2"
    assert view.summary == "No artefact is non-inferior to fp32 in all 10 conditions."
    easy = [row for row in results.conditions if row.name in ("clean", "room-small")]
    assert build_view(Findings(_with(results, conditions=tuple(easy)), costs)).summary == (
        "Non-inferior to fp32 in all 2 conditions: int8, prune30."
    )


def test_rates_are_baseline_over_artefact(results: Results, costs: CostTable) -> None:
    """int8: 377.9 MB / 105.0 MB on disk and 349.0 / 93.1 zipped; 19 / 20 of the speed."""
    int8 = build_view(Findings(results, costs)).artefacts[1]
    assert int8.rates.disk == pytest.approx(3.599, abs=0.001)
    assert int8.rates.zipped == pytest.approx(3.749, abs=0.001)
    assert int8.speed_ratio == pytest.approx(0.95)


def test_a_baseline_that_nothing_can_be_compared_with(results: Results) -> None:
    """No words or one utterance only: the first line does not deny the baseline."""
    cells = tuple(cell.model_copy(update={"comparison": None}) for cell in results.cells)
    view = build_view(Findings(_with(results, cells=cells), CostTable()))
    assert view.summary == "Nothing could be compared with fp32: see the notes."
    assert not view.is_compared


def test_without_a_baseline_nothing_is_compared(results: Results) -> None:
    """No baseline, no ratios and no verdict, and the first line says so."""
    cells = tuple(cell.model_copy(update={"comparison": None}) for cell in results.cells)
    alone = tuple(row.model_copy(update={"baseline": None}) for row in results.artefacts)
    view = build_view(Findings(_with(results, artefacts=alone, cells=cells), CostTable()))
    assert view.summary == "No baseline: nothing was compared."
    assert view.artefacts[1].rates.disk is None
    assert view.method is None
    assert not view.is_compared


def test_missing_cells_are_counted(results: Results, costs: CostTable) -> None:
    """A matrix with holes says how many, and the headline how many were not compared."""
    view = build_view(Findings(_with(results, cells=results.cells[:-2]), costs))
    assert "Incomplete: 2 of 50 cells were not run." in view.notes
    assert view.headlines[-1].endswith("not compared in 2")
    assert view.conditions[-1].cells[-1] is None


def test_unscored_utterances_are_counted(results: Results, costs: CostTable) -> None:
    """A cell on fewer utterances than its condition has is named with both numbers."""
    cell = results.cells[10].model_copy(update={"utterances": 118})
    view = build_view(Findings(_with(results, cells=(*results.cells[:10], cell)), costs))
    assert "Not every utterance was scored: int8 under clean 118 of 120." in view.notes


def test_simulated_conditions_are_named(results: Results, costs: CostTable) -> None:
    """Simulated rooms carry the note that they compare with nothing published."""
    notes = " ".join(build_view(Findings(results, costs)).notes)
    assert "Simulated: not comparable with DNS4 or OpenSLR: room-small, room-medium" in notes


def test_pruning_and_quantising_claim_no_speed(results: Results, costs: CostTable) -> None:
    """Pruned-only is not smaller; quantised is not faster, unless it was measured."""
    measured = " ".join(build_view(Findings(results, costs)).notes)
    unmeasured = build_view(Findings(results, CostTable())).notes[-1]
    assert "prune30: pruned weights are stored as zeros: no smaller until zipped" in measured
    assert "measured against the baseline: speed int8 0.95x" in measured
    assert unmeasured.endswith("not faster unless measured.")


def test_methods_say_what_was_done_better_than_names(results: Results) -> None:
    """What chose bits is not taken for pruned by its zeros; a smaller file is not called large."""
    prune, choose = {"method": "prune", "prune": 0.3}, {"method": "mixed", "target_size": 1}
    half = {"method": "quantize", "bits": 16}
    methods = {"int8": (choose,), "int4": (prune, half), "int2": (half,), "prune30": (prune,)}
    changed = tuple(
        row.model_copy(update={"methods": methods.get(row.name, ()), "sparsity": 0.3})
        for row in results.artefacts
    )
    *_, pruned, quantised = build_view(
        Findings(_with(results, artefacts=changed), CostTable())
    ).notes
    assert pruned.startswith("fp32, prune30: pruned weights")  # fp32 by its zeros alone
    assert quantised.startswith("int8: 8-bit weights")


def test_training_alone_quantises_nothing(results: Results) -> None:
    """A model that was pruned by blocks or distilled holds floats, until bits are chosen too."""
    structured, distill = {"method": "structured", "sparsity": 0.8}, {"method": "distill"}
    choose = {"method": "quantize", "bits": 8}
    methods = {"int8": (structured,), "int4": (distill,), "int2": (structured, choose)}
    changed = tuple(
        row.model_copy(update={"methods": methods.get(row.name, ()), "sparsity": 0.0})
        for row in results.artefacts
    )
    notes = build_view(Findings(_with(results, artefacts=changed), CostTable())).notes
    assert [note.split(":")[0] for note in notes if "8-bit weights" in note] == ["int2"]


def test_method_names_margin_level_and_blocks(results: Results, costs: CostTable) -> None:
    """How a verdict came about is one line."""
    assert build_view(Findings(results, costs)).method == (
        "Margin 0.50 points of WER. Verdicts are adjusted (Holm) to hold for all 40 cells "
        "together. 95 % intervals, each for its own cell, by paired bootstrap "
        "(10000 replicates over 33 speakers)."
    )


def test_method_says_where_nothing_was_adjusted(results: Results, costs: CostTable) -> None:
    """One comparison is adjusted for nothing."""
    (cell,) = [row for row in results.cells if (row.artefact, row.condition) == ("int8", "clean")]
    assert cell.comparison is not None
    alone = cell.model_copy(
        update={"comparison": cell.comparison.model_copy(update={"tests": 1, "blocks": 1})}
    )
    method = build_view(Findings(_with(results, cells=(alone,)), costs)).method
    assert method is not None
    assert "Every verdict is for its own cell alone, not adjusted." in method
    assert "10000 replicates over 1 speaker)" in method


def test_inconclusive_cells_say_what_they_could_have_shown(
    results: Results, costs: CostTable
) -> None:
    """int8 under 5 dB adds 7 errors, half an interval is 0.2 + 0.1 x 0.29 points: 0.34 to show."""
    view = build_view(Findings(results, costs))
    assert view.detectable is not None
    assert view.detectable.startswith(
        "The smallest dWER that the inconclusive cells would show, in points, at a power of 80 %: "
        "int8 0.34 to 0.38, "
    )
    kept = tuple(row for row in results.cells if row.artefact == "fp32")
    assert build_view(Findings(_with(results, cells=kept), costs)).detectable is None


def test_chunked_decoding_is_noted(wild_results: Results, costs: CostTable) -> None:
    """How many recordings, and how long the chunks; nothing where none was that long."""
    notes = " ".join(build_view(Findings(wild_results, CostTable())).notes)
    assert "robust/prune30: 2 longer recordings were decoded in chunks of 30 s." in notes
    short = tuple(
        row.model_copy(update={"decoding": row.decoding.model_copy(update={"chunked": 0})})
        for row in wild_results.artefacts
    )
    assert "chunks" not in " ".join(
        build_view(Findings(_with(wild_results, artefacts=short), CostTable())).notes
    )


def test_groups_stand_by_condition(results: Results, costs: CostTable) -> None:
    """Each subgroup has a row per condition with a value per artefact."""
    view = build_view(Findings(results, costs))
    assert view.group_fields == ("gender",)
    assert len(view.groups) == 20
    assert (view.groups[1].condition, view.groups[1].value) == ("clean", "m")
    assert view.groups[1].utterances == 60
    assert len(view.groups[1].groups) == 5

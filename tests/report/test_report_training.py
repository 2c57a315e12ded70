"""What a terminal shows of a training: facts, what is left of each block; numbers by hand."""

from __future__ import annotations

import html
import json
import re

import pytest

from asrcompress.core.ledger import LedgerRow
from asrcompress.core.manifest import ArtefactManifest, MethodStep
from asrcompress.core.training_record import Curves
from asrcompress.report import artefact_tables, render_artefact
from asrcompress.report.artefact_view import artefact_view, step_words
from asrcompress.report.block_widths import block_widths, together
from asrcompress.report.console import plain
from asrcompress.report.ledger_groups import group_rows
from asrcompress.report.training_facts import duration_words, training_facts
from tests.report.artefacts import Made, manifest_of, mixed
from tests.report.small_training import AFTER, BEFORE, MAKERS, bare, small
from tests.report.trainings import dense, distilled, pruned, record, structured


def test_widths_by_hand() -> None:
    """2 + 4 of 24 dimensions, twice a row of weights each, are a quarter; so are 6."""
    first, second = block_widths(AFTER, BEFORE)
    assert (first.head_count.words, first.query_key.words) == ("2/2", "2/8")
    assert (first.value_output.words, first.feed_forward.words) == ("4/8", "0/8")
    assert (first.parameters.left, first.parameters.before) == (12, 48)
    assert (second.attention.left, second.feed_forward_blocks.left) == (0, 1)
    whole = together([first, second])
    assert (whole.attention.words, whole.head_count.words) == ("1/2", "2/4")
    assert whole.parameters.share == 0.25
    assert first.heads == ((2, 3), (0, 1))


def test_widths_without_what_was_before() -> None:
    """A structure of other blocks tells nothing of these: no share, and no made-up number."""
    for before in (None, dense(3)):
        first, _ = block_widths(AFTER, before)
        assert first.query_key.words == "2"
        assert first.parameters.share is None
        assert together([first]).query_key.before is None


def test_facts_by_hand() -> None:
    """20,000 steps of 64 s in 2 processes are 2,560,000 s; 20,000 x 0.405 s are 2.25 h."""
    found = record(AFTER, BEFORE).model_copy(
        update={"processes": 2, "steps_asked": 30_000, "block_parameters": (1_000_000, 250_000)}
    )
    facts = training_facts(found)
    assert facts["learned from"] == (
        "librispeech-100, 28,539 utterances, 251 speakers, 100.59 h, no transcripts used"
    )
    assert facts["audio heard"] == (
        "about 2,560,000 s (64 s a step in each of 2 processes), 7.07x the corpus"
    )
    assert facts["steps"] == "20,000 of 30,000: all steps done"
    assert facts["time"] == "0.405 s a step (median), 2.25 h in all"
    assert facts["device"] == "NVIDIA H200, bf16"
    assert facts["divergence"] == (
        "0.0123 nats a frame from the original, on 128 held-out utterances"
    )
    assert facts["block parameters"] == (
        "1M -> 250K in the transformer blocks, 25.0 % left, 4.00x smaller"
    )
    sparsity = found.curves.series["expected_sparsity"][-1]
    assert sparsity is not None
    assert facts["sparsity"].startswith(f"{100 * sparsity:.1f} % of the blocks' weights")
    assert facts["sparsity"].endswith("target 80.0 %")


@pytest.mark.parametrize(("reached", "is_told"), [(0.09, True), (0.79, False), (0.9, False)])
def test_a_target_that_was_not_reached_is_told(reached: float, is_told: bool) -> None:
    """Too few steps: what is cut then was not learned, and a longer training would help."""
    found = record(AFTER, BEFORE)
    curves = Curves(
        steps=(1, 2),
        series={"expected_sparsity": (0.0, reached), "target_sparsity": (0.8, 0.8)},
    )
    short = found.model_copy(update={"curves": curves})
    words = training_facts(short)["sparsity"]
    assert words.startswith(f"{100 * reached:.1f} % of the blocks' weights expected to go, target")
    assert words.endswith("train for more steps") is is_told


def test_facts_of_a_training_without_numbers() -> None:
    """Nothing heard, nothing held out, no parameters: said, and divided by nothing."""
    manifest = bare()
    assert manifest.training is not None
    facts = training_facts(manifest.training)
    assert facts["learned from"].startswith("librispeech-100, 28,539 utterances, 0.0 s")
    assert facts["augmentation"] == "none"
    assert facts["audio heard"] == "about 0 s (64 s a step)"
    assert facts["divergence"] == "not measured: no held-out utterances"
    assert facts["block parameters"] == "0 -> 0 in the transformer blocks"
    assert "sparsity" not in facts
    assert [duration_words(s) for s in (90, 600, 9000)] == ["90.0 s", "10.0 min", "2.50 h"]


@pytest.mark.parametrize("name", MAKERS)
def test_a_terminal_needs_80_columns(name: str) -> None:
    """Whatever stands in it, with every tensor's row too; nothing is cut off, nothing acts."""
    manifest = MAKERS[name]()
    text = plain(artefact_tables(manifest, full=True, explain=True))
    assert max(map(len, text.splitlines())) <= 80
    assert max(map(len, plain(artefact_tables(manifest)).splitlines())) <= 80
    assert "…" not in text
    assert "\x1b" not in text


def test_a_terminal_shows_each_block() -> None:
    """A line a block, then all of them in shares; the bar has a mark for each tenth begun."""
    lines = plain(artefact_tables(small())).splitlines()
    at = lines.index("What is left of each block, 2 blocks")
    rows = [line.split() for line in lines[at + 4 : at + 8]]
    assert rows[0] == ["0", "yes", "2/2", "2/8", "4/8", "-", "25.0", "###"]
    assert rows[1] == ["1", "no", "-", "-", "-", "6/8", "25.0", "###"]
    whole = ["all", "1/2", "2/4", "12.5", "%", "25.0", "%", "37.5", "%", "25.0", "###"]
    assert rows[2:] == [[], whole]


def test_a_terminal_shows_24_blocks_in_as_many_lines() -> None:
    """No block takes two lines, whatever its numbers."""
    lines = plain(artefact_tables(structured(24, 16, 4096))).splitlines()
    at = lines.index("What is left of each block, 24 blocks")
    numbers = [line.split()[0] for line in lines[at + 4 : at + 28]]
    assert numbers == [str(block) for block in range(24)]


def test_a_student_says_what_it_began_as_and_why_it_ended() -> None:
    """Distillation has no structure to show, but layers and an early end."""
    text = " ".join(plain(artefact_tables(distilled())).split())
    assert "began as layers 2, 4, 6, 8, 10, 12 of the original, counted from 1" in text
    assert "12,000 of 20,000: divergence goal met" in text
    assert "What is left of each block" not in text
    chosen = MethodStep(method="distill", params={"steps": 5, "method": "distill", "ffn": None})
    assert step_words(chosen) == "distill (steps 5)"


def test_loading_is_said() -> None:
    """Pruned shapes need asrcompress.load; a student of whole layers is an ordinary checkpoint."""

    def words(manifest: ArtefactManifest) -> str:
        return artefact_view(manifest).facts["loads with"]

    assert words(structured()) == "asrcompress.load alone: float weights of pruned shapes"
    assert words(distilled()) == "an ordinary from_pretrained, or asrcompress.load"
    both = structured().model_copy(update={"quantization": {"a": {"weights": "qint8"}}})
    assert words(both) == "asrcompress.load alone: quantised weights of pruned shapes"
    alone = structured().model_copy(update={"probe": None})
    assert words(alone).startswith("asrcompress.load(folder, into=module)")


def test_trained_zeros_are_not_taken_for_pruned_ones() -> None:
    """A few zeros that training left are no reason to say that nothing is smaller."""
    manifest = structured()
    rows = [row.model_copy(update={"sparsity": 0.001}) for row in manifest.ledger.rows]
    ledger = manifest.ledger.model_copy(update={"rows": tuple(rows)})
    assert artefact_view(manifest.model_copy(update={"ledger": ledger})).notes == ()
    assert "layers" not in artefact_view(manifest).facts  # it selects none


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_a_plan_after_a_training_is_measured_against_what_was_trained(format_name: str) -> None:
    """Its divergence is not that from the original, which training has moved away from."""
    alone = mixed()
    after = alone.model_copy(update={"training": small().training})
    for manifest, whose in ((alone, "the original"), (after, "the trained model")):
        words = " ".join(html.unescape(render_artefact(manifest, format_name)).split())
        found = re.findall(r"ivergence .{0,50}?from (the [a-z ]+?)(?:'s|,| in nats)", words)
        assert set(found) - {"the original"} == {whose} - {"the original"}


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_no_map_of_bits_where_all_are_32(format_name: str) -> None:
    """A student in float32 has nothing to show there; the same student in 8 bits has."""
    made = distilled()
    left = [row for row in made.ledger.rows if not row.is_removed]
    eight = [row.model_copy(update={"qtype": "qint8"}) for row in left]
    for rows, is_drawn in ((left, False), (eight, True)):
        ledger = made.ledger.model_copy(update={"rows": tuple(rows)})
        student = made.model_copy(update={"ledger": ledger})
        assert ("Bits by depth" in render_artefact(student, format_name)) is is_drawn


def test_removed_tensors_are_said_to_be_removed() -> None:
    """Block 1 lost all and block 2 its attention: dots on the map, and no type in the ledger."""
    lines = plain(artefact_tables(structured())).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("attention.q")}
    assert rows["attention.q_proj"] == ["-", ".", ".", *["-"] * 9]
    assert lines[-1] == "-: 32 bits; .: removed"
    at = next(i for i, line in enumerate(lines) if line.endswith("-> 0"))
    assert lines[at - 1].split()[1:] == ["Linear", "3072x768", "-", "18.9", "0.00", "d"]
    assert "d: removed" in lines
    assert any(line.split()[-1:] == ["768x45..509"] for line in lines)
    keys = next(group for group in group_rows(structured().ledger.rows) if "k_proj" in group.name)
    assert keys.shape == "various"  # weights with biases
    assert "various -> 0" in [group.shape for group in group_rows(structured().ledger.rows)]


def test_totals_have_weights_before_and_after() -> None:
    """The numbers of the structure: all weights less those of the dimensions that went."""
    manifest = structured()
    gone = 0
    for new, old in zip(pruned().blocks, dense().blocks, strict=True):
        dims = 2 * (sum(old.query_key) - sum(new.query_key))
        dims += 2 * (sum(old.value_output) - sum(new.value_output))
        gone += 768 * (dims + 2 * (old.feed_forward - new.feed_forward))
        gone += 2 * (sum(old.query_key) - sum(new.query_key))  # biases
        gone += sum(old.value_output) - sum(new.value_output)
        gone += 0 if new.has_attention else 768
    found = json.loads(render_artefact(manifest, "json"))["totals"]["total"]
    assert found["weights_before"] - found["weights"] == gone
    lines = plain(artefact_tables(manifest)).splitlines()
    (total,) = [line.split() for line in lines if line.startswith("total ")]
    assert total[2:4] == [f"{found['weights_before']:,}", f"{found['weights']:,}"]


def test_what_is_no_smaller_is_not_said_to_be_left_alone() -> None:
    """Training changes norms too; JSON keeps its names."""
    manifest = distilled()
    text = plain(artefact_tables(manifest))
    assert "left alone" not in text
    assert any(line.startswith("no smaller ") for line in text.splitlines())
    assert "What is no smaller" in render_artefact(manifest, "markdown")
    page = render_artefact(manifest, "html")
    assert "Tensors that no method made smaller" in page
    assert set(json.loads(render_artefact(manifest, "json"))["totals"]) == {
        "compressed",
        "left_alone",
        "total",
    }


def test_all_removed_is_no_division_by_zero() -> None:
    """A ledger of one tensor of which nothing is left, in every format."""
    row = LedgerRow(
        name="m.layers.0.a.weight",
        kind="Linear",
        shape_before=(8, 4),
        shape_after=(0, 4),
        qtype="float32",
        sparsity=0.0,
        bytes_before=128,
        bytes_after=0,
        is_compressed=True,
        why="removed",
    )
    manifest = manifest_of((row,), Made("none", ()))
    text = plain(artefact_tables(manifest, full=True, explain=True))
    assert "8x4" in text
    assert ".: removed" in text
    for format_name in ("markdown", "html", "json"):
        assert "removed" in render_artefact(manifest, format_name)

"""An audit of the methods that choose bits: equal bytes, calibration audio, a paper's tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit import AuditOutcome, AuditRequest, plan_of, run
from asrcompress.cli.boundary import run as run_program
from asrcompress.core.errors import InputError
from asrcompress.core.findings import Findings
from asrcompress.core.manifest import ArtefactManifest, read_manifest
from asrcompress.core.results import read_results
from asrcompress.report import render
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

RECIPE = """\
title: Methods
models:
  tiny: {model}
compressions:
  fp32: {{}}
  mixed-as-two: {{mixed: true, same_size_as: two-class, search_rounds: 0}}
  int4: {{bits: 4}}
  two-class: {{adaptive: two-class}}
  three-class: {{adaptive: three-class, fuzzy_set: 2}}
corpus: {corpus}
conditions:
  noise: {{snr_db: [5]}}
calibration:
  corpus: {unlabelled}
  duration_s: 1.5
  snr_db: [5]
evaluate:
  measure_cost: false
  replicates: 200
  by: [speaker]
tables:
  - {{title: Table II, columns: [fp32, int4], rows: model_condition}}
  - title: Table V
    columns: [three-class]
    values: [wer, zipped_mb, low, medium, high, pruning_rate]
    rows: model
    data: [clean]
  - {{title: Best, columns: [mixed-as-two], values: [divergence, disk_mb], data: [noise-5dB]}}
  - {{title: Voices, columns: [fp32], by: speaker, data: [s1]}}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe on a tiny model, with another corpus to calibrate on."""
    folder = tmp_path_factory.mktemp("methods")
    path = folder / "tiny.yaml"
    text = RECIPE.format(
        model=tiny_checkpoint(folder / "model", "wav2vec2-layer-norm"),
        corpus=tiny_corpus(folder / "corpus"),
        unlabelled=tiny_corpus(folder / "unlabelled", seed=1),
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def outcome(recipe: Path) -> AuditOutcome:
    """The finished audit."""
    return run(AuditRequest(str(recipe), output=recipe.parent / "out", workers=1))


def _manifest(outcome: AuditOutcome, name: str) -> tuple[Path, ArtefactManifest]:
    (job,) = [job for job in outcome.plan.artefacts if job.name == name]
    folder = outcome.plan.cache.artefact(job.key)
    manifest = read_manifest(folder)
    assert manifest is not None
    return folder, manifest


def test_a_dry_plan_makes_what_sizes_depend_on_first(recipe: Path, tmp_path: Path) -> None:
    """The mixed one, written first, waits for the one whose bytes it gets; nothing is written."""
    plan = plan_of(AuditRequest(str(recipe), output=tmp_path / "out"))
    order = [job.name for job in plan.missing_artefacts()]
    assert order == ["int4", "two-class", "three-class", "mixed-as-two"]
    assert not (tmp_path / "out").exists()


def test_the_budget_is_the_other_files_bytes(outcome: AuditOutcome) -> None:
    """Exactly: the plan's record has the bytes, and its file has no more."""
    folder, other = _manifest(outcome, "two-class")
    budget_bytes = (folder / other.weights_file).stat().st_size
    folder, mixed = _manifest(outcome, "mixed-as-two")
    assert mixed.calibration is not None
    assert mixed.calibration.budget_bytes == budget_bytes
    assert (folder / mixed.weights_file).stat().st_size <= budget_bytes
    by_name = {row.name: row for row in outcome.results.artefacts}
    (method,) = by_name["mixed-as-two"].methods
    assert method["target_size"] == budget_bytes


def test_it_listened_to_the_calibration_corpus_clean_and_noisy(outcome: AuditOutcome) -> None:
    """Both versions of the same sample, and the results say so."""
    _, mixed = _manifest(outcome, "mixed-as-two")
    assert mixed.calibration is not None
    clean, noisy = mixed.calibration.corpora
    assert (clean.condition, noisy.condition) == ("clean", "noise-5dB")
    assert (clean.name, noisy.name) == ("unlabelled", "unlabelled")
    assert clean.utterances == noisy.utterances
    assert clean.duration_s <= 1.5
    note = next(note for note in outcome.results.notes if note.startswith("Calibrated on"))
    assert f"{clean.utterances} utterances" in note
    assert "(clean, noise-5dB)" in note


def test_speakers_of_both_corpora_are_noted(outcome: AuditOutcome) -> None:
    """The tiny corpora have the same three."""
    assert any("speaker s0, s1, s2" in note for note in outcome.results.notes)


def test_results_alone_print_the_papers_tables(outcome: AuditOutcome) -> None:
    """What is in results.json is enough: shares of classes, divergence, sizes, rates."""
    results, costs = read_results(outcome.folder)
    by_name = {row.name: row for row in results.artefacts}
    shares = by_name["three-class"].class_shares
    assert shares is not None
    assert shares.low + shares.medium + shares.high == pytest.approx(1)
    assert by_name["int4"].class_shares is None
    divergence = by_name["mixed-as-two"].divergence
    assert divergence is not None
    assert set(divergence) == {"clean", "noise-5dB"}
    weights = by_name["int4"].parameters
    assert weights is not None
    assert by_name["fp32"].parameters == weights
    sizes = by_name["fp32"].sizes
    assert sizes.memory_bytes is not None
    assert 4 * weights == pytest.approx(sizes.memory_bytes, rel=0.01)
    text = render(Findings(results, costs), "markdown")
    for title in ("Table II (WER %)", "Table V (three-class)", "Best (mixed-as-two)"):
        assert f"**{title}**" in text
    shown = f"{100 * shares.low:.1f} | {100 * shares.medium:.1f} | {100 * shares.high:.1f}"
    assert f"| {shown} |" in text
    assert f"| noise-5dB | {divergence['noise-5dB']:.2g} |" in text
    cell = results.cell("fp32", "clean")
    assert cell is not None
    (group,) = [row for row in cell.groups if row.value == "s1"]
    assert group.words.rate is not None
    assert f"s1, clean | {100 * group.words.rate:.1f} |" in text


def test_a_second_run_makes_nothing(recipe: Path, outcome: AuditOutcome) -> None:
    """Neither artefacts nor calibration audio: all of it is in the cache."""
    before = _pieces(outcome.folder / "cache")
    again = run(AuditRequest(str(recipe), output=outcome.folder, workers=1))
    assert again.cells_run == 0
    assert _pieces(outcome.folder / "cache") == before
    assert again.results == outcome.results


def _pieces(cache: Path) -> dict[Path, int]:
    """When each file of a piece was last written; what is beside them only saves time."""
    return {path: path.stat().st_mtime_ns for path in cache.glob("*/**/*") if path.is_file()}


def _keys(recipe: Path, *changes: tuple[str, str], name: str = "changed") -> dict[str, str]:
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = recipe.with_name(f"{name}.yaml")
    path.write_text(text, encoding="utf-8")
    plan = plan_of(AuditRequest(str(path), output=recipe.parent / "none"))
    return {job.name: job.key for job in plan.artefacts}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (("  snr_db: [5]\nevaluate", "  snr_db: [0]\nevaluate"), {"mixed-as-two"}),
        (("duration_s: 1.5", "duration_s: 1.0"), {"mixed-as-two"}),
        (("{bits: 4}", "{bits: 4, rounding: hqq}"), {"int4"}),
        (("{bits: 4}", "{bits: 4, conv: true}"), {"int4"}),
        (("{bits: 4}", "{bits: 4, storage: bitmask}"), {"int4"}),
        (
            ("adaptive: two-class", "adaptive: two-class, fuzzy_set: 2"),
            {"two-class", "mixed-as-two"},
        ),
        (("same_size_as: two-class", "same_size_as: int4"), {"mixed-as-two"}),
    ],
)
def test_keys_hold_what_an_artefact_depends_on(
    recipe: Path, change: tuple[str, str], changed: set[str]
) -> None:
    """Calibration audio, options, and the key of what a budget comes from; nothing else."""
    before, after = _keys(recipe), _keys(recipe, change)
    assert {name for name in before if before[name] != after[name]} == changed


def test_calibrating_on_the_scored_corpus_is_refused(recipe: Path) -> None:
    """Before any work is done, in the dry run as well."""
    scored = (f"corpus: {recipe.parent / 'unlabelled'}", f"corpus: {recipe.parent / 'corpus'}")
    with pytest.raises(InputError, match="calibration audio is scored too"):
        _keys(recipe, scored)


def test_a_table_of_a_part_that_the_corpus_lacks_is_refused(recipe: Path) -> None:
    """An empty table would say nothing of why it is empty."""
    with pytest.raises(InputError, match=r"no such speaker for the table 'Voices'.*got 's7'"):
        _keys(recipe, ("data: [s1]", "data: [s7]"))


def test_two_names_of_one_model_share_all_work(recipe: Path, tmp_path: Path) -> None:
    """Equal keys are made once."""
    text = recipe.read_text().replace("compressions:", "  twin: {}\ncompressions:")
    model: Any = json.dumps(str(recipe.parent / "model"))
    path = tmp_path / "twins.yaml"
    path.write_text(text.replace("twin: {}", f"twin: {model}"), encoding="utf-8")
    plan = plan_of(AuditRequest(str(path), output=tmp_path / "out"))
    assert len(plan.artefacts) == 10
    assert len(plan.missing_artefacts()) == 4
    assert len(plan.cells) == 20
    assert len(plan.missing_cells()) == 10


def test_a_plan_of_many_artefacts_can_be_read(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty forms under two conditions: a row for each, cut nowhere."""
    more = "".join(f"  prune{rate}: {{prune: 0.{rate}}}\n" for rate in range(11, 26))
    path = tmp_path / "many.yaml"
    path.write_text(recipe.read_text().replace("corpus:", f"{more}corpus:", 1), encoding="utf-8")
    assert run_program(["audit", str(path), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["artefact", "clean", "noise-5dB"] in rows
    for name in ("fp32", "mixed-as-two", "prune11", "prune25"):
        assert [name, *["to", "do"] * 2] in rows

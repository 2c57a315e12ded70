"""The section training, and compressions made from others: their mistakes, keys and results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit import AuditOutcome, AuditRequest, plan_of, run
from asrcompress.audit.conditions import conditions_of
from asrcompress.audit.recipe import Recipe
from asrcompress.audit.recipe_text import check_recipe, load_recipe
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import read_manifest
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

CHECKED = """\
title: Trained
models: {words: bundled:model}
compressions:
  fp32: {}
  int8: {bits: 8}
  small: {%s}
corpus: bundled:corpus
"""
TRAINING = "training: {corpus: unlabelled}\n"
DISTILL = "method: distill, layers: 1"


def _recipe(text: str) -> Recipe:
    recipe, mistakes = check_recipe(text, {})
    assert mistakes == []
    assert recipe is not None
    return recipe


def _mistakes(text: str) -> list[str]:
    recipe, mistakes = check_recipe(text, {})
    assert recipe is None
    return [str(mistake) for mistake in mistakes]


def test_training_needs_its_section() -> None:
    """The error names the compression and the section."""
    (found,) = _mistakes(CHECKED % DISTILL)
    assert found.startswith("line 6: compressions.small: ")
    assert "needs the section training" in found
    assert _recipe(CHECKED % DISTILL + TRAINING).training is not None


def test_training_and_later_steps_in_one_entry() -> None:
    """Both sections, each for its own method; they do not stand in for one another."""
    both = CHECKED % f"{DISTILL}, mixed: true, target_ratio: 0.2"
    found = _mistakes(both)
    assert any("needs the section training" in line for line in found)
    assert any("needs the section calibration" in line for line in found)
    assert _recipe(both + TRAINING + "calibration: {corpus: unlabelled}\n")
    (one,) = _mistakes(both + TRAINING)
    assert "calibration" in one


@pytest.mark.parametrize(
    ("entry", "section", "message"),
    [
        ("bits: 4", TRAINING, "training: no compression trains on it; add one with method:"),
        (DISTILL, "trainig: {corpus: u}\n", "trainig: unknown key; did you mean 'training'?"),
        (DISTILL, "training: {corpus: u, nois: n}\n", "training.nois: unknown key; did you mean"),
        (
            f"{DISTILL}, augment: rooms",
            "training: {corpus: u, noise: n, rir: r}\n",
            "training.noise: no compression trains with it; add one with augment: noise",
        ),
        (
            f"{DISTILL}, augment: none",
            "training: {corpus: u, rir: r}\n",
            "training.rir: no compression trains with it; add one with augment: rooms",
        ),
        (DISTILL, "training: {noise: n}\n", "training.corpus: is missing"),
        (f"{DISTILL}, augment_snr: loud", TRAINING, "compressions.small: option 'augment_snr'"),
        ("method: distil, layers: 1", TRAINING, "did you mean 'distill'?"),
        ("include: lm_head", "", "no method; expected method, bits, prune, adaptive or mixed"),
    ],
)
def test_mistakes_about_training(entry: str, section: str, message: str) -> None:
    """Nothing is ignored silently, and near names are suggested."""
    assert any(message in line for line in _mistakes(CHECKED % entry + section))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("bits: 4, from: smal", "no such compression for from; got 'smal'"),
        ("bits: 4, from: fp32", "from an uncompressed model; got 'fp32'"),
        ("bits: 4, from: [int8]", "bad from; got ['int8']"),
        ("bits: 4, from: small", "from in a circle; got small -> small"),
        ("bits: 4, from: int8", "from a quantised or packed model; got 'int8'"),
        (f"{DISTILL}, from: int8", "from and a method that trains"),
        ("from: int8", "no method"),
        (
            "prune: 0.5}\n  more: {bits: 4, from: packed}\n  packed: {prune: 0.5, storage: bitmask",
            "packed model",
        ),
        (
            "prune: 0.5, from: other}\n  other: {mixed: true, same_size_as: small",
            "same_size_as and from in a circle; got small -> other -> small",
        ),
    ],
)
def test_what_can_be_compressed_further(entry: str, message: str) -> None:
    """Another compression whose weights are numbers still; no circle, also with sizes in it."""
    sections = TRAINING + "calibration: {corpus: unlabelled}\n"
    assert any(message in line for line in _mistakes(CHECKED % entry + sections))


def test_a_mistake_is_told_once() -> None:
    """Not again by what is made from the compression that has it."""
    entry = "method: distill}\n  more: {bits: 4, from: small"
    (one,) = _mistakes(CHECKED % entry + TRAINING)
    assert "compressions.small: options do not fit together" in one


RECIPE = """\
title: Trained
models:
  tiny: {model}
compressions:
  fp32: {{}}
  small-int8: {{bits: 8, from: small}}
  small: {{method: distill, layers: 1, steps: 2, batch_seconds: 1, augment: noise}}
  plain: {{method: distill, layers: 1, steps: 2, batch_seconds: 1, augment: none}}
  half: {{prune: 0.5, scope: local}}
  half-int4: {{bits: 4, from: half}}
corpus: {corpus}
training:
  corpus: {unlabelled}
evaluate:
  measure_cost: false
  replicates: 200
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe on a tiny model, with another corpus to train on."""
    folder = tmp_path_factory.mktemp("trained")
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


def _keys(recipe: Path, *changes: tuple[str, str]) -> dict[str, str]:
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = recipe.with_name("changed.yaml")
    path.write_text(text, encoding="utf-8")
    plan = plan_of(AuditRequest(str(path), output=recipe.parent / "none"))
    return {job.name: job.key for job in plan.artefacts}


def test_a_dry_plan_makes_what_others_are_made_from_first(recipe: Path, tmp_path: Path) -> None:
    """The quantised one, written first, waits for the trained one."""
    plan = plan_of(AuditRequest(str(recipe), output=tmp_path / "out"))
    order = [job.name for job in plan.missing_artefacts()]
    assert order == ["small", "plain", "half", "small-int8", "half-int4"]
    assert not (tmp_path / "out").exists()


def test_it_is_trained_once_and_compressed_further(outcome: AuditOutcome) -> None:
    """The quantised one has the trained one's record, and was made of its very weights."""
    jobs = {job.name: job for job in outcome.plan.artefacts}
    manifests = {
        name: read_manifest(outcome.plan.cache.artefact(j.key)) for name, j in jobs.items()
    }
    small, quantised = manifests["small"], manifests["small-int8"]
    assert small is not None
    assert quantised is not None
    assert small.training is not None
    assert small.training.steps_done == 2
    assert small.training.corpus.name == "unlabelled"
    assert small.training.corpus.augmentation.startswith("noise at 0 to 20 dB (built-in)")
    assert quantised.training == small.training
    assert quantised.source.sha256 != small.source.sha256
    assert Path(quantised.source.model).name == jobs["small"].key
    half, int4 = manifests["half"], manifests["half-int4"]
    assert half is not None
    assert int4 is not None
    assert half.ledger.sparsity == pytest.approx(int4.ledger.sparsity, abs=0.01)


def test_nothing_of_a_finished_training_is_left_in_the_cache(outcome: AuditOutcome) -> None:
    """Its checkpoints were beside the artefact while it ran."""
    folder = outcome.plan.cache.folder / "artefacts"
    keys = {job.key for job in outcome.plan.artefacts if not job.is_original}
    assert {path.name for path in folder.iterdir()} == keys


def test_results_are_against_the_original(outcome: AuditOutcome) -> None:
    """Its model, its size and its parameters; the methods are all that were applied."""
    rows: dict[str, Any] = {row.name: row for row in outcome.results.artefacts}
    original, small, quantised = rows["fp32"], rows["small"], rows["small-int8"]
    assert [method["method"] for method in quantised.methods] == ["distill", "quantize"]
    assert [method["method"] for method in rows["half-int4"].methods] == ["prune", "quantize"]
    assert quantised.baseline == "fp32"
    assert original.sizes.zipped_bytes is not None
    assert original.parameters > small.parameters == quantised.parameters
    assert original.parameters == rows["half"].parameters == rows["half-int4"].parameters
    assert 4 * original.parameters == pytest.approx(original.sizes.memory_bytes, rel=0.01)
    evaluations = outcome.evaluations
    assert evaluations["small-int8", "clean"].model == evaluations["fp32", "clean"].model
    notes = " ".join(outcome.results.notes)
    assert "Trained on 6 utterances of 3 speakers, 3.2 s, of unlabelled; none of them" in notes
    assert "In the training corpus and the scored one: speaker s0, s1, s2." in notes


def _times(cache: Path) -> dict[Path, int]:
    """When each piece was written; hashes are noted later for files that are too new at first."""
    pieces = (path for path in cache.rglob("*") if path.name != "digests.json")
    return {path: path.stat().st_mtime_ns for path in pieces}


def test_a_second_run_makes_nothing(recipe: Path, outcome: AuditOutcome) -> None:
    """No training is repeated."""
    before = _times(outcome.folder / "cache")
    again = run(AuditRequest(str(recipe), output=outcome.folder, workers=1))
    assert again.cells_run == 0
    assert _times(outcome.folder / "cache") == before
    assert again.results == outcome.results


def test_keys_hold_what_was_learned_from(recipe: Path, tmp_path: Path) -> None:
    """The audio, the noises, the parameters, and what it was made from; nothing else."""
    before = _keys(recipe)

    def changed(*changes: tuple[str, str]) -> set[str]:
        after = _keys(recipe, *changes)
        return {name for name in before if before[name] != after[name]}

    other = tiny_corpus(tmp_path / "other", seed=2)
    noises = tiny_corpus(tmp_path / "noises", seed=3)
    audio = f"corpus: {recipe.parent / 'unlabelled'}\n"
    trained = {"small", "small-int8", "plain"}
    assert changed((audio, f"corpus: {other}\n")) == trained
    assert changed((audio, f"{audio}  noise: {noises}\n")) == {"small", "small-int8"}
    assert changed(("augment: noise", "augment: noise, augment_snr: '0,5'")) == {
        "small",
        "small-int8",
    }
    asked = "steps: 2, batch_seconds: 1, augment: none"
    assert changed((asked, asked.replace("2", "3", 1))) == {"plain"}
    assert changed(("prune: 0.5", "prune: 0.6")) == {"half", "half-int4"}
    assert changed(("bits: 8, from: small", "bits: 8, from: plain")) == {"small-int8"}


def test_training_on_the_scored_corpus_is_refused(recipe: Path) -> None:
    """Before any work is done, in the dry run as well."""
    scored = (f"corpus: {recipe.parent / 'unlabelled'}", f"corpus: {recipe.parent / 'corpus'}")
    with pytest.raises(InputError, match="training audio is scored too"):
        _keys(recipe, scored)


def test_noises_that_are_scored_in_are_noted(recipe: Path, tmp_path: Path) -> None:
    """To train with what is tested in flatters; it is allowed, and said."""
    noises = tiny_corpus(tmp_path / "noises", seed=3)
    text = recipe.read_text()
    text = text.replace(
        "evaluate:",
        f"  noise: {noises}\nconditions:\n  noise: {{folder: {noises}, snr_db: [5]}}\nevaluate:",
    )
    path = tmp_path / "noisy.yaml"
    path.write_text(text, encoding="utf-8")
    plan = plan_of(AuditRequest(str(path), output=tmp_path / "out"))
    assert "Trained with 6 of the noises that are scored in as well." in plan.notes


def test_wang_is_the_papers_pruning() -> None:
    """80 % in 200,000 steps at the paper's rate; its two ablations differ in one option each."""
    recipe = load_recipe("wang2023", ("speech=s", "train=t")).recipe
    trained = {n: dict(e) for n, e in recipe.compressions.items() if "method" in e}
    assert set(trained) == {"structured", "structured-no-ste", "structured-heads"}
    whole = trained["structured"]
    assert (whole["sparsity"], whole["steps"], whole["learning_rate"]) == (0.8, 200_000, 2e-4)
    assert trained["structured-no-ste"] == {**whole, "no_ste": True}
    assert trained["structured-heads"] == {**whole, "units": "head"}
    assert (whole["augment"], whole["finetune_steps"]) == ("none", 0)


def test_shrinking_bigfoot_is_as_small_as_the_papers() -> None:
    """Both students have a fifth of the large model's parameters, the paper's 4.8 times fewer."""
    import torch
    import transformers

    recipe = load_recipe("shrinking-bigfoot", ("speech=s", "train=t")).recipe
    large = {"hidden_size": 1024, "num_attention_heads": 16}

    def parameters(layers: int, ffn: int) -> int:
        config = transformers.Wav2Vec2Config(
            **large, num_hidden_layers=layers, intermediate_size=ffn
        )
        with torch.device("meta"):
            return sum(p.numel() for p in transformers.Wav2Vec2ForCTC(config).parameters())

    students = [e for e in recipe.compressions.values() if "method" in e]
    assert len(students) == 2
    for entry in students:
        assert (entry["steps"], entry["learning_rate"]) == (200_000, 2e-4)
        found = parameters(entry["layers"], entry.get("ffn", 4096))
        assert parameters(24, 4096) / found == pytest.approx(4.8, rel=0.05)


def test_structured_small_compares_what_is_as_large() -> None:
    """One option apart from the first each, and a student with as many block parameters."""
    settings = ("data=d", "train=t", "wav2vec2=a", "hubert=b", "wavlm=c")
    recipe = load_recipe("structured-small", settings).recipe
    entries = recipe.compressions
    whole = entries["structured"]
    assert entries["without-ste"] == {**whole, "no_ste": True}
    assert entries["without-augmentation"] == {**whole, "augment": "none"}
    assert entries["heads"] == {**whole, "units": "head"}
    assert entries["magnitude"] == {**whole, "select": "magnitude"}
    width, ffn, layers = 256, 1024, 4  # the teachers of recipes/teachers
    original = layers * (4 * width**2 + 2 * width * ffn)
    student = entries["distill"]["layers"] * (4 * width**2 + 2 * width * entries["distill"]["ffn"])
    assert student / original == pytest.approx(1 - whole["sparsity"], abs=0.003)
    assert [condition.name for condition in conditions_of(recipe)] == ["clean", "noise-5dB"]

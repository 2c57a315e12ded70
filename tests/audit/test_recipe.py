"""A recipe is checked as a whole, and its mistakes are named with lines and near names."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.audit.conditions import conditions_of
from asrcompress.audit.published import published_of
from asrcompress.audit.recipe import Recipe, shipped_recipes
from asrcompress.audit.recipe_text import check_recipe, load_recipe
from asrcompress.audit.strict_yaml import parse
from asrcompress.core.errors import InputError, RecipeError

GOOD = """\
title: Two forms
models:
  words: bundled:model
compressions:
  fp32: {}
  int8: {bits: 8}
corpus: bundled:corpus
conditions:
  noise: {snr_db: [10]}
"""


def _recipe(text: str, **settings: object) -> Recipe:
    recipe, mistakes = check_recipe(text, settings)
    assert mistakes == []
    assert recipe is not None
    return recipe


def _mistakes(text: str, **settings: object) -> list[str]:
    recipe, mistakes = check_recipe(text, settings)
    assert recipe is None
    return [str(mistake) for mistake in mistakes]


def test_a_good_recipe() -> None:
    """What is written is what is meant; the rest has defaults."""
    recipe = _recipe(GOOD)
    assert recipe.compressions == {"fp32": {}, "int8": {"bits": 8}}
    assert recipe.evaluate.normaliser == "basic"
    assert [c.name for c in conditions_of(recipe)] == ["clean", "noise-10dB"]


def test_an_unknown_key_in_a_list_is_told_the_known_ones() -> None:
    """A paper's figure with its rate under another name."""
    figures = "published: {paper: P, figures: [{source: T, artefact: fp32, rate: 10}]}\n"
    found = _mistakes(GOOD + figures)
    (unknown,) = [line for line in found if "unknown key" in line]
    assert "published.figures[0].rate: unknown key; expected one of source, artefact," in unknown
    assert "wer_percent" in unknown


def test_three_mistakes_at_once() -> None:
    """An unknown key, a bad number and a bad compression option come together, in line order."""
    text = (
        GOOD.replace("corpus:", "corpuss:")
        .replace("[10]", "[ten]")
        .replace("words: bundled:model", "words: 3")
    )
    found = _mistakes(text)
    assert len(found) == 4
    assert found[0].startswith("line 1: corpus: is missing")
    assert "line 3: models.words: got 3" in found[1]
    assert "did you mean 'corpus'?" in found[2]
    assert "line 9: conditions.noise.snr_db[0]: got 'ten'" in found[3]


def test_compression_options_are_checked() -> None:
    """What compress would refuse, the recipe refuses first, with its line."""
    (found,) = _mistakes(GOOD.replace("{bits: 8}", "{bit: 8}"))
    assert found.startswith("line 6: compressions.int8:")
    assert "bits" in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  noise: {snr_db: [10]}", "  both: true", "needs noise and rooms"),
        ("  noise: {snr_db: [10]}", "  clean: false", "no condition at all"),
        ("  noise: {snr_db: [10]}", "  clean: no", "expected true or false"),
        ("  noise: {snr_db: [10]}", "  rooms: {sizes: [tiny]}", "small"),
        ("title: Two forms", "title: Two forms\ntitle: Again", "given twice"),
        ("title: Two forms", "title: Two forms\nseed: 012", "leading zero"),
        ("title: Two forms", "title: Two forms\nseed: -1", "greater than or equal to 0"),
    ],
)
def test_mistakes(old: str, new: str, message: str) -> None:
    """Each kind of mistake is said."""
    found = _mistakes(GOOD.replace(old, new))
    assert any(message in line for line in found), found


def test_parameters_are_filled_in() -> None:
    """`${name}` takes --set's value, or the default; numbers stay numbers."""
    text = GOOD.replace("corpus: bundled:corpus", "corpus: ${data}/test\nseed: ${seed}")
    text += "parameters: {data: here, seed: 3}\n"
    assert _recipe(text).corpus == "here/test"
    recipe = _recipe(text, data="there", seed=7)
    assert (recipe.corpus, recipe.seed) == ("there/test", 7)


def test_a_default_may_use_the_parameters_before_it() -> None:
    """One folder for all, or each its own."""
    text = GOOD.replace("bundled:corpus", "${corpus}")
    text += "parameters: {data: null, corpus: '${data}/test'}\n"
    assert _recipe(text, data="here").corpus == "here/test"
    assert _recipe(text, data="here", corpus="there").corpus == "there"
    found = _mistakes(text)
    assert "parameter data has no value; give it with --set data=" in found[0]
    later = text.replace("data: null, corpus: '${data}/test'", "corpus: '${data}', data: here")
    assert any("parameter data has no value" in line for line in _mistakes(later))


def test_parameters_without_value_or_name() -> None:
    """A missing value, an undeclared placeholder and an unknown --set are mistakes."""
    text = GOOD.replace("bundled:corpus", "${data}/${other}") + "parameters: {data: null}\n"
    found = _mistakes(text, dato="x")
    assert any("parameter data has no value; give it with --set data=" in line for line in found)
    assert any("did you mean 'data'?" in line for line in found)


def test_both_is_every_room_with_every_snr_or_those_named() -> None:
    """The paper's noise-plus-reverberation conditions."""
    text = GOOD.replace(
        "  noise: {snr_db: [10]}",
        "  noise: {snr_db: [10, 0]}\n  rooms: {sizes: [small, medium]}\n  both: {snr_db: [10]}",
    )
    assert [c.name for c in conditions_of(_recipe(text))] == [
        "clean",
        "noise-10dB",
        "noise-0dB",
        "room-small",
        "room-medium",
        "room-small+noise-10dB",
        "room-medium+noise-10dB",
    ]


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_every_shipped_recipe_is_sound(name: str) -> None:
    """Each opens with the command that runs it, and checks without a mistake."""
    text = shipped_recipes()[name].read_text(encoding="utf-8")
    assert text.startswith(f"# asrcompress audit {name}")
    settings = {
        name: "folder"
        for name, default in parse(text).value.get("parameters", {}).items()
        if default is None
    }
    recipe = _recipe(text, **settings)
    assert f"--set {next(iter(settings), '')}" in text.partition("\n")[0] or not settings
    for table in recipe.tables:
        assert set(table.columns) <= set(recipe.compressions)


def test_pimentel_has_the_papers_matrix() -> None:
    """Two models; int8 and five pruning rates; five SNRs; two rooms; both together."""
    settings = ("speech=s", "noise=n", "rir=r")
    recipe = load_recipe("pimentel2023", settings).recipe
    assert len(recipe.models) == 2
    rates = [options["prune"] for options in recipe.compressions.values() if "prune" in options]
    assert rates == [0.10, 0.15, 0.20, 0.25, 0.30]
    names = [condition.name for condition in conditions_of(recipe)]
    assert len(names) == 1 + 5 + 6 * 5 + 2 + 10


def test_oujabour_has_the_papers_systems_and_tables() -> None:
    """Tables I to VI for three models, V in two halves; every rate of theirs that is printed."""
    recipe = load_recipe("oujabour2025", ("speech=s",)).recipe
    assert list(recipe.models) == ["wav2vec2", "hubert", "wavlm"]
    titles = [table.title.partition(":")[0].removeprefix("Table ") for table in recipe.tables]
    assert titles == ["I", "II", "III", "IV", "V", "V", "VI"]
    published = published_of(recipe)
    assert published is not None
    rates = {(row.source, row.artefact, row.group): row.wer for row in published.figures}
    # Table II has 4 x 3 + 1 rates a model, IV and V two, VI one.
    assert len(rates) == 3 * (13 + 2 + 2 + 1) == len(published.figures)
    assert rates["Table II", "wav2vec2/int2", "test-clean"] == pytest.approx(1.0)
    assert rates["Table II", "wavlm/int4", "test-other"] == pytest.approx(0.043)
    assert rates["Table VI", "wav2vec2/two-class", "test-clean"] == pytest.approx(0.153)


@pytest.mark.parametrize(
    "settings",
    [("mixed", "data=d"), ("methods", "data=d", "wav2vec2=a", "hubert=b", "wavlm=c")],
)
def test_every_way_to_choose_bits_has_a_mixed_one_of_its_size(settings: tuple[str, ...]) -> None:
    """Uniform and fuzzy plans are compared with mixed bits in a file of the same bytes."""
    name, *given = settings
    recipe = load_recipe(name, given).recipe
    same = {entry.get("same_size_as") for entry in recipe.compressions.values()}
    choosing = {n for n, e in recipe.compressions.items() if {"bits", "adaptive"} & e.keys()}
    assert choosing == same - {None}
    assert len(choosing) == 6
    assert [condition.name for condition in conditions_of(recipe)] == ["clean", "noise-5dB"]
    assert recipe.calibration is not None
    assert recipe.calibration.snr_db == [5]


def test_unknown_recipe_suggests_the_nearest() -> None:
    """A mistyped name is met with the right one."""
    with pytest.raises(InputError, match="did you mean 'quickstart'"):
        load_recipe("quickstrat")


def test_the_error_has_one_line_a_mistake(tmp_path: Path) -> None:
    """Each line names the file, the line and the key."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("title", "titel").replace("[10]", "[ten]"), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    assert len(caught.value.lines()) == 3
    assert all(line.startswith(f"{path}: line ") for line in caught.value.lines())


EFFECTS = """\
  effects:
    phone:
      - {effect: noise, snr_db: 10}
      - {effect: %s}
"""


def test_effects_are_conditions_of_their_own() -> None:
    """A named chain of steps stands behind the matrix, with the recipe's seed."""
    recipe = _recipe("seed: 3\n" + GOOD + EFFECTS % "telephone")
    *_, phone = conditions_of(recipe)
    assert phone.name == "phone"
    assert phone.seed == 3
    assert [step.effect for step in phone.steps] == ["noise", "telephone"]
    assert phone.steps[0].params == {"snr_db": 10}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("telefone", "did you mean 'telephone'?"),
        ("telephone, kind: 3", "unknown parameter"),
    ],
)
def test_steps_of_effects_are_checked(steps: str, message: str) -> None:
    """An unknown effect or parameter is a mistake of the recipe, with its line."""
    (found,) = _mistakes(GOOD + EFFECTS % steps)
    assert found.startswith("line 11: conditions.effects.phone:")
    assert message in found


@pytest.mark.parametrize("name", ["clean", "noise-10dB", "Noise-10db"])
def test_effects_do_not_take_the_name_of_another_condition(name: str) -> None:
    """A telephone called clean would stand in every table as the clean condition."""
    (found,) = _mistakes(GOOD + EFFECTS.replace("phone:", f"{name}:") % "telephone")
    assert found.startswith(f"line 11: conditions.effects.{name}: there is a condition ")


def test_the_form_of_a_name_is_said_as_it_is() -> None:
    """A pattern keeps its capitals."""
    (found,) = _mistakes(GOOD + EFFECTS.replace("phone:", "a/b:") % "telephone")
    assert "string should match pattern '^[A-Za-z0-9]" in found


def test_noise_without_levels_needs_effects() -> None:
    """A folder of noises that nothing draws from is a mistake."""
    silent = GOOD.replace("{snr_db: [10]}", "{folder: noise}")
    (found,) = _mistakes(silent)
    assert "conditions.noise: snr_db is missing" in found
    assert [c.name for c in conditions_of(_recipe(silent + EFFECTS % "telephone"))] == [
        "clean",
        "phone",
    ]


def test_the_reference_of_an_snr() -> None:
    """`reference: active` reaches every noise, also in rooms, and no other step."""
    text = GOOD.replace("{snr_db: [10]}", "{snr_db: [10], reference: active}")
    recipe = _recipe(text + "  rooms: {sizes: [small]}\n  both: true\n")
    steps = {c.name: [dict(step.params) for step in c.steps] for c in conditions_of(recipe)}
    assert steps == {
        "clean": [],
        "noise-10dB-active": [{"snr_db": 10.0, "reference": "active"}],
        "room-small": [{"room": "small"}],
        "room-small+noise-10dB-active": [
            {"room": "small"},
            {"snr_db": 10.0, "reference": "active"},
        ],
    }


PUBLISHED = """\
published:
  paper: A paper
  figures:
    - {source: Table 1, artefact: %s, condition: %s, wer_percent: 13.6}
"""


def test_published_figures() -> None:
    """A paper's per cent become fractions."""
    published = published_of(_recipe(GOOD + PUBLISHED % ("fp32", "noise-10dB")))
    assert published is not None
    assert published.figures[0].wer == pytest.approx(0.136)
    assert published.figures[0].condition == "noise-10dB"
    assert published_of(_recipe(GOOD)) is None


@pytest.mark.parametrize(
    ("place", "message"),
    [(("fp23", "clean"), "did you mean 'fp32'?"), (("fp32", "noise-11dB"), "noise-10dB")],
)
def test_published_figures_have_a_place(place: tuple[str, str], message: str) -> None:
    """A figure of no artefact or condition of the recipe is a mistake."""
    (found,) = _mistakes(GOOD + PUBLISHED % place)
    assert found.startswith("line 13: published.figures[0]")
    assert message in found


TABLES = """\
tables:
  - {title: T, columns: [%s], %s}
"""


@pytest.mark.parametrize(
    ("columns", "more", "message"),
    [
        ("int7", "values: [wer]", "tables[0].columns: got 'int7'; expected one of fp32, int8"),
        ("int8", "values: [wre]", "tables[0].values[0]: got 'wre'"),
        ("int8", "rows: columns", "tables[0].rows: got 'columns'"),
        ("int8", "data: [noise-11dB]", "(did you mean 'noise-10dB'?)"),
        ("int8", "by: speaker", "tables[0].by: got 'speaker'; evaluate.by lists no field"),
        ("int8", "column: [int8]", "tables[0].column: unknown key; did you mean 'columns'?"),
    ],
)
def test_tables_name_what_there_is(columns: str, more: str, message: str) -> None:
    """A table of other compressions, values or conditions is a mistake with its line."""
    (found,) = _mistakes(GOOD + TABLES % (columns, more))
    assert found.startswith("line 11: ")
    assert message in found


def test_a_table_of_subgroups_needs_their_breakdown() -> None:
    """`by` is one of evaluate.by; its values are known to the corpus alone."""
    text = GOOD + TABLES % ("fp32", "by: speaker, data: [ann]")
    assert _recipe(text + "evaluate: {by: [speaker]}\n").tables[0].data == ["ann"]


def test_a_published_figure_of_a_subgroup_needs_its_condition() -> None:
    """Without a condition and a breakdown nothing could stand beside it."""
    text = GOOD + PUBLISHED.replace("condition: %s", "group: %s") % ("fp32", "test-clean")
    (found,) = _mistakes(text)
    assert "published.figures[0].group: needs a condition" in found


MIXED = GOOD.replace("  int8: {bits: 8}\n", "  int8: {bits: 8}\n  best: {%s}\n")
CALIBRATION = "calibration: {corpus: unlabelled, snr_db: [5]}\n"


def test_calibration_has_defaults() -> None:
    """A minute, and built-in noises."""
    recipe = _recipe(MIXED % "mixed: true, target_ratio: 0.15" + CALIBRATION)
    assert recipe.calibration is not None
    assert recipe.calibration.duration_s == 60
    assert recipe.calibration.noise is None


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("mixed: true, target_ratio: 0.15", "needs the section calibration"),
        ("mixed: true, same_size_as: int8", "needs the section calibration"),
    ],
)
def test_measuring_needs_calibration_audio(entry: str, message: str) -> None:
    """The error names the section."""
    (found,) = _mistakes(MIXED % entry)
    assert found.startswith("line 7: compressions.best: ")
    assert message in found


def test_calibration_that_nothing_needs_is_a_mistake() -> None:
    """Nothing is ignored silently."""
    (found,) = _mistakes(GOOD + CALIBRATION)
    assert "calibration: no compression measures on it" in found


def test_noises_for_calibration_need_levels() -> None:
    """A folder that nothing draws from is a mistake."""
    section = "calibration: {corpus: unlabelled, noise: folder}\n"
    (found,) = _mistakes(MIXED % "mixed: true, target_ratio: 0.15" + section)
    assert "calibration.noise: snr_db is missing" in found


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("mixed: true, same_size_as: int9", "expected one of fp32, int8 (did you mean 'int8'?)"),
        ("mixed: true, same_size_as: fp32", "same_size_as an uncompressed model"),
        ("mixed: true, same_size_as: best", "in a circle; got best -> best"),
        ("mixed: true, same_size_as: [int8]", "expected a compression's name"),
        ("bits: 4, same_size_as: int8", "same_size_as needs mixed: true"),
        ("mixed: true, same_size_as: int8, target_ratio: 0.1", "same_size_as and target_ratio"),
        ("mixed: true", "target_size"),
        ("bits: 4, same_sized_as: int8", "unknown compression option"),
    ],
)
def test_a_size_is_that_of_another_compression(entry: str, message: str) -> None:
    """An unknown name, a circle, and a second budget are mistakes, with the line."""
    (found,) = _mistakes(MIXED % entry + CALIBRATION)
    assert found.startswith("line 7: compressions.best: ")
    assert message in found


def test_a_circle_of_two_is_shown() -> None:
    """Each waits for the other."""
    entries = "mixed: true, same_size_as: other}\n  other: {mixed: true, same_size_as: best"
    found = _mistakes(MIXED % entries + CALIBRATION)
    assert any("best -> other -> best" in line for line in found)


@pytest.mark.parametrize(
    "entry",
    [
        "bits: 8, conv: true",
        'bits: [8, "encoder.layers.0.*=4"]',
        "bits: 4, rounding: hqq",
        "prune: 0.4, scope: local",
        "adaptive: three-class, fuzzy_set: 2",
        "adaptive: two-class, alpha: 0.5, beta: 1.0",
        "adaptive: two-class, storage: bitmask",
        "bits: 8, include: encoder.*, exclude: [lm_head]",
    ],
)
def test_compressions_take_every_option_of_compress(entry: str) -> None:
    """What the command line can ask for, a recipe can."""
    assert "best" in _recipe(MIXED % entry).compressions


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("bits: 4, adaptive: two-class", "exclude each other"),
        ("include: encoder.*", "no method"),
        ("adaptive: two-klass", "two-class"),
        ("bits: 8, embeding: true", "did you mean 'embedding'?"),
    ],
)
def test_options_that_compress_refuses(entry: str, message: str) -> None:
    """With the recipe's line."""
    (found,) = _mistakes(MIXED % entry)
    assert found.startswith("line 7: compressions.best: ")
    assert message in found


_RUNTIMES = """
title: Runtimes
models: {small: bundled:model}
compressions:
  fp32: {}
  int8: {bits: 8}
  shipped: {runtime: openvino, from: int8}
  weights: {runtime: openvino, from: int8, weights_only: true}
  floats: {runtime: openvino}
calibration: {corpus: bundled:corpus}
corpus: bundled:corpus
"""


def test_runtimes_take_what_was_quantised() -> None:
    """Exporting takes quantised artefacts, and calibration audio where there is some."""
    recipe, mistakes = check_recipe(_RUNTIMES, {})
    assert recipe is not None, mistakes


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{bits: 4, runtime: openvino, from: int8}", "from a quantised or packed model"),
        ("{runtime: onnx, from: shipped}", "from a model of another runtime than PyTorch"),
        ("{bits: 8, weights_only: true}", "option 'weights_only' needs 'runtime'"),
        ("{bits: 8, runtime: tensorrt}", "expected one of torch, onnx, openvino"),
    ],
)
def test_exports_that_cannot_be(entry: str, expected: str) -> None:
    """Each mistake is told with its place."""
    recipe, mistakes = check_recipe(
        _RUNTIMES.replace("floats: {runtime: openvino}", f"floats: {entry}"), {}
    )
    assert recipe is None
    assert any("compressions.floats" in str(one) and expected in str(one) for one in mistakes)


def test_weights_only_calibrates_on_nothing() -> None:
    """Calibration audio that only weights_only entries could use is told to be idle."""
    text = _RUNTIMES.replace("shipped: {runtime: openvino, from: int8}", "").replace(
        "floats: {runtime: openvino}", ""
    )
    recipe, mistakes = check_recipe(text, {})
    assert recipe is None
    assert any("no compression measures on it" in str(one) for one in mistakes)

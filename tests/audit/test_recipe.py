"""A recipe is checked as a whole, and its mistakes are named with lines and near names."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.audit.conditions import conditions_of
from asrcompress.audit.published import published_of
from asrcompress.audit.recipe import Recipe, shipped_recipes
from asrcompress.audit.recipe_text import check_recipe, load_recipe
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
        key: "folder" for key in ("data", "speech", "noise", "rir") if f"${{{key}}}" in text
    }
    _recipe(text, **settings)


def test_pimentel_has_the_papers_matrix() -> None:
    """Two models; int8 and five pruning rates; five SNRs; two rooms; both together."""
    settings = ("speech=s", "noise=n", "rir=r")
    recipe = load_recipe("pimentel2023", settings).recipe
    assert len(recipe.models) == 2
    rates = [options["prune"] for options in recipe.compressions.values() if "prune" in options]
    assert rates == [0.10, 0.15, 0.20, 0.25, 0.30]
    names = [condition.name for condition in conditions_of(recipe)]
    assert len(names) == 1 + 5 + 6 * 5 + 2 + 10


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

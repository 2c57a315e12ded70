"""A gate file is checked as a whole: every mistake with its line, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.audit.gates import Expected, load_gate_file
from asrcompress.audit.recipe_text import check_recipe
from asrcompress.core.errors import InputError, RecipeError

EXPECTED = Expected({"fp32": None, "int8": "fp32"}, ("clean", "noise-10dB"), has_speed=False)
RECIPE = """\
title: Gated
models: {words: bundled:model}
compressions:
  fp32: {}
  int8: {bits: 8}
corpus: bundled:corpus
conditions: {clean: true}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "gates.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str, expected: Expected | None = EXPECTED) -> list[str]:
    """What is wrong with a file, without its place."""
    file = written(folder, text)
    with pytest.raises(RecipeError) as error:
        load_gate_file(file, expected)
    return [line.removeprefix(f"{file}: ") for line in error.value.lines()]


def test_a_list_and_a_mapping_are_the_same_rules(tmp_path: Path) -> None:
    """A list of rules is short for a mapping with rules alone."""
    rule = "{metric: wer, max: 0.1}"
    listed = load_gate_file(written(tmp_path, f"- {rule}\n"))
    mapped = load_gate_file(written(tmp_path, f"rules: [{rule}]\ninconclusive: stop\n"))
    assert listed.gates == mapped.gates
    assert listed.source == "gates.yaml"
    assert listed.gates.rules[0].title == "WER at most 10 %"


def test_all_mistakes_are_listed_with_their_lines(tmp_path: Path) -> None:
    """Form first; each one once."""
    text = """\
rules:
  - metric: wr
  - metric: wer
    max: a lot
  - {metric: dwer, absolut: 0.1}
  - {metric: dwer}
  - max: 1
  - {metric: size, max_mb: 1, max_bytes: 1}
  - {metric: wer, max: 0.1, values: [a]}
inconclusive: maybe
"""
    found = mistakes(tmp_path, text)
    assert found[0].startswith("line 2: rules[0].metric: got 'wr'; expected one of cer, dwer")
    assert found[0].endswith("(did you mean 'wer'?)")
    assert found[1].startswith("line 4: rules[1].max: got 'a lot'; input should be a valid number")
    assert found[2] == "line 5: rules[2].absolut: unknown key; did you mean 'absolute'?"
    assert found[3] == "line 6: rules[3]: needs absolute, relative or both"
    assert found[4].startswith("line 7: rules[4].metric: is missing; expected one of cer")
    assert found[5] == "line 8: rules[5]: needs max_bytes or max_mb, not both"
    assert found[6] == "line 9: rules[6]: values need by, the column they are in"
    assert found[7].startswith("line 10: inconclusive: got 'maybe'")
    assert len(found) == 8


def test_names_are_checked_against_the_matrix(tmp_path: Path) -> None:
    """Names without wildcards have to be there, and what is held has to be measured."""
    text = """\
- {metric: wer, max: 0.1, artefacts: [int9, "x*"], conditions: [noise-10]}
- {metric: dwer, absolute: 0.1, artefacts: [fp32]}
- {metric: latency_ratio, max: 1}
- {metric: regression, of: wer}
"""
    found = mistakes(tmp_path, text)
    nothing = "dwer has nothing to compare it with"
    assert [line.partition(": got")[0].partition(" needs")[0] for line in found] == [
        "line 1: [0].artefacts[0]",
        "line 1: [0].conditions[0]",
        f"line 2: [1].artefacts[0]: 'fp32' is a baseline itself; {nothing}",
        "line 3: [2].metric: latency_ratio",
        "line 4: [3].metric:",
    ]
    assert "(did you mean 'noise-10dB'?)" in found[1]


@pytest.mark.parametrize("text", ["", "5", "hello", "rules: []", "rules: {}", "[]", "- 5", "- [1]"])
def test_what_is_no_gate_file_is_one_clear_mistake(tmp_path: Path, text: str) -> None:
    """Nothing is taken for gates that hold nothing."""
    assert len(mistakes(tmp_path, text)) == 1


def test_a_baseline_file_is_beside_its_gates(tmp_path: Path) -> None:
    """Its path is relative to the gate file; one that is not there is an error at once."""
    file = written(tmp_path, "rules: [{metric: regression, of: wer}]\nbaseline: no.json\n")
    with pytest.raises(InputError, match=f"no such file: {tmp_path / 'no.json'}"):
        load_gate_file(file)


def test_gates_of_a_recipe_are_part_of_it() -> None:
    """In either form, with the recipe's parameters, and with the recipe's lines in mistakes."""
    recipe, found = check_recipe(
        RECIPE + "parameters: {most: 0.2}\ngates: [{metric: wer, max: '${most}'}]\n", {}
    )
    assert found == []
    assert recipe is not None
    assert recipe.gates is not None
    assert recipe.gates.rules[0].model_dump()["max"] == 0.2
    bad = (
        "gates:\n  rules:\n    - {metric: wer, max: 0.1, artefacts: [int9]}\n    - {metric: cer}\n"
    )
    _, form = check_recipe(RECIPE + bad, {})
    assert [str(one) for one in form] == ["line 11: gates.rules[1].max: is missing"]
    _, names = check_recipe(RECIPE + bad.replace("{metric: cer}", "{metric: cer, max: 1}"), {})
    assert str(names[0]).startswith("line 10: gates.rules[0].artefacts[0]: got 'int9'; expected")
    assert len(names) == 1

"""The gates of an audit: of its recipe or of a file, and what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from asrcompress.audit.conditions import conditions_of
from asrcompress.audit.gates.check import LoadedGates, check
from asrcompress.audit.gates.evidence import Evaluations
from asrcompress.audit.gates.places import Expected
from asrcompress.audit.gates.rule import CellRule
from asrcompress.audit.gates.text import (
    Found,
    baseline_mistakes,
    load_gate_file,
    loaded_gates,
    mistakes_about,
)
from asrcompress.audit.recipe import LoadedRecipe, Recipe, artefact_name
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_json
from asrcompress.core.findings import Findings
from asrcompress.core.registry import expected_one_of
from asrcompress.core.validation import validated

_MARKER_NAME = "audit.json"  # what an audit writes into its folder, with its recipe


def gates_of_audit(loaded: LoadedRecipe, gate_file: Path | None) -> LoadedGates | None:
    """The gates of the file, else of the recipe; None where there are none.

    Raises:
        InputError, RecipeError: the file or a baseline that it names cannot be used.
    """
    recipe = loaded.recipe
    if gate_file is not None:
        return load_gate_file(gate_file, expected_of_recipe(recipe))
    if recipe.gates is None:
        return None
    return loaded_gates(recipe.gates, loaded.name, loaded.folder)


def with_gates(
    found: Findings, evaluations: Evaluations, gates: LoadedGates | None, recipe: Recipe
) -> Findings:
    """What an audit found, with the checks of its gates if it has any."""
    if gates is None:
        return found
    return replace(found, gates=check(found, evaluations, gates, expected_of_recipe(recipe)))


def expected_of_recipe(recipe: Recipe) -> Expected:
    """The matrix that an audit of the recipe fills."""
    originals = [name for name, entry in recipe.compressions.items() if not entry]
    artefacts = {}
    for model in recipe.models:
        original = artefact_name(recipe, model, originals[0]) if originals else None
        for compression in recipe.compressions:
            name = artefact_name(recipe, model, compression)
            artefacts[name] = None if name == original else original
    has_speed = recipe.evaluate.speed is not False
    return Expected(
        artefacts,
        tuple(condition.name for condition in conditions_of(recipe)),
        has_cost=has_speed or recipe.evaluate.measure_cost,
        has_speed=has_speed,
    )


def expected_at(results: Path) -> Expected | None:
    """The matrix that the audit at a folder or its results.json was to fill; None if it is none.

    Raises:
        InputError: its recipe cannot be read.
    """
    marker = (results if results.is_dir() else results.parent) / _MARKER_NAME
    if not marker.is_file():
        return None
    found = read_json(marker)
    recipe = found.get("recipe") if isinstance(found, dict) else None
    return expected_of_recipe(
        validated(Recipe, recipe, where=marker, next_step="run the audit again")
    )


def mistakes_of(recipe: Recipe) -> Iterator[Found]:
    """Mistakes in the gates of a recipe that their own form cannot see."""
    if recipe.gates is not None:
        yield from mistakes_about(recipe.gates, expected_of_recipe(recipe))
        yield from baseline_mistakes(recipe.gates, is_given=False)


def check_columns(gates: LoadedGates | None, corpus: Corpus) -> None:
    """Make sure that the columns which rules break down by are there, before long work.

    Raises:
        InputError: the corpus has no such column, and corrupting it adds none of that name.
    """
    from asrcompress.evaluate.groups import SPEAKER
    from asrcompress.evaluate.roll import NOISE_COLUMN

    rules = [] if gates is None else gates.gates.rules
    columns = {rule.by for rule in rules if isinstance(rule, CellRule) and rule.by is not None}
    if not columns:
        return
    known = {name for utterance in corpus.utterances for name in utterance.fields}
    for name in sorted(columns - known - {SPEAKER, NOISE_COLUMN}):
        raise InputError(
            "no such column for a gate to break results down by",
            where=corpus.name,
            got=repr(name),
            expected=expected_one_of(name, {*known, SPEAKER}),
        )

"""Mistakes in a recipe that its schema cannot see, each with its line."""

from __future__ import annotations

from asrcompress.audit.compression_mistakes import mistakes_of
from asrcompress.audit.conditions import conditions_of, names_of_matrix, step_from
from asrcompress.audit.gates.of_recipe import mistakes_of as mistakes_of_gates
from asrcompress.audit.gates.text import add_mistakes
from asrcompress.audit.recipe import Conditions, Recipe, Table, artefact_name
from asrcompress.audit.strict_yaml import Document, Key, Mistake, dotted
from asrcompress.core.condition import Condition
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.registry import expected_one_of


def check_compressions(document: Document) -> None:
    """The options of every compression, as compress checks them, and what they need beside."""
    written = _written(document)
    for key, message in mistakes_of(document.value):
        if not _is_among(written, key):
            _add(document, key, message)


def check_meaning(recipe: Recipe, document: Document) -> None:
    """The normaliser, what conditions need of each other, and what figures and gates name."""
    from asrcompress.evaluate import normaliser_names

    if recipe.evaluate.normaliser not in normaliser_names():
        expected = expected_one_of(recipe.evaluate.normaliser, normaliser_names())
        _add(document, ("evaluate", "normaliser"), f"unknown normaliser; expected {expected}")
    _check_conditions(recipe.conditions, document)
    _check_names(recipe, document)
    heard = recipe.calibration
    if heard is not None and heard.noise is not None and not heard.snr_db:
        _add(document, ("calibration", "noise"), "snr_db is missing beside it")
    for number, table in enumerate(recipe.tables):
        _check_table(table, ("tables", number), recipe, document)
    if recipe.published is not None and not document.mistakes:
        _check_published(recipe, document)
    if recipe.gates is not None and not document.mistakes:
        add_mistakes(document, ("gates",), mistakes_of_gates(recipe))


def _check_conditions(wanted: Conditions, document: Document) -> None:
    """What one part of the conditions needs of another, and the steps of `effects`."""
    if wanted.both and not (wanted.noise and wanted.rooms):
        _add(document, ("conditions", "both"), "needs noise and rooms beside it")
    for name, found in (("noise", wanted.noise), ("rooms", wanted.rooms)):
        listed = "snr_db" if name == "noise" else "sizes"
        if found is not None and not getattr(found, listed) and not wanted.effects:
            _add(document, ("conditions", name), f"{listed} is missing")
    if not (wanted.clean or wanted.noise or wanted.rooms or wanted.effects):
        message = "no condition at all; set clean: true, noise, rooms or effects"
        _add(document, ("conditions",), message)
    from asrcompress.corrupt.effect import bind

    written = _written(document)
    for name, steps in wanted.effects.items():
        key: Key = ("conditions", "effects", name)
        if _is_among(written, key):
            continue
        try:
            if not steps:
                raise InputError("no steps", expected="at least one, like {effect: opus}")
            bind(Condition(name, tuple(step_from(step, name) for step in steps)))
        except AsrcompressError as error:
            _add(document, key, str(error))


def _check_names(recipe: Recipe, document: Document) -> None:
    """No chain of effects has another condition's name, however its letters are written.

    Else its figures would stand in the tables for what it is called: clean, noise-10dB.
    """
    taken = {name.casefold(): name for name in names_of_matrix(recipe)}
    for name in recipe.conditions.effects:
        if other := taken.get(name.casefold()):
            message = f"there is a condition {other!r} already; give this one another name"
            _add(document, ("conditions", "effects", name), message)
        taken[name.casefold()] = name


def _check_table(table: Table, place: Key, recipe: Recipe, document: Document) -> None:
    """Columns are compressions, `by` is a breakdown of the scores, data are conditions without."""
    conditions = [*names_of_matrix(recipe), *recipe.conditions.effects]
    compressions = list(recipe.compressions)
    asked = [("columns", name, compressions) for name in table.columns]
    if table.by is not None:
        asked.append(("by", table.by, recipe.evaluate.by))
    else:
        asked += [("data", name, conditions) for name in table.data]
    for key, got, known in asked:
        if not known:
            _add(document, (*place, key), f"got {got!r}; evaluate.by lists no field")
        elif got not in known:
            _add(document, (*place, key), f"got {got!r}; expected {expected_one_of(got, known)}")


def _check_published(recipe: Recipe, document: Document) -> None:
    """Every published figure belongs to an artefact of the recipe, and to a condition if named."""
    artefacts = [artefact_name(recipe, m, c) for m in recipe.models for c in recipe.compressions]
    conditions = [condition.name for condition in conditions_of(recipe)]
    rows = recipe.published.figures if recipe.published else []
    for number, row in enumerate(rows):
        for name, got, known in (
            ("artefact", row.artefact, artefacts),
            ("condition", row.condition, conditions),
        ):
            if got is not None and got not in known:
                key: Key = ("published", "figures", number, name)
                _add(document, key, f"got {got!r}; expected {expected_one_of(got, known)}")
        if row.group is not None and not (row.condition and recipe.evaluate.by):
            message = "needs a condition beside it, and its field in evaluate.by"
            _add(document, ("published", "figures", number, "group"), message)


def _written(document: Document) -> list[str]:
    """The places of the mistakes so far: what is written there has no value that can be checked."""
    return [mistake.key for mistake in document.mistakes]


def _is_among(places: list[str], key: Key) -> bool:
    """Whether one of the places is a key or lies below it."""
    place = dotted(key)
    return any(other == place or other.startswith((f"{place}.", f"{place}[")) for other in places)


def _add(document: Document, key: Key, message: str) -> None:
    document.mistakes.append(Mistake(document.line_of(key), dotted(key), message))

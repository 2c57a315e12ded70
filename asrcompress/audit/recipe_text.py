"""From a recipe's text to a Recipe, or to all of its mistakes at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from asrcompress.audit.gates.text import checked_gates
from asrcompress.audit.recipe import LoadedRecipe, Recipe, shipped_recipes
from asrcompress.audit.recipe_meaning import check_compressions, check_meaning
from asrcompress.audit.strict_yaml import Document, Key, Mistake, dotted, parse, scalar
from asrcompress.core.errors import InputError, RecipeError
from asrcompress.core.files import read_text
from asrcompress.core.registry import expected_one_of

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
_SECTIONS = ("BothConditions", "Speeds")  # what may stand instead of true
_MAX_RECIPE_CHARS = 1_000_000
_MOST_FILLED_CHARS = 10_000  # of one value: a path, a title


def load_recipe(name_or_path: str, settings: Sequence[str] = ()) -> LoadedRecipe:
    """The recipe of that name or at that path, its parameters filled in from `key=value` texts.

    Raises:
        InputError: no such recipe, or a setting that is not key=value.
        RecipeError: the recipe has mistakes; every one of them is in the error.
    """
    path = _find(name_or_path)
    text = read_text(path)
    if len(text) > _MAX_RECIPE_CHARS:
        raise InputError("recipe too large", where=path, got=f"{len(text)} characters")
    given = _settings(settings)
    recipe, mistakes = check_recipe(text, given)
    if recipe is None:
        raise RecipeError.of(path, [str(mistake) for mistake in mistakes])
    return LoadedRecipe(path.stem, recipe, given, path.parent)


def check_recipe(text: str, settings: Mapping[str, Any]) -> tuple[Recipe | None, list[Mistake]]:
    """The recipe in a text, or None with all its mistakes in the order of their lines."""
    document = parse(text)
    if document.value is None and document.mistakes:
        return None, document.mistakes
    if not isinstance(document.value, dict):
        expected = "a mapping with title, models, compressions, corpus and conditions"
        return None, [Mistake(1, "", f"not a recipe; expected {expected}")]
    document.value = _filled(document, settings)
    check_compressions(document)
    if document.value.get("gates") is not None:
        checked_gates(document, ("gates",))
    recipe = _validated(document)
    if recipe is not None:
        check_meaning(recipe, document)
    return (None if document.mistakes else recipe), sorted(document.mistakes)


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path)
    shipped = shipped_recipes()
    if path.is_file():
        return path
    if name_or_path in shipped:
        return shipped[name_or_path]
    raise InputError(
        "no such recipe",
        where=name_or_path,
        expected=f"a file, or {expected_one_of(name_or_path, shipped)}",
        next_step="asrcompress audit --list shows them",
    )


def _settings(texts: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError("bad --set", got=repr(text), expected="key=value")
        try:
            given[key] = scalar(value)
        except ValueError:
            given[key] = value
    return given


def _filled(document: Document, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The document's mapping with every ${name} replaced by its setting or default."""
    declared = document.value.get("parameters") or {}
    if not isinstance(declared, dict):
        return dict(document.value)
    for name in settings:
        if name not in declared:
            expected = expected_one_of(name, declared) if declared else "none: it has no parameters"
            document.mistakes.append(
                Mistake(document.line_of(("parameters",)), "--set", f"{name}: expected {expected}")
            )
    values: dict[str, Any] = {}
    for name, default in declared.items():  # a default may use the parameters before it
        if name in settings:
            values[name] = settings[name]
        else:
            values[name] = _replaced(default, ("parameters", name), values, document)
    filled = {
        key: value if key == "parameters" else _replaced(value, (key,), values, document)
        for key, value in document.value.items()
    }
    filled["parameters"] = values
    return filled


def _replaced(value: Any, key: Key, values: Mapping[str, Any], document: Document) -> Any:
    if isinstance(value, dict):
        return {k: _replaced(v, (*key, k), values, document) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(v, (*key, i), values, document) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    for name in _PLACEHOLDER.findall(value):
        if values.get(name) is None:
            hint = f"give it with --set {name}=..." if name in values else "not under parameters"
            message = f"parameter {name} has no value; {hint}"
            document.mistakes.append(Mistake(document.line_of(key), dotted(key), message))
            return "unset"
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return values[whole.group(1)]
    filled = _PLACEHOLDER.sub(lambda match: str(values[match.group(1)]), value)
    if len(filled) > _MOST_FILLED_CHARS:  # one that takes the one before it twice doubles
        message = f"parameters make it {len(filled)} characters long"
        document.mistakes.append(Mistake(document.line_of(key), dotted(key), message))
        return "unset"
    return filled


def _validated(document: Document) -> Recipe | None:
    try:
        return Recipe.model_validate(document.value)
    except ValidationError as error:
        known = {mistake.key for mistake in document.mistakes}
        for detail in error.errors():
            if detail["loc"][:1] == ("gates",):
                continue  # told already, each with the line of its rule
            key = tuple(part for part in detail["loc"] if not _is_union_tag(part))
            if dotted(key) in known or _is_of_other_branch(detail):
                continue  # its text was a mistake already, and it has no value to check
            message = _message(detail, key)
            line = document.line_of(key)
            document.mistakes.append(Mistake(line, dotted(key), message))
        return None


def _is_union_tag(part: str | int) -> bool:
    return part in ("bool", *_SECTIONS, "[key]")


def _is_of_other_branch(detail: Mapping[str, Any]) -> bool:
    """A mapping that is no truth value, or the reverse: what was meant has a mistake of its own."""
    tag, is_mapping = detail["loc"][-1], isinstance(detail["input"], dict)
    return (tag == "bool" and is_mapping) or (tag in _SECTIONS and not is_mapping)


def _message(detail: Mapping[str, Any], key: Key) -> str:
    kind, got = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        known = _fields_at(key[:-1])
        near = difflib.get_close_matches(str(key[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
        return f"unknown key; {hint}"
    if kind == "missing":
        return "is missing"
    if kind == "bool_type":
        return f"got {got!r}; expected true or false"
    message = str(detail["msg"])
    return f"got {got!r}; {message[:1].lower()}{message[1:]}"


def _fields_at(key: Key) -> list[str]:
    """The keys that the recipe's schema knows at a place; those of a list are its entries'."""
    model: type[BaseModel] = Recipe
    for part in key:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part))
        if field is None:
            return []
        annotation = field.annotation
        options = [annotation, *get_args(annotation)]
        nested = [o for o in options if isinstance(o, type) and issubclass(o, BaseModel)]
        if not nested:
            return []
        model = nested[0]
    return list(model.model_fields)

"""From a gate file's text, or a recipe's `gates`, to rules, or to all of its mistakes at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from asrcompress.audit.gates import metrics
from asrcompress.audit.gates.baseline import read_baseline
from asrcompress.audit.gates.check import LoadedGates
from asrcompress.audit.gates.gates import Gates, rule_types
from asrcompress.audit.gates.places import Expected, is_pattern
from asrcompress.audit.gates.rule import CellRule, Rule
from asrcompress.audit.strict_yaml import Document, Key, Mistake, dotted, parse
from asrcompress.core.errors import InputError, RecipeError
from asrcompress.core.files import read_text
from asrcompress.core.registry import expected_one_of, plugin_names

_MAX_CHARS = 1_000_000
_LONGEST_SHOWN = 60  # characters of a value in a message
_MEASURE_IT = {
    "cost": "costs to be measured: evaluate.measure_cost in a recipe, no --no-cost in evaluate",
    "speed": "speed to be measured: evaluate.speed in a recipe, --speed in evaluate",
}
Found = tuple[Key, str]  # the place of a mistake within the gates, and what is wrong


def load_gate_file(
    path: Path, expected: Expected | None = None, baseline: Path | None = None
) -> LoadedGates:
    """The gates in a file, with the baseline file that they name or that is given instead.

    expected: the matrix that they are about; every name that it does not have is a mistake.

    Raises:
        InputError: no such file, or its baseline cannot be used.
        RecipeError: the file has mistakes; every one of them is in the error.
    """
    text = read_text(path)
    if len(text) > _MAX_CHARS:
        raise InputError("gate file too large", where=path, got=f"{len(text)} characters")
    gates = gates_in(text, path, expected, has_baseline=baseline is not None)
    return loaded_gates(gates, path.name, path.parent, baseline)


def gates_in(
    text: str, where: object, expected: Expected | None = None, *, has_baseline: bool = False
) -> Gates:
    """The gates in a text, checked as those of a file.

    Raises:
        RecipeError: the text has mistakes; every one of them is in the error.
    """
    document = parse(text)
    gates = None
    if document.value is not None or not document.mistakes:
        gates = checked_gates(document, ())
    if gates is not None and expected is not None:
        add_mistakes(document, (), mistakes_about(gates, expected))
    if gates is not None:
        add_mistakes(document, (), baseline_mistakes(gates, is_given=has_baseline))
    if gates is None or document.mistakes:
        raise RecipeError.of(where, [str(mistake) for mistake in sorted(document.mistakes)])
    return gates


def loaded_gates(
    gates: Gates, source: str, folder: Path, baseline: Path | None = None
) -> LoadedGates:
    """Gates with their baseline file: relative to `folder`, or the one that is given instead.

    Raises:
        InputError: the baseline file cannot be used.
    """
    place = baseline or (None if gates.baseline is None else folder / gates.baseline)
    return LoadedGates(source, gates, None if place is None else read_baseline(place))


def checked_gates(document: Document, at: Key) -> Gates | None:
    """The gates at a place of a document; None where there are none, or they have mistakes.

    The mistakes are added to the document's.
    """
    value = _value_at(document.value, at)
    try:
        return Gates.model_validate(value)
    except ValidationError as error:
        written = list(document.mistakes)
        add_mistakes(document, at, [_mistake(detail) for detail in error.errors()])
        unread = {mistake.key for mistake in written}  # a mistake already, without a value to check
        found = document.mistakes[len(written) :]
        document.mistakes = [*written, *(one for one in found if one.key not in unread)]
        return None


def add_mistakes(document: Document, at: Key, found: Iterable[Found]) -> None:
    """Add mistakes in the gates at a place of a document to the document's."""
    is_list = isinstance(_value_at(document.value, at), list)
    for within, message in found:
        key = (*at, *(within[1:] if is_list and within[:1] == ("rules",) else within))
        document.mistakes.append(Mistake(document.line_of(key), dotted(key), message))


def _value_at(value: Any, at: Key) -> Any:
    for part in at:
        value = value[part]
    return value


def mistakes_about(gates: Gates, expected: Expected) -> Iterator[Found]:
    """Names that a matrix does not have, and rules about what is not measured or compared."""
    for number, rule in enumerate(gates.rules):
        place: Key = ("rules", number)
        yield from _unknown((*place, "artefacts"), rule.artefacts, expected.artefacts)
        if isinstance(rule, CellRule):
            yield from _unknown((*place, "conditions"), rule.conditions, expected.conditions)
        if rule.needs_baseline:
            yield from _without_baseline(place, rule, expected)
        if rule.measured is not None and not getattr(expected, f"has_{rule.measured}"):
            yield (*place, "metric"), f"{rule.metric} needs {_MEASURE_IT[rule.measured]}"


def _unknown(place: Key, names: Iterable[str], known: Iterable[str]) -> Iterator[Found]:
    listed = list(known)
    for number, name in enumerate(names):
        if name not in listed and not is_pattern(name):
            yield (*place, number), f"got {name!r}; expected {expected_one_of(name, listed)}"


def _without_baseline(place: Key, rule: Rule, expected: Expected) -> Iterator[Found]:
    """A rule of differences that is about a baseline, or about a matrix without one."""
    if not any(expected.artefacts.values()):
        yield (*place, "metric"), f"{rule.metric} needs a baseline to compare with"
        return
    for number, name in enumerate(rule.artefacts):
        if name in expected.artefacts and expected.artefacts[name] is None:
            message = f"{name!r} is a baseline itself; {rule.metric} has nothing to compare it with"
            yield (*place, "artefacts", number), message


def baseline_mistakes(gates: Gates, *, is_given: bool) -> Iterator[Found]:
    """Rules about regressions where no baseline file is named."""
    if gates.baseline is None and not is_given:
        for number, rule in enumerate(gates.rules):
            if rule.needs_committed:
                message = "needs a baseline file: name it under baseline, or give --baseline"
                yield ("rules", number, "metric"), message


def _mistake(detail: Mapping[str, Any]) -> Found:
    """Where and what, of one of pydantic's errors."""
    loc, kind, got = tuple(detail["loc"]), detail["type"], detail["input"]
    key = loc[:2] + loc[3:]  # without the metric, by which pydantic chose the rule
    known = plugin_names(metrics)
    if kind == "union_tag_not_found":
        return (*key, "metric"), f"is missing; expected one of {', '.join(known)}"
    if kind == "union_tag_invalid":
        metric = str(got.get("metric"))
        return (*key, "metric"), f"got {_short(metric)}; expected {expected_one_of(metric, known)}"
    if kind == "extra_forbidden":
        return key, _unknown_key(str(key[-1]), _fields(loc))
    if kind == "missing":
        return key, "is missing"
    if not loc:
        return key, "not gates; expected a list of rules, or a mapping with rules"
    message = str(detail["msg"]).removeprefix("Value error, ")
    message = f"{message[:1].lower()}{message[1:]}"
    return key, message if kind == "value_error" else f"got {_short(got)}; {message}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _fields(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that are known where an unknown one stands."""
    if len(loc) < 3:
        return list(Gates.model_fields)
    types = dict(zip(plugin_names(metrics), rule_types(), strict=True))
    return list(types[str(loc[2])].model_fields)


def _unknown_key(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key; {hint}"

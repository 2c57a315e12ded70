"""YAML without surprises: plain mappings, lists and scalars, every value with its line.

YAML 1.1 reads `no` as False, `012` as 10 and `1e-4` as a string, keeps the last of two equal
keys, and can build objects from tags. Here only `true` and `false` are booleans, numbers are
decimal, and the rest is a mistake that is reported with its line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_IMPLICIT = ["map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"]
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in _IMPLICIT)
_MOST_DIGITS = 300  # what a float can hold: 1.8e308 at most
_DEEPEST = 50  # of lists and mappings in each other; a recipe needs six, and PyYAML's time squares
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in a text: the line it is on, the key it belongs to, and what is wrong."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key}: {self.message}" if self.key else self._without_key

    @property
    def _without_key(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(slots=True)
class Document:
    """The value of a text, the line of every key in it, and the mistakes met."""

    value: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line_of(self, key: Key) -> int:
        """The line of a key, or of the nearest key that contains it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def parse(text: str) -> Document:
    """The document in a YAML text; it never raises for a mistake in the text."""
    document = Document()
    try:
        refused = next(_refused(text), None)
        node = yaml.compose(text, Loader=yaml.SafeLoader) if refused is None else None
    except (yaml.YAMLError, RecursionError) as error:
        document.mistakes.append(_syntax_mistake(error))
        return document
    if refused is not None:
        document.mistakes.append(refused)
    elif node is not None:
        document.value = _value(node, (), document)
    return document


def scalar(text: str) -> Any:
    """The value of a plain scalar; text that is no constant and no number stays text.

    Raises:
        ValueError: a number beyond the floats, or one with a leading zero, which different readers
            read differently.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_DIGITS:
            raise ValueError(f"a number of {len(text)} digits")
        return int(text)
    if _LEADING_ZERO.fullmatch(text):
        plain = text.lstrip("+-0") or "0"
        raise ValueError(f"{text} has a leading zero: write {plain} or quote it")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(f"{text[:40]} is too large a number")
        return number
    return text


def _value(node: yaml.Node, key: Key, document: Document) -> Any:
    document.lines[key] = node.start_mark.line + 1
    if node.tag not in _PLAIN_TAGS:
        _add(document, node, key, f"tag {node.tag} is not allowed; write the plain value")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*key, i), document) for i, item in enumerate(node.value)]
    return _scalar(cast(yaml.ScalarNode, node), key, document)


def _mapping(node: yaml.MappingNode, key: Key, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name_node, value_node in node.value:
        if not isinstance(name_node, yaml.ScalarNode):
            _add(document, name_node, key, "a key must be a word, not a list or a mapping")
            continue
        name = name_node.value
        inner = (*key, name)
        if name in found:
            _add(document, name_node, inner, "key given twice; keep one of them")
            continue
        found[name] = _value(value_node, inner, document)
        document.lines[inner] = name_node.start_mark.line + 1
    return found


def _scalar(node: yaml.ScalarNode, key: Key, document: Document) -> Any:
    if node.style is not None:
        return node.value
    try:
        return scalar(node.value)
    except ValueError as error:
        _add(document, node, key, str(error))
        return None


def _refused(text: str) -> Iterator[Mistake]:
    """What would grow when it is composed, found before that."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > _DEEPEST:
            yield Mistake(token.start_mark.line + 1, "", "not YAML: nested too deeply")
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            line = token.start_mark.line + 1
            yield Mistake(line, "", "anchors and aliases are not allowed; write the value out")


def _syntax_mistake(error: Exception) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or "nested too deeply"
    return Mistake(mark.line + 1 if mark else 1, "", f"not YAML: {problem}")


def _add(document: Document, node: yaml.Node, key: Key, message: str) -> None:
    document.mistakes.append(Mistake(node.start_mark.line + 1, dotted(key), message))


def dotted(key: Key) -> str:
    """A key as people write it: models.words, conditions.noise.snr_db[2]."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text

"""Which artefacts, conditions and subgroups a rule is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from asrcompress.audit.gates.rule import CellRule, Rule

_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Expected:
    """The matrix that rules are about: what a run was to give, whether or not it did.

    artefacts: names with their baselines' names, None for a baseline itself. has_cost, has_speed:
    whether costs are measured, and speeds in turns.
    """

    artefacts: Mapping[str, str | None]
    conditions: tuple[str, ...]
    has_cost: bool = True
    has_speed: bool = True

    def artefacts_of(self, rule: Rule) -> tuple[str, ...]:
        """The artefacts that a rule is about, in the matrix's order.

        Without names, those with a baseline; where none has one, all. A pattern, unlike a name,
        leaves out baselines where there is nothing to hold them against.
        """
        compared = [name for name, baseline in self.artefacts.items() if baseline is not None]
        if not rule.artefacts:
            return tuple(compared or self.artefacts)
        found = []
        for name in self.artefacts:
            hits = [pattern for pattern in rule.artefacts if matches(name, pattern)]
            if name in hits or (hits and (name in compared or not rule.needs_baseline)):
                found.append(name)
        return tuple(found)

    def conditions_of(self, rule: CellRule, clean: str | None) -> tuple[str, ...]:
        """The conditions that a rule is about; without names, all but what it is set beside."""
        if not rule.conditions:
            left_out = clean if rule.is_beside_clean else None
            return tuple(name for name in self.conditions if name != left_out)
        return tuple(
            name
            for name in self.conditions
            if any(matches(name, pattern) for pattern in rule.conditions)
            and (name != clean or not rule.is_beside_clean or name in rule.conditions)
        )


def matches(name: str, pattern: str) -> bool:
    """Whether a name is meant: letter for letter, or by a pattern with * ? [...]."""
    return name == pattern or fnmatchcase(name, pattern)


def is_pattern(text: str) -> bool:
    """Whether it may match several names."""
    return bool(_WILDCARDS & set(text))


def unmatched(patterns: Sequence[str], names: Iterable[str]) -> list[str]:
    """The patterns that no name matches."""
    known = list(names)
    return [pattern for pattern in patterns if not any(matches(name, pattern) for name in known)]

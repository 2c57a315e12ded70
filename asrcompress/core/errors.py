"""The errors a user can cause, and the exit code each one ends in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What the program's exit status means, the same in every command and output mode."""

    PASS = 0
    GATE_FAILED = 1
    BAD_INPUT = 2
    INTERNAL = 3
    INCONCLUSIVE = 4
    NOTHING_TO_EVALUATE = 5
    INTERRUPTED = 130


_MOST_GOT, _MOST_PART = 400, 1000  # characters of a line's parts: a manifest's row can have 16 MB


class AsrcompressError(Exception):
    """A mistake that one line can explain: what, where, got, expected, next step."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        got: object = None,
        expected: str | None = None,
        next_step: str | None = None,
    ) -> None:
        what = shortened(what, _MOST_PART)
        parts = [what if where is None else f"{what}: {shortened(str(where), _MOST_PART)}"]
        if got is not None:
            parts.append(f"got {shortened(str(got), _MOST_GOT)}")
        if expected is not None:
            parts.append(f"expected {shortened(expected, _MOST_PART)}")
        if next_step is not None:
            parts.append(next_step)
        super().__init__(one_line("; ".join(parts)))

    def lines(self) -> tuple[str, ...]:
        """What to print: one line a mistake."""
        return (str(self),)


class InputError(AsrcompressError):
    """A corpus, an audio file, a manifest or an option cannot be used as given."""


class ModelError(AsrcompressError):
    """A checkpoint cannot be found, read safely, or compressed as asked."""


class OutputError(AsrcompressError):
    """The place to write to exists already or cannot be written."""


class RecipeError(AsrcompressError):
    """A recipe has mistakes; all of them are listed together."""

    _mistakes: tuple[str, ...] = ()

    @classmethod
    def of(cls, where: object, mistakes: Sequence[str]) -> RecipeError:
        """The error for a recipe at `where` with these mistakes, at least one."""
        error = cls("\n".join(mistakes), where=where)
        error._mistakes = tuple(
            one_line(f"{where}: {shortened(mistake, _MOST_PART)}") for mistake in mistakes
        )
        return error

    def lines(self) -> tuple[str, ...]:
        """One line a mistake, each beginning with the recipe's place."""
        return self._mistakes or super().lines()


class IntegrityError(AsrcompressError):
    """What was read back differs from what was written or recorded."""

    exit_code = ExitCode.INTERNAL


class IncompleteError(AsrcompressError):
    """Part of the matrix is missing, so no verdict can be given."""

    exit_code = ExitCode.INTERNAL


class NothingToEvaluateError(AsrcompressError):
    """A corpus or a matrix without a single thing to score."""

    exit_code = ExitCode.NOTHING_TO_EVALUATE


def shortened(text: str, most: int) -> str:
    """The text, its middle left out where it has more characters than `most`."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} ... ({len(text)} characters) ... {text[-half:]}"


def one_line(text: str) -> str:
    """The text without line breaks and control characters, so that it cannot forge output."""
    joined = " ".join(text.split())
    return "".join(char if char.isprintable() else "\ufffd" for char in joined)

"""Errors are one line that cannot forge output, each with its exit code."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core import errors
from asrcompress.core.errors import AsrcompressError, ExitCode, InputError, one_line


def test_the_parts_come_in_order() -> None:
    error = InputError("bad rate", where="a.wav", got=8, expected="16", next_step="resample it")
    assert str(error) == "bad rate: a.wav; got 8; expected 16; resample it"


def test_parts_that_are_not_given_leave_no_trace() -> None:
    assert str(InputError("empty corpus")) == "empty corpus"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("InputError", 2),
        ("ModelError", 2),
        ("OutputError", 2),
        ("RecipeError", 2),
        ("IntegrityError", 3),
        ("IncompleteError", 3),
        ("NothingToEvaluateError", 5),
    ],
)
def test_each_error_has_its_exit_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, AsrcompressError)
    assert kind.exit_code == ExitCode(code)


def test_a_terminal_escape_in_a_name_is_shown_and_not_obeyed() -> None:
    error = InputError("no such file", where="a\x1b[2J\nPASS.wav")
    assert str(error) == "no such file: a\ufffd[2J PASS.wav"


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


def test_an_error_crosses_processes_whole() -> None:
    error = InputError("silent", where="a.wav", got=0)
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (InputError, str(error))

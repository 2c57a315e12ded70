"""Files of texts: the three forms read alike, and every mistake is one line with its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.evaluate.hypothesis_files import read_hypotheses, read_references

_EXPECTED = {"u-1": "one (um) two", "u-2": "", "u-3": "\u0928\u092e\u0938\u094d\u0924\u0947"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "h.trn",
            ";; by hand\n\none (um) two (u-1)\n(u-2)\n\u0928\u092e\u0938\u094d\u0924\u0947  (u-3)",
        ),
        ("text", "u-1 one (um) two\nu-2\nu-3\t\u0928\u092e\u0938\u094d\u0924\u0947 \n"),
        ("h.txt", "one (um) two (u-1)\r\n (u-2)\r\n\u0928\u092e\u0938\u094d\u0924\u0947(u-3)\r\n"),
        (
            "h.jsonl",
            '{"id": "u-1", "pred_text": "one (um) two"}\n'
            '{"audio_filepath": "u-2.wav", "pred_text": ""}\n'
            '{"audio_filepath": "u-3.flac", "pred_text": "\u0928\u092e\u0938\u094d\u0924\u0947"}\n',
        ),
    ],
)
def test_forms(tmp_path: Path, name: str, text: str) -> None:
    """sclite's trn by its name or its lines, Kaldi's text, NeMo's rows: the same three texts."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    assert read_hypotheses(file) == _EXPECTED


def test_references_keep_what_rows_say(tmp_path: Path) -> None:
    """Duration, speaker and further columns; a row without a text has no reference."""
    file = tmp_path / "ref.jsonl"
    file.write_text(
        '{"audio_filepath": "a/b.wav", "offset": 1.5, "duration": 2, "text": "x", '
        '"speaker_id": 7, "device": "phone"}\n{"id": "c"}\n',
        encoding="utf-8",
    )
    first, second = read_references(file)
    assert (first.id, first.text, first.duration_s, first.speaker) == ("a/b@1.5", "x", 2.0, "7")
    assert (first.audio_filepath, first.fields) == ("a/b.wav", {"device": "phone"})
    assert (second.id, second.text, second.duration_s, second.speaker) == ("c", None, None, None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("h.trn", "one (u1)\ntwo\n", r"no utterance id: .*h\.trn:2; expected words"),
        ("h.trn", "one (u1)\ntwo (u1)\n", r"utterance twice: .*h\.trn:2; got 'u1'"),
        ("h.trn", "{ a / b } c (u1)\n", "alternatives in braces are not supported"),
        ("h.jsonl", '{"pred_text": "x"}\n', "no id: .*expected id or audio_filepath"),
        ("h.jsonl", '{"id": "u1", "text": "x"}\n', "bad pred_text: .*got none"),
        ("h.jsonl", '{"id": "u1", "pred_text": 3}\n', "bad pred_text: .*got 3"),
        ("h.jsonl", '{"id": "u1", "pred_text": "\\ud800"}\n', "bad pred_text"),
        ("h.jsonl", "[1]\n", "not a JSON object"),
    ],
)
def test_mistakes(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_hypotheses(file)


@pytest.mark.parametrize("duration", ["-1", '"2"', "true", "1e99"])
def test_bad_durations(tmp_path: Path, duration: str) -> None:
    file = tmp_path / "ref.jsonl"
    row = f'{{"id": "a", "text": "x", "duration": {duration}}}\n'
    file.write_text(row, encoding="utf-8")
    with pytest.raises(InputError, match="bad duration"):
        read_references(file)


@pytest.mark.parametrize("name", ["h.trn", "h.txt", "h.jsonl"])
def test_empty_files(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("\n \n", encoding="utf-8")
    with pytest.raises(NothingToEvaluateError, match="no utterances"):
        read_hypotheses(file)


def test_hostile_lines_are_read_in_linear_time(tmp_path: Path) -> None:
    """A line of a million spaces and parentheses takes well under a second, not hours."""
    file = tmp_path / "h.txt"
    file.write_text("a" + " (" * 1_000_000 + " (u1)\n", encoding="utf-8")
    start = time.monotonic()
    assert list(read_hypotheses(file)) == ["u1"]
    assert time.monotonic() - start < 10

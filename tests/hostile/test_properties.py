"""Properties of the parsers: whatever the text, a value of their form or one of our errors."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import struct
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import jiwer
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcompress.audit.strict_yaml import parse
from asrcompress.core.checkpoint.weights import read_weights
from asrcompress.core.errors import AsrcompressError, InputError, one_line, shortened
from asrcompress.core.files import parse_json, read_json, to_json, write_json
from asrcompress.core.formats import audiofolder, kaldi, lhotse, librispeech, nemo, table
from asrcompress.corrupt.listing import listed_files
from asrcompress.evaluate.counts import word_counts
from asrcompress.report.tidy import csv_text

# The same examples in every run; more of them with -m slow.
_FEW = settings(derandomize=True, max_examples=40, deadline=None, database=None)
_MANY = settings(derandomize=False, max_examples=2000, deadline=None, database=None)

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_LINES = st.lists(st.text(max_size=40) | _JSON.map(json.dumps), max_size=5).map("\n".join)
_NAMES = (
    *("audio_filepath", "file_name", "text", "id", "offset", "duration", "channel", "speaker"),
    *("type", "start", "recording", "supervisions", "sources", "sampling_rate"),
)
_NAMED = st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, _JSON))
_ROWS = st.lists(_NAMED.map(json.dumps), max_size=4).map("\n".join)


def _reads(module: Any, files: dict[str, str], place: str = "") -> None:
    """The format reads the folder, or says with an error of ours why not."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        at = Path(folder) / place
        try:
            module.detect(at)
            for utterance in module.read(at):
                assert isinstance(utterance.id, str)
                assert math.isfinite(utterance.duration_s)
                assert math.isfinite(utterance.offset_s)
        except AsrcompressError as error:
            said = str(error)
        else:
            said = ""
        assert said == one_line(said)


def _check_json_manifests(text: str) -> None:
    _reads(nemo, {"manifest.jsonl": text})
    _reads(audiofolder, {"metadata.jsonl": text})
    _reads(lhotse, {"cuts.jsonl": text}, "cuts.jsonl")


@_FEW
@given(_LINES | _ROWS)
@example('{"audio_filepath": "a", "duration": 1e999}')
@example('{"type": "MonoCut", "recording": {"sources": [], "duration": 1, "sampling_rate": 0}}')
def test_json_manifests(text: str) -> None:
    """NeMo's, audiofolder's and lhotse's readers."""
    _check_json_manifests(text)


@pytest.mark.slow
@_MANY
@given(_LINES | _ROWS)
def test_many_json_manifests(text: str) -> None:
    """The same for two thousand."""
    _check_json_manifests(text)


@_FEW
@given(st.text(max_size=200), st.sampled_from(["file_name,text\n", "path\tsentence\n", ""]))
def test_tables(text: str, header: str) -> None:
    """CSV and TSV, with a header that fits and without."""
    _reads(table, {"metadata.csv": header + text})
    _reads(table, {"manifest.tsv": header + text})
    _reads(audiofolder, {"metadata.csv": header + text})


_WORDS = st.sampled_from(["r1", "u1", "a.wav", "|", "0", "1.5", "-1", "nan", "\t", "..", "é", "\0"])
_KALDI = st.lists(st.lists(_WORDS, max_size=6).map(" ".join), max_size=4).map("\n".join)


@_FEW
@given(_KALDI, _KALDI, _KALDI, _KALDI)
def test_kaldi_folders(scp: str, segments: str, text: str, speakers: str) -> None:
    """Four files that need not fit each other."""
    files = {"wav.scp": scp, "segments": segments, "text": text, "utt2spk": speakers}
    _reads(kaldi, files)
    _reads(librispeech, {"a.trans.txt": text})


@_FEW
@given(st.text(max_size=80) | _KALDI)
@example("--rir-id r1 touch canary |")
@example("--rir-id 'r1 a.wav")
def test_lists_of_responses(text: str) -> None:
    """OpenSLR's rir_list: files inside the folder, or an error; never a command."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "rir_list").write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            found = listed_files(root, "rir_list")
        except AsrcompressError:
            return
        assert all(path.is_relative_to(root) for path in found)


@_FEW
@given(st.text(max_size=300) | _JSON.map(json.dumps))
@example("a: &a [*a]")
@example("[" * 200)
def test_strict_yaml(text: str) -> None:
    """It never raises, and gives plain values with the lines of their keys."""
    document = parse(text)
    _check_plain(document.value)
    assert all(mistake.line >= 1 for mistake in document.mistakes)


def _check_plain(value: object) -> None:
    if isinstance(value, dict):
        assert all(isinstance(key, str) for key in value)
        for inner in value.values():
            _check_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(inner)
    else:
        assert value is None or isinstance(value, bool | int | float | str)
        assert not isinstance(value, float) or math.isfinite(value)


_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "I8", "BOOL", "F8_E4M3", "X"]) | _JSON,
        "shape": st.lists(st.integers(-2, 2**65), max_size=4) | _JSON,
        "data_offsets": st.lists(st.integers(-8, 2**65), min_size=2, max_size=2) | _JSON,
    },
)
_HEADERS = st.dictionaries(st.text(max_size=6), _ENTRY | _JSON, max_size=3).map(
    lambda header: json.dumps(header).encode()
)


@_FEW
@given(
    _HEADERS | st.binary(max_size=80), st.integers(0, 2**64 - 1) | st.none(), st.binary(max_size=64)
)
def test_safetensors_headers(header: bytes, length: int | None, data: bytes) -> None:
    """Tensors within the file, or an error of ours."""
    size = len(header) if length is None else length
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(struct.pack("<Q", size) + header + data)
        try:
            tensors = read_weights([path])
        except AsrcompressError:
            return
        stored = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        assert stored <= len(data)


@_FEW
@given(st.text(), st.integers(2, 50))
@example("\x1b[2J\u202e\u2028\ud800", 10)
def test_lines_for_a_terminal(text: str, most: int) -> None:
    """One line without controls; shortening keeps what is short and bounds what is not."""
    line = one_line(text)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(line) == line
    short = shortened(text, most)
    assert short == text if len(text) <= most else len(short) <= most + 40


_CELL = st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.none()


@_FEW
@given(st.lists(st.lists(_CELL, min_size=2, max_size=2), max_size=5))
@example([["=1+1", "@x"], ["\t=1", "\r=1"]])
def test_csv_cells(rows: list[list[Any]]) -> None:
    """A reader finds as many cells as were written, the same texts, and no formula."""
    read = list(csv.reader(io.StringIO(csv_text(("a", "b"), rows), newline="")))[1:]
    assert len(read) == len(rows)
    for written, found in zip(rows, read, strict=True):
        for value, cell in zip(written, found, strict=True):
            text = "" if value is None else str(value)
            assert cell.replace("'", "") == text.replace("'", "")
            assert isinstance(value, int) or not cell.lstrip().startswith(("=", "+", "-", "@"))


_SENTENCE = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8).map(" ".join)


@_FEW
@given(_SENTENCE.filter(bool), _SENTENCE)
def test_counts_are_those_of_jiwer(reference: str, hypothesis: str) -> None:
    """Substitutions, deletions and insertions add up as jiwer's do."""
    counts = word_counts(reference, hypothesis)
    expected = jiwer.process_words(reference, hypothesis)
    assert counts.errors == expected.substitutions + expected.deletions + expected.insertions
    assert counts.n == len(reference.split())


@_FEW
@given(_JSON)
def test_json_survives_writing(value: Any) -> None:
    """What can be written is read back the same; what cannot be is refused, nothing left behind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "value.json"
        try:
            text = to_json(value)
            text.encode("utf-8")
        except ValueError:  # NaN, or half a character
            with pytest.raises(ValueError, match=r"JSON|surrogates"):
                write_json(path, value)
            assert os.listdir(folder) == []
            return
        write_json(path, value)
        assert read_json(path) == parse_json(text, where="text") == value


@_FEW
@given(st.text(max_size=60))
def test_json_is_a_value_or_an_error(text: str) -> None:
    """Never NaN, whatever Python's own reader takes."""
    try:
        value = parse_json(text, where="here", finite=True)
    except InputError:
        return
    json.dumps(value, allow_nan=False)

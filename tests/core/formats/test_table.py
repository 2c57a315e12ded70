"""CSV and TSV tables."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.formats import table


def _read(folder: Path, text: str, name: str = "metadata.csv") -> list[Utterance]:
    for audio in ("a.wav", "b.wav"):
        soundfile.write(folder / audio, np.zeros(1600), 16_000)
    (folder / name).write_text(text, encoding="utf-8")
    return list(table.read(folder))


def test_audiofolders_columns(tmp_path: Path) -> None:
    (made,) = _read(tmp_path, 'file_name,transcription,accent\na.wav,"one, two",scots\n')
    assert (made.id, made.text, made.fields) == ("a", "one, two", {"accent": "scots"})


def test_a_tsv_with_a_byte_order_mark_seconds_and_speaker(tmp_path: Path) -> None:
    text = "\ufefffile\ttext\tspeaker\tseconds\na.wav\thi\tann\t0.1\nb.wav\t\t\t\n"
    first, second = _read(tmp_path, text, "manifest.tsv")
    assert (first.speaker, first.duration_s, first.text) == ("ann", 0.1, "hi")
    assert (second.speaker, second.duration_s, second.text) == (None, 0.1, "")


def test_without_a_text_column_there_is_no_reference(tmp_path: Path) -> None:
    assert _read(tmp_path, "path\na.wav\n")[0].text is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,text\na.wav,hi\n", "no column names the audio.*got columns name, text"),
        ("", "no column names the audio.*got columns none"),
        ("file,text\na.wav,hi,more\n", r"fit the header: .*metadata\.csv:2"),
        ("file,text\na.wav\n", r"fit the header: .*metadata\.csv:2"),
        ("file,text\n,hi\n", r"no file: .*metadata\.csv:2; expected a path"),
        ("file,file\na.wav,b.wav\n", r"a column twice: .*metadata\.csv; got 'file'"),
        ('file,text\na.wav,"hi\n', r"not a table: .*metadata\.csv:2; got unexpected end"),
        ('file,text\na.wav,"hi"x\n', r"not a table: .*metadata\.csv:2"),
        ("file,text\na\0.wav,hi\n", r"metadata\.csv:2"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        _read(tmp_path, text)


def test_a_file_that_is_missing_is_kept_to_be_counted(tmp_path: Path) -> None:
    made = _read(tmp_path, "file,text\na.wav,hi\nz.wav,ho\n")
    assert [one.path.name for one in made] == ["a.wav", "z.wav"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, delimiter: str) -> None:
    """A byte-order mark, CRLF, the local delimiter, a line break in quotes, doubled quotes."""
    rows = [["path", "text", "site"], ["a.wav", '"one,\r\ntwo; ""three"""', "lab"]]
    text = "\ufeff" + "".join(delimiter.join(row) + "\r\n" for row in rows)
    (tmp_path / "t.csv").write_bytes(text.encode())
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16_000)
    (made,) = table.read(tmp_path / "t.csv")
    assert (made.text, made.fields) == ('one,\ntwo; "three"', {"site": "lab"})


def _common_voice(folder: Path, *names: str) -> Path:
    (folder / "clips").mkdir(parents=True)
    soundfile.write(folder / "clips" / "c_1.wav", np.zeros(1600), 16_000)
    header = "client_id\tpath\tsentence_id\tsentence\tup_votes\tage\taccents"
    row = 'f00d\tc_1.wav\t9\t"Hm", she said.\t2\ttwenties\t'
    for name in names:
        (folder / name).write_text(f"{header}\n{row}\n", encoding="utf-8")
    (folder / "clip_durations.tsv").write_text("clip\tduration[ms]\nc_1.wav\t100\n")
    return folder


def test_common_voice_lies_in_clips_and_quotes_nothing(tmp_path: Path) -> None:
    (made,) = table.read(_common_voice(tmp_path, "test.tsv"))
    assert made.path == tmp_path / "clips" / "c_1.wav"
    assert (made.id, made.text, made.speaker) == ("c_1", '"Hm", she said.', "f00d")
    assert made.fields == {"sentence_id": "9", "up_votes": "2", "age": "twenties", "accents": ""}


def test_the_splits_of_common_voice_are_not_mixed(tmp_path: Path) -> None:
    folder = _common_voice(tmp_path, "test.tsv", "train.tsv")
    with pytest.raises(InputError, match=r"several tables: .*got test\.tsv, train\.tsv; give the"):
        list(table.read(folder))
    assert len(list(table.read(folder / "test.tsv"))) == 1


_CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=12)


@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=5))
def test_what_the_csv_module_writes_comes_back(cells: list[tuple[str, str]]) -> None:
    """Any text but control characters, line breaks in quotes among them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "t.csv"
        with place.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "id", "text", "site"])
            writer.writerows(["a.wav", n, *pair] for n, pair in enumerate(cells))
        made = [(one.text, one.fields["site"]) for one in table.read(place)]
    assert made == cells


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    assert not table.detect(tmp_path)
    with pytest.raises(InputError, match=r"no table.*metadata\.csv"):
        list(table.read(tmp_path))

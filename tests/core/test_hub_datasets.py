"""`hf:` data sets, made here and read back without the network."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.corpus import read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.hub_datasets import HubName

datasets = pytest.importorskip("datasets")

RATE_HZ = 16_000


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`datasets` reads its variables when it is imported, so they are set in its configuration."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    monkeypatch.setenv("ASRCOMPRESS_CACHE", str(tmp_path / "cache"))
    yield
    datasets.enable_progress_bars()


def _flac(value: float) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.full(1600, value), RATE_HZ, format="FLAC")
    return stream.getvalue()


def _parquet(path: Path, columns: dict[str, list[Any]], *, as_audio: bool = True) -> None:
    """Written as the hub holds it: audio a struct of bytes and path, marked as an Audio feature."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    made = datasets.Dataset.from_dict({k: v for k, v in columns.items() if k != "audio"})
    made = made.add_column("audio", columns["audio"], feature=plain)
    if as_audio:
        made = made.cast_column("audio", datasets.Audio(sampling_rate=RATE_HZ))
    if "gender" in columns:
        made = made.cast_column("gender", datasets.ClassLabel(names=["female", "male"]))
    made.to_parquet(str(path))


def _rows(count: int, **columns: list[Any]) -> dict[str, list[Any]]:
    audio = [{"bytes": _flac(0.1 * n), "path": f"clip{n}.flac"} for n in range(count)]
    return {"audio": audio, "text": [f"text {n}" for n in range(count)], **columns}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Configurations clean (test, train) and other (test)."""
    folder = tmp_path / "speech"
    labels = {
        "speaker_id": [7, 8, 7],
        "gender": [0, 1, 0],
        "duration": [9.9, 9.9, 9.9],
        "tags": [["x"], [], []],
    }
    _parquet(folder / "clean" / "test.parquet", _rows(3, **labels))
    _parquet(folder / "clean" / "train.parquet", _rows(2))
    _parquet(folder / "other" / "test.parquet", _rows(1))
    (folder / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: clean\n  data_files:\n"
        "  - split: test\n    path: clean/test.parquet\n"
        "  - split: train\n    path: clean/train.parquet\n"
        "- config_name: other\n  data_files:\n  - split: test\n    path: other/test.parquet\n---\n"
    )
    return folder


def test_audio_texts_speakers_and_labels_come_out(place: Path) -> None:
    """`duration` is the data set's own column, not a span of the file; lists are no labels."""
    corpus = read_corpus(f"hf:{place}:clean:test")
    assert corpus.name == "speech-clean-test"
    assert [(one.id, one.text, one.speaker) for one in corpus.utterances] == [
        ("test-000000", "text 0", "7"),
        ("test-000001", "text 1", "8"),
        ("test-000002", "text 2", "7"),
    ]
    second = corpus.utterances[1]
    assert second.fields == {"gender": "male", "source_duration": 9.9}
    assert second.duration_s == 0.1
    np.testing.assert_allclose(second.audio(), 0.1, atol=2**-15)


def test_each_recording_is_written_once(place: Path) -> None:
    first = read_corpus(f"hf:{place}:clean:test")
    times = [one.path.stat().st_mtime_ns for one in first.utterances]
    first.utterances[1].path.unlink()
    again = read_corpus(f"hf:{place}:clean:test")
    assert again == first
    assert [one.path.stat().st_mtime_ns for one in again.utterances][::2] == times[::2]


def test_the_hash_is_of_the_data_set_and_not_of_the_cache(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_corpus(f"hf:{place}:clean:test")
    monkeypatch.setenv("ASRCOMPRESS_CACHE", str(tmp_path / "elsewhere"))
    after = read_corpus(f"hf:{place}:clean:test")
    assert after.utterances[0].path != before.utterances[0].path
    assert after.sha256() == before.sha256()


def test_a_data_set_that_changed_is_read_anew(place: Path) -> None:
    before = read_corpus(f"hf:{place}:other")
    _parquet(place / "other" / "test.parquet", _rows(2))
    after = read_corpus(f"hf:{place}:other")
    assert [len(corpus.utterances) for corpus in (before, after)] == [1, 2]


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", r"got Config name is missing\..*\['clean', 'other'\]"),
        (":dirty", r"'dirty' not found\. Available: \['clean', 'other'\]"),
        (":clean", r"which split\?: .*expected one of test, train; write it as hf:.*:clean:SPLIT"),
        (":clean:dev", r"no such split: .*got 'dev'; expected one of test, train"),
        (":a:b:c", r"bad data set; got hf:.*expected hf:NAME\[:CONFIG\[:SPLIT\]\]"),
    ],
)
def test_a_choice_that_is_wrong_or_missing_lists_what_there_is(
    place: Path, rest: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_corpus(f"hf:{place}{rest}")
    assert "\n" not in str(caught.value)


def test_the_only_split_need_not_be_named(place: Path) -> None:
    assert read_corpus(f"hf:{place}:other").name == "speech-other-test"


def test_ids_are_kept_where_they_tell_utterances_apart(tmp_path: Path) -> None:
    """Some data sets give the sentence an id, which several speakers share."""
    _parquet(tmp_path / "a" / "test.parquet", _rows(2, id=[5, 6]))
    assert [one.id for one in read_corpus(f"hf:{tmp_path}/a").utterances] == ["5", "6"]
    _parquet(tmp_path / "b" / "test.parquet", _rows(2, id=[5, 5]))
    made = read_corpus(f"hf:{tmp_path}/b").utterances
    assert [(one.id, one.fields) for one in made] == [
        (f"test-{n:06d}", {"source_id": 5}) for n in range(2)
    ]


def test_paths_without_bytes_are_used_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "x.flac").write_bytes(_flac(0.25))
    audio = [{"bytes": None, "path": str(tmp_path / "x.flac")}, {"bytes": None, "path": "/no.wav"}]
    columns = {"audio": audio, "sentence": ["hi", "ho"]}
    _parquet(tmp_path / "p" / "test.parquet", columns, as_audio=False)
    first, second = read_corpus(f"hf:{tmp_path}/p").utterances
    assert (first.path, first.text) == (tmp_path / "x.flac", "hi")
    with pytest.raises(InputError, match="no such audio file"):
        second.audio()


def test_the_offline_cache_is_enough(place: Path, tmp_path: Path) -> None:
    """As a download leaves it: the cache's folder of ORG/NAME is called ORG___NAME."""
    before = read_corpus(f"hf:{place}:clean:test")
    (tmp_path / "hub" / "speech").rename(tmp_path / "hub" / "org___speech")
    corpus = read_corpus("hf:org/speech:clean:test")
    assert corpus.name == before.name
    assert corpus.sha256() == before.sha256()
    with pytest.raises(InputError, match=r"no such split: .*expected one of test, train"):
        read_corpus("hf:org/speech:clean:dev")
    with pytest.raises(InputError, match=r"data set that cannot be used: hf:org/absent; got "):
        read_corpus("hf:org/absent:clean:test")


def test_a_script_is_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(InputError, match=r"a data set that is a script: .*no code of a data set"):
        read_corpus(f"hf:{tmp_path}/evil")
    assert not (tmp_path / "ran").exists()


def test_other_mistakes_are_one_line(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such folder: .*absent"):
        read_corpus(f"hf:{tmp_path}/absent")
    with pytest.raises(InputError, match="--format is for files; got hf:"):
        read_corpus(f"hf:{place}:other", format_name="nemo")
    (tmp_path / "texts").mkdir()
    datasets.Dataset.from_dict({"text": ["hi"]}).to_parquet(str(tmp_path / "texts" / "t.parquet"))
    with pytest.raises(InputError, match=r"no audio column: .*got columns text"):
        read_corpus(f"hf:{tmp_path}/texts")


def test_a_local_folder_of_loose_files_is_to_be_given_itself(tmp_path: Path) -> None:
    """`datasets` would decode them with a package that this program does not use."""
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16_000)
    with pytest.raises(InputError, match=r"loose audio files.*give the folder itself, without hf:"):
        read_corpus(f"hf:{tmp_path}")


def test_without_the_package_the_command_to_install_it_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install 'asrcompress\[datasets\]'"):
        read_corpus(f"hf:{place}:other")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", ("a/b", None, None)),
        ("a/b:c", ("a/b", "c", None)),
        ("a/b:c:d", ("a/b", "c", "d")),
        ("a/b::d", ("a/b", None, "d")),
    ],
)
def test_a_name_has_up_to_three_parts(text: str, expected: tuple[str | None, ...]) -> None:
    name = HubName.of(text)
    assert (name.dataset, name.config, name.split) == expected
    assert name.folder is None

"""A file's hash is remembered while the file is as it was, and never a moment longer."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.digests import RACY_NS, Digests
from asrcompress.core.errors import InputError

LATER_NS = 60_000_000_000


def _later() -> int:
    """A minute from now: files that a test has just written are old by then."""
    return time.time_ns() + LATER_NS


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    return path


def test_an_unchanged_file_is_read_once(audio: Path, tmp_path: Path) -> None:
    """In this process and in the next: the second memo takes every hash from the first's file."""
    first = Digests(tmp_path / "memo.json", _later)
    assert [first.sha256(audio), first.sha256(audio)] == [_sha256(b"one")] * 2
    assert first.reads == 1
    first.save()
    second = Digests(tmp_path / "memo.json", _later)
    assert second.sha256(audio) == _sha256(b"one")
    assert second.reads == 0


def test_a_changed_file_is_read_again(audio: Path, tmp_path: Path) -> None:
    """Also one of the same size whose time of writing was put back: the kernel's time tells."""
    memo = Digests(tmp_path / "memo.json", _later)
    memo.sha256(audio)
    memo.save()
    before = audio.stat()
    time.sleep(0.02)  # longer than a tick of the file system's clock
    audio.write_bytes(b"two")
    os.utime(audio, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert audio.stat().st_mtime_ns == before.st_mtime_ns
    again = Digests(tmp_path / "memo.json", _later)
    assert again.sha256(audio) == _sha256(b"two")
    assert again.reads == 1


def test_another_file_in_its_place_is_read(audio: Path, tmp_path: Path) -> None:
    """Renamed over the old one, which keeps the newcomer's times: its inode is another."""
    memo = Digests(tmp_path / "memo.json", _later)
    memo.sha256(audio)
    other = tmp_path / "b.wav"
    other.write_bytes(b"two")
    other.replace(audio)
    assert memo.sha256(audio) == _sha256(b"two")


@pytest.mark.parametrize("age_ns", [-LATER_NS, 0, RACY_NS - 1])
def test_a_file_just_written_is_not_remembered(audio: Path, tmp_path: Path, age_ns: int) -> None:
    """It could be written again in the same tick; a clock that went back is no better."""
    status = audio.stat()
    now_ns = max(status.st_mtime_ns, status.st_ctime_ns) + age_ns
    memo = Digests(tmp_path / "memo.json", lambda: now_ns)
    memo.sha256(audio)
    memo.save()
    assert not (tmp_path / "memo.json").exists()
    memo.sha256(audio)
    assert memo.reads == 2


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"files": {"/a": [[1, 2, 3], "x"]}}', '{"schema_version": 2}', "\0" * 9],
)
def test_a_memo_that_cannot_be_read_is_made_anew(audio: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "memo.json"
    file.write_text(text)
    memo = Digests(file, _later)
    assert memo.sha256(audio) == _sha256(b"one")
    memo.save()
    assert Digests(file, _later).sha256(audio) == _sha256(b"one")
    fresh = Digests(file, _later)
    fresh.sha256(audio)
    assert fresh.reads == 0


def test_several_may_save_at_once(tmp_path: Path) -> None:
    """Each file on its own is whole; what one kept before is kept by the next."""
    paths = [tmp_path / f"{number}.wav" for number in range(20)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def hashed(path: Path) -> None:
        memo = Digests(tmp_path / "memo.json", _later)
        memo.sha256(path)
        memo.save()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hashed, paths))
    for path in paths:
        assert Digests(tmp_path / "memo.json", _later).sha256(path) == _sha256(path.name.encode())
    hashed(paths[0])
    assert not list(tmp_path.glob(".memo*"))


def test_nothing_is_written_where_no_folder_is(audio: Path, tmp_path: Path) -> None:
    """A plan alone makes no folder; and a folder that cannot be written is no error."""
    memo = Digests(tmp_path / "absent" / "memo.json", _later)
    memo.sha256(audio)
    memo.save()
    assert not (tmp_path / "absent").exists()
    (tmp_path / "memo.json").mkdir()
    blocked = Digests(tmp_path / "memo.json", _later)
    blocked.sha256(audio)
    blocked.save()


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        Digests().sha256(tmp_path / "absent.wav")


def test_a_corpus_hash_is_the_same_with_a_memo(audio: Path, tmp_path: Path) -> None:
    """Two segments of one file and a missing file: the memo changes what is read, not the hash."""
    corpus = Corpus(
        "c",
        (
            Utterance("a", audio, 1.0, "x"),
            Utterance("b", audio, 1.0, "y", offset_s=1.0, is_segment=True),
            Utterance("c", tmp_path / "absent.wav", 1.0, "z"),
        ),
    )
    memo = Digests(None, _later)
    assert corpus.sha256(memo.sha256) == corpus.sha256()
    assert corpus.sha256(memo.sha256) == corpus.sha256()
    assert memo.reads == 1

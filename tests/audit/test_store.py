"""A store holds pieces whole or not at all, and gives back the bytes that it got."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit.store import Store, is_url
from asrcompress.core.errors import AsrcompressError, InputError, IntegrityError

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind, empty."""
    if request.param == "file":
        yield Store(f"file://{tmp_path}/far/away")
        return
    files = fsspec.filesystem("memory")
    files.makedirs("/audit-store", exist_ok=True)
    yield Store("memory://audit-store")
    files.rm("/audit-store", recursive=True)


def _cache(folder: Path) -> Path:
    """A folder with a file piece and a folder piece of two files."""
    (folder / "cells").mkdir(parents=True)
    (folder / "cells" / "k1.json").write_text('{"a": 1}\n')
    (folder / "artefacts" / "k2" / "deep").mkdir(parents=True)
    (folder / "artefacts" / "k2" / "model.safetensors").write_bytes(bytes(range(256)))
    (folder / "artefacts" / "k2" / "deep" / "note.txt").write_text("é")
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_pieces_come_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    """A file and a folder of files, through the store into another node's folder."""
    here, there = _cache(tmp_path / "here"), tmp_path / "there"
    store.check()
    for name in ("cells/k1.json", "artefacts/k2"):
        assert not store.has(name)
        assert store.fetch(name, there) is False
        store.publish(here, name)
        assert store.has(name)
        assert store.fetch(name, there) is True
    assert _bytes(there) == _bytes(here)


def test_a_folder_without_its_list_is_not_there(store: Store, tmp_path: Path) -> None:
    """A writer that died half-way leaves files, but no piece."""
    here, there = _cache(tmp_path / "here"), tmp_path / "there"
    store.publish(here, "artefacts/k2")
    files, root = fsspec.core.url_to_fs(store.url)
    files.rm_file(f"{root}/artefacts/k2.complete.json")
    assert not store.has("artefacts/k2")
    assert store.fetch("artefacts/k2", there) is False
    assert not there.exists()
    store.publish(here, "artefacts/k2")
    assert store.fetch("artefacts/k2", there) is True
    assert _bytes(there / "artefacts") == _bytes(here / "artefacts")


@pytest.mark.parametrize(
    ("name", "changed"),
    [("artefacts/k2", "artefacts/k2/model.safetensors"), ("cells/k1.json", "cells/k1.json")],
)
def test_changed_bytes_are_refused_and_leave_nothing(
    store: Store, tmp_path: Path, name: str, changed: str
) -> None:
    """What comes back is checked against the list, before it stands in the folder."""
    here, there = _cache(tmp_path / "here"), tmp_path / "there"
    store.publish(here, name)
    files, root = fsspec.core.url_to_fs(store.url)
    files.pipe_file(f"{root}/{changed}", bytes(256))
    with pytest.raises(IntegrityError, match=rf"stored bytes have changed.*{re.escape(changed)}"):
        store.fetch(name, there)
    assert _bytes(there) == {}
    assert list((there / name).parent.iterdir()) == []


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "", "a\\b"])
def test_a_list_cannot_lead_out_of_its_folder(store: Store, tmp_path: Path, name: str) -> None:
    """A hostile list is refused before anything of it is fetched."""
    here, there = _cache(tmp_path / "here"), tmp_path / "there"
    store.publish(here, "artefacts/k2")
    files, root = fsspec.core.url_to_fs(store.url)
    row = {"name": "model.safetensors", "size_bytes": 256, "sha256": "0"}
    listed = {"is_folder": True, "files": [row, {**row, "name": name}]}
    files.pipe_file(f"{root}/artefacts/k2.complete.json", json.dumps(listed).encode())
    with pytest.raises(IntegrityError, match="leads out of the store"):
        store.fetch("artefacts/k2", there)
    assert _bytes(there) == {}


@pytest.mark.parametrize("listed", [b"no json", b"\xff\xfe", b'{"files": 3}', b"[]"])
def test_a_broken_list_is_one_clear_line(store: Store, tmp_path: Path, listed: bytes) -> None:
    """Whatever stands in its place."""
    here = _cache(tmp_path / "here")
    store.publish(here, "artefacts/k2")
    files, root = fsspec.core.url_to_fs(store.url)
    files.pipe_file(f"{root}/artefacts/k2.complete.json", listed)
    with pytest.raises(IntegrityError, match="not the list of a stored piece"):
        store.fetch("artefacts/k2", tmp_path / "there")


def test_a_piece_is_published_once(store: Store, tmp_path: Path) -> None:
    """Keys are of content, so the second writer has nothing to do, and no part is left."""
    here = _cache(tmp_path / "here")
    store.publish(here, "cells/k1.json")
    (here / "cells" / "k1.json").write_text("other")
    store.publish(here, "cells/k1.json")
    files, root = fsspec.core.url_to_fs(store.url)
    assert files.cat_file(f"{root}/cells/k1.json") == b'{"a": 1}\n'
    assert [path for path in files.find(root) if path.endswith(".part")] == []


def test_a_failed_upload_leaves_no_part(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A move that fails is told, and the temporary file is removed."""
    here = _cache(tmp_path / "here")
    files, root = fsspec.core.url_to_fs(store.url)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("read-only bucket")

    monkeypatch.setattr(type(files), "mv", refuse)
    with pytest.raises(AsrcompressError, match=r"store cannot be written.*read-only bucket"):
        store.publish(here, "cells/k1.json")
    assert files.find(root) == []


def test_what_is_not_there_cannot_be_published(store: Store, tmp_path: Path) -> None:
    """A piece that its maker did not make is an error, not an empty one."""
    with pytest.raises(InputError, match="no such piece to publish"):
        store.publish(tmp_path, "cells/none.json")


def test_an_unknown_kind_of_url_is_one_clear_line() -> None:
    """The store's own words, with its URL."""
    with pytest.raises(AsrcompressError, match=re.escape("nowhere://x")) as caught:
        Store("nowhere://x").check()
    assert len(caught.value.lines()) == 1


def test_urls_are_told_from_folders() -> None:
    """A folder's path has no scheme."""
    assert is_url("s3://bucket/audit")
    assert not is_url("/srv/audit")
    assert not is_url("audit:1")

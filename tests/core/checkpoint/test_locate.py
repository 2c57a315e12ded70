"""MODEL names a folder, the bundled model or a hub id; anything else is one clear line."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from asrcompress.core.checkpoint import locate
from asrcompress.core.checkpoint.locate import name_of
from asrcompress.core.errors import InputError, ModelError
from tests.checkpoints import tiny_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


def _fake_hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[dict[str, Any]]:
    """Replace the hub client; a call's arguments are recorded, an exception is raised."""
    calls: list[dict[str, Any]] = []

    def snapshot_download(repo_id: str, **options: Any) -> str:
        calls.append({"repo_id": repo_id, **options})
        if isinstance(answer, Exception):
            raise answer
        return str(answer(options) if callable(answer) else answer)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return calls


def test_folder_with_all_its_files(folder: Path) -> None:
    """A local folder: its weights, and configuration, processor and tokenizer beside them."""
    found = locate(folder)
    assert found.folder == folder
    assert found.revision is None
    assert found.manifest is None
    assert [path.name for path in found.weight_files] == ["model.safetensors"]
    assert {path.name for path in found.other_files} == {
        "config.json",
        "processor_config.json",
        "tokenizer_config.json",
        "vocab.json",
    }
    assert found.name == "tiny"
    assert found.disk_bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_hash_is_of_names_and_bytes_only(folder: Path, tmp_path: Path) -> None:
    """The same files elsewhere hash alike; other files in the folder do not count."""
    copy = tmp_path / "another-name"
    shutil.copytree(folder, copy)
    (copy / "README.md").write_text("notes", encoding="utf-8")
    assert locate(copy).sha256() == locate(folder).sha256()
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    canonical = json.dumps(hashes, sort_keys=True, separators=(",", ":"))
    assert locate(folder).sha256() == hashlib.sha256(canonical.encode()).hexdigest()
    (copy / "vocab.json").write_text('{"<pad>": 0}', encoding="utf-8")
    assert locate(copy).sha256() != locate(folder).sha256()


def test_local_folder_wins_over_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that exists here is never looked up."""
    calls = _fake_hub(monkeypatch, AssertionError("asked the hub"))
    monkeypatch.chdir(folder.parent)
    assert locate("tiny").folder == Path("tiny")
    assert calls == []


@pytest.mark.parametrize("name", ["./tiny", "/no/such/model", "~/no-model", "model.bin", "a b/c"])
def test_missing_path_is_not_looked_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a path, and is none, is refused without asking the hub."""
    calls = _fake_hub(monkeypatch, AssertionError("asked the hub"))
    with pytest.raises(ModelError, match=r"no such model: .*expected a folder with config\.json"):
        locate(name)
    assert calls == []


def test_file_in_place_of_the_folder(folder: Path) -> None:
    """The weight file itself, or any text file, is refused with the folder suggested."""
    with pytest.raises(ModelError, match=f"a model is a folder.*give its folder, {folder}"):
        locate(folder / "model.safetensors")


def test_folder_without_configuration(tmp_path: Path) -> None:
    """The line says what is in the folder instead."""
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match=r"no config\.json.*got notes\.txt"):
        locate(tmp_path)


@pytest.mark.parametrize(("text", "match"), [("[1]", "configuration"), ("{", "not valid JSON")])
def test_unusable_configuration(tmp_path: Path, text: str, match: str) -> None:
    """A list or broken JSON is not taken for a configuration."""
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises((ModelError, InputError), match=match):
        locate(tmp_path)


def test_folder_without_weights(tmp_path: Path) -> None:
    """TensorFlow weights are named, not loaded."""
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "tf_model.h5").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"no weights.*got tf_model\.h5.*model\.safetensors"):
        locate(tmp_path)


def test_missing_shard_is_named(folder: Path, tmp_path: Path) -> None:
    """An index that lists a shard which is not there."""
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "m" / "model-00001.safetensors")
    index = {"weight_map": {"a": "model-00001.safetensors", "b": "model-00002.safetensors"}}
    (tmp_path / "m" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"missing: .*model-00002\.safetensors"):
        locate(tmp_path / "m")


def test_shard_outside_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    """An index cannot make us read files elsewhere."""
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    index = {"weight_map": {"a": "../secret.safetensors"}}
    (tmp_path / "m" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match="outside the model's folder"):
        locate(tmp_path / "m")


def test_revision_of_a_local_folder(folder: Path) -> None:
    """A revision that cannot apply is not dropped silently."""
    with pytest.raises(ModelError, match="only a model on the hub has revisions"):
        locate(folder, revision="main")


def test_hub_snapshot_with_safetensors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One download, without pickled weights; the commit is recorded."""
    calls = _fake_hub(monkeypatch, folder)
    found = locate("someone/some-model", revision="v1")
    assert found.revision == "tiny"  # a snapshot's folder is named by its commit
    assert found.name == "some-model"
    (call,) = calls
    assert call["revision"] == "v1"
    assert "model.safetensors" in call["allow_patterns"]
    assert not any("bin" in pattern for pattern in call["allow_patterns"])


def test_hub_snapshot_with_pickled_weights_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pickled weights are fetched in a second step, of the same commit."""
    snapshot = tmp_path / "0123abc"
    shutil.copytree(folder, snapshot)
    (snapshot / "model.safetensors").rename(snapshot / "pytorch_model.bin")
    calls = _fake_hub(monkeypatch, snapshot)
    found = locate("someone/old-model")
    assert [path.name for path in found.weight_files] == ["pytorch_model.bin"]
    assert [call["revision"] for call in calls] == [None, "0123abc"]


def test_hub_unreachable_and_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: one line, with both readings of the name."""
    _fake_hub(monkeypatch, errors.LocalEntryNotFoundError("no"))
    with pytest.raises(ModelError, match="no such folder here, and the hub cannot be reached"):
        locate("someone/some-model")


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (errors.RepositoryNotFoundError, "no such model on the hub"),
        (errors.GatedRepoError, "restricted.*hf auth login"),
        (errors.RevisionNotFoundError, "no such revision"),
        (errors.HfHubHTTPError, "cannot fetch"),
    ],
)
def test_hub_refusals(kind: type, match: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal of the hub is told apart."""
    error = kind.__new__(kind)
    Exception.__init__(error, "server says no")
    _fake_hub(monkeypatch, error)
    with pytest.raises(ModelError, match=match):
        locate("someone/some-model")


def test_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last part of each way to name a model, the current folder's real name included."""
    monkeypatch.chdir(folder)
    assert name_of(".") == "tiny"
    assert name_of("facebook/wav2vec2-base-960h") == "wav2vec2-base-960h"
    assert name_of("bundled:model") == "bundled-model"

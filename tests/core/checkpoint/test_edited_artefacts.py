"""Artefacts edited by hand are refused with one of our own errors, whatever stands in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from asrcompress import compress, load
from asrcompress.cli.boundary import run
from asrcompress.core.artefact import Artefact
from asrcompress.core.errors import AsrcompressError, IntegrityError, ModelError
from asrcompress.core.manifest import MANIFEST_NAME
from tests.checkpoints import tiny_checkpoint

INT8 = {"weights": "qint8", "activations": "none"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    place = tmp_path_factory.mktemp("edited")
    return compress(tiny_checkpoint(place / "tiny"), place / "made", bits=8)


def _edited(
    made: Artefact, tmp_path: Path, name: str, change: Callable[[dict[str, Any]], Any]
) -> Path:
    folder = shutil.copytree(made.folder, tmp_path / "copy")
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))
    return Path(folder)


@pytest.mark.parametrize(
    ("name", "entry", "match"),
    [
        ("nosuch", INT8, "not in the model: nosuch"),
        ("", INT8, "got a Wav2Vec2ForCTC of that name; expected a Linear"),
        ("wav2vec2.encoder.layers", INT8, "got a ModuleList of that name"),
        ("wav2vec2.encoder.layer_norm", INT8, "got a LayerNorm of that name"),
        ("wav2vec2.encoder.pos_conv_embed.conv", INT8, "a tensor is missing.*conv.input_scale"),
        ("lm_head", {}, "cannot be quantised so: lm_head"),
        ("lm_head", {"weights": "qfloat8", "activations": "none"}, "cannot be quantised so"),
    ],
)
def test_layers_that_cannot_be_quantised(
    made: Artefact, tmp_path: Path, name: str, entry: dict[str, str], match: str
) -> None:
    """The map of quantised layers names others, or forms that there are not."""
    folder = _edited(
        made, tmp_path, MANIFEST_NAME, lambda m: m["quantization"].update({name: entry})
    )
    with pytest.raises(IntegrityError, match=match):
        load(folder)


class Planar(nn.Module):
    """Has a two-dimensional convolution, weight-normed like a positional one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 2, 3))
        self.linear = nn.Linear(4, 4)


def test_layer_of_a_kind_that_is_never_quantised(tmp_path: Path) -> None:
    """A convolution in two dimensions."""
    made = compress(Planar(), tmp_path / "made", bits=8)
    folder = _edited(
        made, tmp_path, MANIFEST_NAME, lambda m: m["quantization"].update({"conv": INT8})
    )
    with pytest.raises(IntegrityError, match="got a ParametrizedConv2d of that name"):
        load(folder, into=Planar())


@pytest.mark.parametrize(
    "name", ["../made/asrcompress.safetensors", "/etc/hostname", "..", "", "a\0b", "x" * 5000]
)
def test_weights_elsewhere(made: Artefact, tmp_path: Path, name: str) -> None:
    """No file outside of the folder is read, and no name is too odd; into a module neither."""
    folder = _edited(made, tmp_path, MANIFEST_NAME, lambda m: m.update(weights_file=name))
    for into in (None, nn.Sequential(nn.Linear(4, 4))):
        with pytest.raises(ModelError, match=r"outside the model's folder|lists is missing"):
            load(folder, into=into)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": -3},
        {"hidden_size": 10**13},
        {"num_attention_heads": 0},
        {"hidden_act": "nosuch"},
        {"num_hidden_layers": 1},
    ],
    ids=str,
)
def test_configuration_that_builds_nothing(
    made: Artefact, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """One line, for an artefact as for an ordinary checkpoint."""
    folder = _edited(made, tmp_path, "config.json", lambda config: config.update(changes))
    with pytest.raises(AsrcompressError, match=r"cannot be built|not in the model"):
        load(folder)


def test_a_part_of_a_tensor_is_not_taken_for_it() -> None:
    """Both begin at one address; only the whole has the file's shape."""
    from asrcompress.core.checkpoint.source import _identity

    whole = torch.arange(16.0).reshape(4, 4)
    assert _identity(whole) == _identity(whole.detach())
    assert len({_identity(whole), _identity(whole[:2]), _identity(whole.mT)}) == 3


ANALYSIS = {"histogram": [0] * 33, "max_abs": 1, "median_abs": 0, "std_abs": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"shape_before": [10**400]},
        {"shape_before": [2] * 3000},
        {"shape_after": [-1]},
        {"bytes_before": 10**400},
        {"bytes_after": -1},
        {"sparsity": 1.5},
        {"analysis": {**ANALYSIS, "histogram": []}},
        {"analysis": {**ANALYSIS, "histogram": [10**400] * 33}},
        {"analysis": {**ANALYSIS, "std_abs": -1}},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_numbers_that_no_model_has(
    made: Artefact, tmp_path: Path, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger's are refused by name before anything is computed with them."""
    folder = _edited(
        made, tmp_path, MANIFEST_NAME, lambda m: m["ledger"]["rows"][0].update(changes)
    )
    assert run(["report", str(folder), "--explain"]) == 2
    assert f"ledger.rows.0.{next(iter(changes))}" in capsys.readouterr().err


CALIBRATION = {
    "corpora": [],
    "budget": "1 MB",
    "budget_bytes": None,
    "predicted": {},
    "measured": {"clean": 0.1},
    "plans_measured": 1,
}


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("sizes.disk_bytes", 10**400),
        ("calibration.budget_bytes", 10**400),
        ("calibration.plans_measured", -1),
        ("calibration.measured.clean", float("inf")),
    ],
)
def test_sums_that_no_model_has(
    made: Artefact, tmp_path: Path, part: str, content: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor do more bytes than any disk holds end in a traceback."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["calibration"] = json.loads(json.dumps(CALIBRATION))
        *path, last = part.split(".")
        for name in path:
            manifest = manifest[name]
        manifest[last] = content

    folder = _edited(made, tmp_path, MANIFEST_NAME, change)
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text().replace("Infinity", "1e999"))  # JSON, but no float
    assert run(["report", str(folder)]) == 2
    assert part in capsys.readouterr().err

"""Every method on every architecture: compressed, reloaded, and found to be what is claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asrcompress import compress, load
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import LoadedModel, quiet_transformers
from asrcompress.core.checkpoint.probe import pseudo_speech
from asrcompress.core.errors import AsrcompressError
from asrcompress.core.ledger import LedgerRow
from asrcompress.evaluate import RecogniserOptions, open_recogniser
from tests.checkpoints import ENCODER_DECODERS, tiny_checkpoint, tiny_encoder_decoder
from tests.compress.architecture_table import BEGIN, END, MEASURES, METHODS, REFUSED, ROWS, table
from tests.corpora import tiny_corpus
from tests.spectrogram_checkpoints import NEEDS_TORCHAUDIO, has_torchaudio

_README = Path(__file__).parents[2] / "README.md"
_DIRECTION = ".parametrizations.weight.original1"  # what weight norm scales
_MAGNITUDE = ".parametrizations.weight.original0"
_ALL_KINDS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Embedding)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _row(architecture: str) -> Any:
    missing = architecture in NEEDS_TORCHAUDIO and not has_torchaudio()
    mark = pytest.mark.skipif(missing, reason="torchaudio is not installed")
    return pytest.param(architecture, marks=mark)


@pytest.fixture(scope="module", params=[_row(name) for name in ROWS])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint in a folder of the architecture's name."""
    folder = tmp_path_factory.mktemp("models") / request.param
    if request.param in ENCODER_DECODERS:
        return tiny_encoder_decoder(folder, request.param)
    return tiny_checkpoint(folder, request.param)


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the methods that listen to some."""
    return tiny_corpus(tmp_path_factory.mktemp("corpora") / "tiny", speakers=1)


@pytest.fixture(scope="module")
def original(source: Path) -> LoadedModel:
    return load(source)


@pytest.mark.parametrize("method", METHODS)
def test_compressed_and_reloaded(
    source: Path, original: LoadedModel, method: str, audio: Path, tmp_path: Path
) -> None:
    """The cell of the README's table: it works and says what it did, or is refused at once."""
    options: dict[str, Any] = dict(METHODS[method])
    if method in MEASURES:
        options |= {"audio": audio, "calibration_snr_db": ()}
    why_not = REFUSED.get((source.name, method))
    if why_not is not None:
        with pytest.raises(AsrcompressError, match=why_not):
            compress(source, tmp_path / "made", **options)
        assert list(tmp_path.iterdir()) == []
        return
    made = compress(source, tmp_path / "made", **options)
    loaded = load(made.folder)
    logits = _logits(loaded)
    assert bool(torch.isfinite(logits).all())
    assert not torch.equal(logits, _logits(original))
    _check_ledger(made, loaded)
    if "prune" in options:
        _check_pruned(loaded, original, options)
    if "prune" not in options or "bits" in options:
        _check_quantised(loaded, original, options)
        assert _weight_bytes(made) < (source / "model.safetensors").stat().st_size


def test_transcribes(source: Path, tmp_path: Path) -> None:
    """With all kinds of layers at 4 bits there is still some text, the same each time."""
    made = compress(source, tmp_path / "made", bits=4, conv=True, embedding=True)
    recogniser = open_recogniser(made.folder, RecogniserOptions(threads=1))
    samples = pseudo_speech(recogniser.sample_rate_hz)
    (text,) = recogniser.transcribe([samples])
    assert text.strip()
    assert recogniser.transcribe([samples]) == [text]


def _logits(loaded: LoadedModel) -> torch.Tensor:
    samples = pseudo_speech(loaded.sample_rate_hz)
    inputs = loaded.processor(
        audio=samples, sampling_rate=loaded.sample_rate_hz, return_tensors="pt"
    )
    if loaded.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[1, 2, 3]])
    with quiet_transformers(), torch.no_grad():
        logits: torch.Tensor = loaded.model(**inputs).logits
    return logits


def _check_ledger(made: Artefact, loaded: LoadedModel) -> None:
    """Kind of number, zeros and bytes of every row are those of the reloaded module's tensors."""
    rows = made.manifest.ledger.rows
    state = loaded.model.state_dict()
    for row in rows:
        if row.name.endswith(_MAGNITUDE):
            continue  # of a weight that the row of the direction tells of
        weight = _weight_of(loaded.model, row) if row.qtype.startswith("qint") else state[row.name]
        assert tuple(weight.shape) == row.shape_after, row.name
        if row.qtype.startswith("qint"):
            assert weight.qtype.name == row.qtype, row.name  # type: ignore[attr-defined]
            weight = weight.dequantize()
        else:
            assert str(weight.dtype).removeprefix("torch.") == row.qtype, row.name
        zeros = weight.numel() - int(weight.count_nonzero())
        assert round(row.sparsity * row.weights) == zeros, row.name
    assert sum(row.bytes_after for row in rows) == made.manifest.sizes.memory_bytes
    distinct = {(tensor.data_ptr(), tensor.nbytes): tensor.nbytes for tensor in state.values()}
    assert sum(distinct.values()) <= made.manifest.sizes.memory_bytes


def _weight_of(module: torch.nn.Module, row: LedgerRow) -> torch.Tensor:
    layer = row.name.removesuffix(".weight").removesuffix(_DIRECTION)
    weight = module.get_submodule(layer).weight
    assert isinstance(weight, torch.Tensor)
    return weight


def _compressible(original: LoadedModel, *kinds: type[torch.nn.Module]) -> list[str]:
    """Names of the layers of these kinds that methods may touch.

    Not those that compute in a way of their own, such as Whisper's positions and the Conv1d heads
    of Parakeet and LASR; a head that is its model's embedding table counts as an Embedding.
    """
    layers = dict(original.model.named_modules())
    tables = {
        id(table.weight) for table in layers.values() if isinstance(table, torch.nn.Embedding)
    }
    found = []
    for name, layer in layers.items():
        for kind in _ALL_KINDS:
            if isinstance(layer, kind) and type(layer).forward is kind.forward:
                is_table = id(layer.weight) in tables
                if (torch.nn.Embedding if is_table else kind) in kinds:
                    found.append(name)
    return found


def _check_pruned(loaded: LoadedModel, original: LoadedModel, options: dict[str, Any]) -> None:
    """As many zeros as were asked for; quantising may round further weights to zero."""
    is_local = options.get("scope") == "local"
    kinds = (torch.nn.Linear,) if is_local else (torch.nn.Linear, torch.nn.Conv1d)
    names = {
        id(original.model.get_submodule(name).weight): name  # of tied ones, one
        for name in _compressible(original, *kinds)
    }
    weights = [_dense(loaded, name) for name in names.values()]
    groups = [[weight] for weight in weights] if is_local else [weights]
    for group in groups:
        total = sum(weight.numel() for weight in group)
        zeros = total - sum(int(weight.count_nonzero()) for weight in group)
        asked = round(options["prune"] * total)
        assert zeros >= asked if "bits" in options else zeros == asked


def _dense(loaded: LoadedModel, name: str) -> torch.Tensor:
    weight: Any = loaded.model.get_submodule(name).weight
    dense: torch.Tensor = weight.dequantize() if hasattr(weight, "qtype") else weight
    return dense.detach()


def _check_quantised(loaded: LoadedModel, original: LoadedModel, options: dict[str, Any]) -> None:
    """Exactly the layers of the kinds asked for, to the bits that the method may choose."""
    kinds: list[type[torch.nn.Module]] = [torch.nn.Linear]
    kinds += [torch.nn.Conv1d] * ("conv" in options)
    kinds += [torch.nn.Embedding] * ("embedding" in options)
    asked = _compressible(original, *kinds)
    if "include" in options:
        asked = [name for name in asked if re.search(r"\.layers?\.0\.", name)]
    weights = {name: layer.weight for name, layer in loaded.model.named_modules() if _has(layer)}
    assert len(asked) >= 4
    assert set(weights) == {name for name in asked if _dense(original, name).shape[0] > 1}
    assert {weight.qtype.name for weight in weights.values()} <= _qtypes(options)


def _has(layer: Any) -> bool:
    """Whether a layer has a quantised weight."""
    return hasattr(getattr(layer, "weight", None), "qtype")


def _qtypes(options: dict[str, Any]) -> set[str]:
    if "bits" in options:
        return {f"qint{options['bits']}"}
    return {"qint2", "qint4"} if options.get("adaptive") == "two-class" else {"qint8", "qint4"}


def _weight_bytes(made: Artefact) -> int:
    return (Path(made.folder) / made.manifest.weights_file).stat().st_size


def test_table_of_the_readme() -> None:
    """The README's table is the one that these tests go through."""
    text = _README.read_text(encoding="utf-8")
    if BEGIN not in text:
        pytest.skip("the README has no table of architectures")
    assert text.split(BEGIN)[1].split(END)[0].strip() == table()


def test_tiny_logits_are_decisive(original: LoadedModel) -> None:
    """The comparison above means something: the untouched model gives no constant logits."""
    logits = _logits(original).numpy()
    assert np.ptp(logits) > 0.01

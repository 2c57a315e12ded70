"""The divergence of posteriors, and what it is measured on."""

from __future__ import annotations

from math import log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from asrcompress.compress.divergence import Reference, divergence, log_posteriors, reference
from asrcompress.core.checkpoint import load
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder
from tests.compress.benches import noise_audio


class _Fixed(torch.nn.Module):
    """A model whose logits are what it is told to give."""

    def forward(self, logits: torch.Tensor) -> Any:
        return SimpleNamespace(logits=logits[None])


def _reference(
    condition: str, original: list[list[float]], changed: list[list[float]]
) -> Reference:
    return Reference(condition, {"logits": torch.tensor(changed)}, torch.tensor(original).log())


def test_the_divergence_is_that_of_the_formula() -> None:
    """By hand: sum p log(p/q) of (1/2, 1/2) to (1/4, 3/4) is log(2) / 2 + log(2/3) / 2."""
    q = [[log(0.25), log(0.75)]]
    found = divergence(_Fixed(), [_reference("clean", [[0.5, 0.5]], q)])
    assert found == {"clean": pytest.approx(log(2) / 2 + log(2 / 3) / 2, rel=1e-6)}


def test_frames_count_the_same_however_they_are_spread_over_utterances() -> None:
    """Three frames of 0 and one of d give d / 4, whichever utterances they are in."""
    same, other = [log(0.5), log(0.5)], [log(0.25), log(0.75)]
    one = _reference("clean", [[0.5, 0.5]], [other])
    three = _reference("clean", [[0.5, 0.5]] * 3, [same] * 3)
    alone = divergence(_Fixed(), [one])["clean"]
    assert divergence(_Fixed(), [one, three])["clean"] == pytest.approx(alone / 4)


def test_conditions_are_kept_apart() -> None:
    """Each has its own mean."""
    same, other = [log(0.5), log(0.5)], [log(0.25), log(0.75)]
    found = divergence(
        _Fixed(),
        [_reference("clean", [[0.5, 0.5]], [same]), _reference("noise", [[0.5, 0.5]], [other])],
    )
    assert found["clean"] == pytest.approx(0, abs=1e-7)
    assert found["noise"] > 0.1


@pytest.mark.parametrize("changed", [[float("nan")] * 2, [0.0, float("-inf")]])
def test_a_model_that_gives_no_numbers_is_as_far_as_can_be(changed: list[float]) -> None:
    """So that nothing is worse than it; a number still, which a manifest can hold."""
    same = [log(0.5), log(0.5)]
    broken = _reference("clean", [[0.5, 0.5]], [changed])
    assert divergence(_Fixed(), [broken]) == {"clean": 1e6}
    whole = _reference("clean", [[0.5, 0.5]] * 3, [same] * 3)
    assert divergence(_Fixed(), [broken, whole]) == {"clean": pytest.approx(1e6 / 4)}


@pytest.mark.parametrize("architecture", ["wav2vec2", "wav2vec2-bert"])
def test_an_unchanged_ctc_model_does_not_diverge(tmp_path: Path, architecture: str) -> None:
    """All frames count, and the difference is exactly 0."""
    loaded = load(tiny_checkpoint(tmp_path / "model", architecture))
    (audio,) = noise_audio(tmp_path)
    found = reference(loaded, "clean", audio.utterances[0])
    assert found.first == 0
    assert len(found.log_posteriors) > 10
    assert divergence(loaded.model, [found]) == {"clean": 0.0}


@pytest.mark.parametrize(("architecture", "prompt"), [("whisper", 4), ("moonshine", 1)])
def test_a_decoder_is_given_its_own_greedy_transcript(
    tmp_path: Path, architecture: str, prompt: int
) -> None:
    """Whisper's prompt (start, language, task, no timestamps) does not count; each token does."""
    loaded = load(tiny_encoder_decoder(tmp_path / "model", architecture))
    (audio,) = noise_audio(tmp_path)
    found = reference(loaded, "clean", audio.utterances[0])
    tokens = found.inputs["decoder_input_ids"][0]
    assert found.first == prompt - 1
    assert len(found.log_posteriors) == len(tokens) - found.first > 1
    greedy = found.log_posteriors.argmax(dim=-1)
    assert torch.equal(greedy[:-1], tokens[prompt:])  # every token fed is the one chosen before
    assert divergence(loaded.model, [found]) == {"clean": 0.0}


def test_coarser_weights_diverge_more(tmp_path: Path) -> None:
    """Noise of ten times the size on a layer's weight moves the posteriors further."""
    loaded = load(tiny_checkpoint(tmp_path / "model"))
    (audio,) = noise_audio(tmp_path)
    found = [reference(loaded, "clean", each) for each in audio.utterances]
    layer: Any = loaded.model.get_submodule("wav2vec2.encoder.layers.0.feed_forward.output_dense")
    original = layer.weight
    direction = torch.randn(original.shape, generator=torch.Generator().manual_seed(0))

    def after(size: float) -> float:
        layer.weight = torch.nn.Parameter(original.detach() + size * direction)
        return divergence(loaded.model, found)["clean"]

    assert 0 < after(0.01) < after(0.1)


def test_posteriors_sum_to_one(tmp_path: Path) -> None:
    """(frames, tokens), logarithms."""
    loaded = load(tiny_checkpoint(tmp_path / "model"))
    (audio,) = noise_audio(tmp_path)
    found = reference(loaded, "clean", audio.utterances[0])
    again = log_posteriors(loaded.model, found.inputs)
    assert torch.allclose(again.exp().sum(dim=-1), torch.ones(len(again)), atol=1e-5)

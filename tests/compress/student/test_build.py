"""A student begins as its teacher's layers, and is an ordinary model of its class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from asrcompress.compress.student.build import block_parameters, build_student, refusal
from asrcompress.compress.training.blocks import encoder_blocks
from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.core.errors import ModelError
from tests.checkpoints import _ALL, tiny_module
from tests.compress.student.deeper import deeper_module

_GRANITE = "granite_speech5_ctc"


def _heard(model: Any) -> torch.Tensor:
    """Noise as the model takes it."""
    generator = torch.Generator().manual_seed(1)
    config = model.config
    if hasattr(config, "encoder_config"):
        bins = config.encoder_config.num_mel_bins * (4 if "Granite" in type(model).__name__ else 1)
        return torch.randn(1, 64, bins, generator=generator)
    if hasattr(config, "feature_projection_input_dim"):
        return torch.randn(1, 50, config.feature_projection_input_dim, generator=generator)
    return torch.randn(1, 8000, generator=generator)


def _logits(model: Any) -> torch.Tensor:
    with torch.no_grad(), quiet_transformers():
        logits: torch.Tensor = model(_heard(model)).logits
    return logits


def _blocks_name(model: Any) -> str:
    blocks = encoder_blocks(model)
    return next(name for name, module in model.named_modules() if module is blocks)


@pytest.fixture(params=_ALL)
def architecture(request: pytest.FixtureRequest) -> str:
    """Every family whose encoder's layers are found; the others are refused, below."""
    name = str(request.param)
    try:
        encoder_blocks(tiny_module(name))
    except ModelError:
        pytest.skip("its layers are not found")
    return name


@pytest.mark.parametrize("name", _ALL)
def test_every_family_is_built_or_refused(name: str) -> None:
    """Half the layers and half the width: a student of that size, or a clear refusal."""
    teacher = tiny_module(name)
    why = refusal(teacher, 1, 128)
    if name == _GRANITE and why and "alike" in why:
        return
    if why is None:
        assert len(encoder_blocks(build_student(teacher, 1, 128).module)) == 1
    else:
        assert name in ("parakeet_ctc", "lasr_ctc", _GRANITE)
        assert "no encoder with a list of layers" in why


def test_full_size_is_the_teacher(architecture: str) -> None:
    """All layers at the teacher's width are the same class, tensors and logits."""
    teacher = tiny_module(architecture)
    built = build_student(teacher, 2)
    assert type(built.module) is type(teacher)
    assert built.origin == {}
    assert built.layers_kept == (1, 2)
    state, own = teacher.state_dict(), built.module.state_dict()
    assert list(state) == list(own)
    assert all(torch.equal(own[key], state[key]) for key in state)
    assert torch.equal(_logits(built.module), _logits(teacher))


def test_shares_no_tensor(architecture: str) -> None:
    """The teacher stays as it is when its student learns."""
    teacher = tiny_module(architecture)
    built = build_student(teacher, 2, 128)
    before = _logits(teacher)
    with torch.no_grad():
        for parameter in built.module.parameters():
            parameter.zero_()
    assert torch.equal(_logits(teacher), before)


def test_every_tensor_is_where_it_belongs(architecture: str) -> None:
    """Student layers 1, 2, 3 of 5 are the teacher's 1, 3, 5; everything else is the same."""
    if architecture == _GRANITE:
        pytest.skip("its layers are not alike")
    teacher = deeper_module(architecture, 5)
    built = build_student(teacher, 3)
    assert built.layers_kept == (1, 3, 5)
    state, blocks = teacher.state_dict(), _blocks_name(teacher)
    seen = set()
    for key, tensor in built.module.state_dict().items():
        source = key
        for own, layer in ((1, 2), (2, 4)):
            source = source.replace(f"{blocks}.{own}.", f"{blocks}.#{layer}.")
        source = source.replace("#", "")
        assert torch.equal(tensor, state[source]), key
        assert built.origin.get(key, key) == source
        seen.add(source)
    left = {key for key in state if f"{blocks}.1." in key or f"{blocks}.3." in key}
    assert seen == set(state) - left


def test_one_layer_of_wavlm_has_the_positions() -> None:
    """The student's only layer is the last one, with the table of positions of the first."""
    teacher = deeper_module("wavlm", 5)
    built = build_student(teacher, 1)
    table = "wavlm.encoder.layers.0.attention.rel_attn_embed.weight"
    state, own = teacher.state_dict(), built.module.state_dict()
    assert torch.equal(own[table], state[table])
    assert table not in built.origin
    key = "wavlm.encoder.layers.0.attention.q_proj.weight"
    last = "wavlm.encoder.layers.4.attention.q_proj.weight"
    assert built.origin[key] == last
    assert torch.equal(own[key], state[last])
    assert not torch.equal(own[key], state[key])


def test_narrower_keeps_the_most_important_units(architecture: str) -> None:
    """Each feed-forward layer's rows are the teacher's with the largest products of norms."""
    teacher = tiny_module(architecture)
    built = build_student(teacher, 2, 100)
    state, own = teacher.state_dict(), built.module.state_dict()
    pairs = (("intermediate_dense", "output_dense"), ("linear1", "linear2"))
    pairs += (("intermediate.dense", "output.dense"),)
    checked = 0
    for key in state:
        for into, out_of in pairs:
            if not key.endswith(f"{into}.weight") or state[key].shape[0] != 256:
                continue
            column_key = key.replace(into, out_of)
            rows, columns = state[key].numpy(), state[column_key].numpy()
            scores = (rows**2).sum(axis=1) * (columns**2).sum(axis=0)
            units = sorted(sorted(range(256), key=lambda unit, s=scores: -s[unit])[:100])
            assert torch.equal(own[key], state[key][units])
            assert torch.equal(own[column_key], state[column_key][:, units])
            checked += 1
    assert checked in (2, 4)


def test_narrower_stays_nearer_than_any_other_choice() -> None:
    """A model whose first units matter little hardly changes without them."""
    teacher = tiny_module("wav2vec2")
    with torch.no_grad():
        for layer in encoder_blocks(teacher):
            layer.feed_forward.intermediate_dense.weight[:56] *= 1e-3
            layer.feed_forward.output_dense.weight[:, :56] *= 1e-3
    narrower = build_student(teacher, 2, 200)
    change = (_logits(narrower.module) - _logits(teacher)).abs().max()
    assert float(change) < 1e-3 * float(_logits(teacher).abs().max())


def test_plain_from_pretrained(architecture: str, tmp_path: Path) -> None:
    """What save_pretrained writes, an ordinary from_pretrained loads to the same logits."""
    layers = 2 if architecture == _GRANITE else 1
    student = build_student(tiny_module(architecture), layers, 128).module
    with quiet_transformers():
        student.save_pretrained(tmp_path)  # type: ignore[operator]
        loaded, info = type(student).from_pretrained(  # type: ignore[attr-defined]
            tmp_path, output_loading_info=True
        )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert torch.equal(_logits(loaded.eval()), _logits(student))


def test_configuration_says_the_change(architecture: str) -> None:
    """The changes named are those of the configuration, where the family has them."""
    layers = 2 if architecture == _GRANITE else 1
    built = build_student(tiny_module(architecture), layers, 128)
    changes = {"intermediate_size": 128} | ({"num_hidden_layers": 1} if layers == 1 else {})
    config: Any = built.module.config
    if hasattr(config, "encoder_config"):
        assert built.config == {"encoder_config": changes}
        config = config.encoder_config
    else:
        assert built.config == changes
    assert (config.num_hidden_layers, config.intermediate_size) == (layers, 128)


def test_building_draws_no_random_numbers() -> None:
    """PyTorch's random state is as before."""
    teacher = tiny_module("wav2vec2")
    before = torch.get_rng_state()
    build_student(teacher, 1, 128)
    assert torch.equal(torch.get_rng_state(), before)


def test_parameters_of_the_layers() -> None:
    """By hand: attention 4 (32 32 + 32), feed-forward 2 32 256 + 256 + 32, two norms of 64."""
    teacher = tiny_module("wav2vec2")
    assert block_parameters(teacher) == 2 * (4 * 1056 + 16_672 + 128)
    student = build_student(teacher, 1, 128).module
    assert block_parameters(student) == 4 * 1056 + 8192 + 128 + 32 + 128


@pytest.mark.parametrize(
    ("layers", "ffn", "why"),
    [
        (3, None, "a student of 3 layers, but the model has 2"),
        (1, 257, "a feed-forward width of 257, but the model has 256"),
        (2, None, "the student would be the model itself"),
        (2, 256, "the student would be the model itself"),
        (None, 256, "the student would be the model itself"),
    ],
)
def test_refused_sizes(layers: int | None, ffn: int | None, why: str) -> None:
    """Nothing that is larger than the teacher, or as large."""
    assert why in str(refusal(tiny_module("wav2vec2"), layers, ffn))


@pytest.mark.parametrize(("layers", "ffn"), [(1, None), (1, 256), (None, 255), (1, 1)])
def test_accepted_sizes(layers: int | None, ffn: int | None) -> None:
    """Anything smaller in one way."""
    assert refusal(tiny_module("wav2vec2"), layers, ffn) is None


def test_too_large_is_not_built() -> None:
    """Asked for all the same, it is an error and no model."""
    with pytest.raises(ModelError, match="a student of 3 layers, but the model has 2"):
        build_student(tiny_module("wav2vec2"), 3)


def test_a_decoder_is_refused() -> None:
    """Whisper has none of the frames' posteriors that a student learns from."""
    import transformers

    config = transformers.WhisperConfig(
        d_model=8, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=8, decoder_ffn_dim=8,
        encoder_attention_heads=1, decoder_attention_heads=1, vocab_size=60_000,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    assert "it has a decoder" in str(refusal(model, 1, None))

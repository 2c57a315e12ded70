"""Rounding with error feedback."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from asrcompress.compress.decision import Bits, Decision
from asrcompress.compress.divergence import divergence
from asrcompress.compress.encode import dequantised, encode
from asrcompress.compress.feedback import with_feedback
from asrcompress.compress.gptq import (
    feedback_of,
    in_memory,
    round_with_feedback,
    second_moments,
)
from asrcompress.compress.pricing import Pricing
from asrcompress.compress.sensitivity import bench_of
from asrcompress.compress.trial import Treatment
from asrcompress.core.progress import silent
from tests.checkpoints import tiny_checkpoint
from tests.compress.benches import noise_audio, setting


def _drawn(rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight and 2000 correlated inputs, seeded."""
    generator = torch.Generator().manual_seed(columns)
    mixing = torch.randn(columns, columns, generator=generator)
    inputs = torch.randn(2000, columns, generator=generator) @ mixing
    return torch.randn(rows, columns, generator=generator), inputs


def _one_by_one(weight: torch.Tensor, bits: int, inputs: torch.Tensor) -> torch.Tensor:
    """Algorithm 1 as the paper's text has it: after each column the inverse of what is left."""
    moments = (inputs.T @ inputs).double()
    moments += 0.01 * moments.diagonal().mean() * torch.eye(len(moments))
    left = weight.double().clone()
    low, high = weight.amin(1).double(), weight.amax(1).double()  # one group a row
    step = (high - low) / (2**bits - 1)
    rest = moments.diagonal().argsort(descending=True).tolist()
    done = torch.zeros_like(left)
    while rest:
        inverse = torch.linalg.inv(moments[rest][:, rest])
        first = rest[0]
        code = ((left[:, first] - low) / step).round().clamp(0, 2**bits - 1)
        done[:, first] = low + code * step
        error = (left[:, first] - done[:, first]) / inverse[0, 0]
        left[:, rest] -= error[:, None] * inverse[0]
        rest = rest[1:]
    return done.float()


@pytest.mark.parametrize("bits", [2, 4])
def test_it_is_the_papers_algorithm(bits: Bits) -> None:
    """Equal to removing one column after another from the inverse, as equation 3 does."""
    weight, inputs = _drawn(8, 96)
    found = round_with_feedback(weight, bits, feedback_of(inputs.T @ inputs)).dequantize()
    expected = _one_by_one(weight, bits, inputs)
    close = torch.isclose(found, expected, atol=1e-4)
    assert float(close.float().mean()) > 0.99  # a tie in float32 may fall to the other side


@pytest.mark.parametrize("columns", [96, 160, 256, 384])
@pytest.mark.parametrize("bits", [2, 4])
def test_the_outputs_change_less_than_by_rounding_to_nearest(columns: int, bits: Bits) -> None:
    """On the inputs it heard, for each grouping of a row (whole, 32s, 128s)."""
    weight, inputs = _drawn(32, columns)
    found = round_with_feedback(weight, bits, feedback_of(inputs.T @ inputs)).dequantize()
    nearest = dequantised(weight, Decision("", bits=bits))

    def error(values: torch.Tensor) -> float:
        return float(((values - weight) @ inputs.T).norm())

    assert error(found) < 0.8 * error(nearest)


@pytest.mark.parametrize("columns", [96, 256])
def test_inputs_that_do_not_correlate_give_rounding_to_nearest(columns: int) -> None:
    """With H a multiple of the identity nothing can be made up for: quanto's own result."""
    weight, _ = _drawn(16, columns)
    found = round_with_feedback(weight, 4, feedback_of(torch.eye(columns)))
    decision = Decision("", bits=4)
    assert torch.equal(found.dequantize(), dequantised(weight, decision))
    given = Decision("", bits=4, rounding="gptq", quantised=found)
    for part, tensor in encode(weight, decision).parts.items():
        assert torch.equal(encode(weight, given).parts[part], tensor), part


def test_what_the_engine_stores_is_what_was_rounded() -> None:
    """The parts of any 4-bit weight, and the values that were measured."""
    weight, inputs = _drawn(16, 256)
    made = round_with_feedback(weight, 4, feedback_of(inputs.T @ inputs))
    decision = Decision("", bits=4, rounding="gptq", quantised=made)
    assert torch.equal(dequantised(weight, decision), made.dequantize())
    plain = encode(weight, Decision("", bits=4)).parts
    parts = encode(weight, decision).parts
    assert {name: (p.shape, p.dtype) for name, p in parts.items()} == {
        name: (p.shape, p.dtype) for name, p in plain.items()
    }


def test_inputs_that_are_always_zero_do_no_harm() -> None:
    """A dead input's moments are 0; damping keeps the factor finite."""
    weight, inputs = _drawn(8, 64)
    inputs[:, :5] = 0
    assert torch.isfinite(
        round_with_feedback(weight, 2, feedback_of(inputs.T @ inputs)).dequantize()
    ).all()
    silence = torch.zeros(64, 64)
    assert torch.isfinite(round_with_feedback(weight, 2, feedback_of(silence)).dequantize()).all()


def test_second_moments_are_those_of_the_inputs(tmp_path: Path) -> None:
    """X^T X over all frames of all references, from a hook of our own."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    bench = bench_of(made.weights, made.context)
    name = "wav2vec2.encoder.layers.1.feed_forward.output_dense"
    heard: list[torch.Tensor] = []
    layer = bench.trial.module.get_submodule(name)
    hook = layer.register_forward_pre_hook(lambda _, args: heard.append(args[0][0]))
    divergence(bench.trial.module, bench.all)
    hook.remove()
    rows = torch.cat(heard)
    (found,) = second_moments(bench.trial.module, [name], bench.all).values()
    assert torch.allclose(found, rows.T @ rows, rtol=1e-4, atol=1e-4)


def test_lots_fit_into_memory() -> None:
    """Four layers of 4096 inputs have 256 MiB together; a larger one is a lot of its own."""
    inputs = {f"l{number}": 4096 for number in range(6)} | {"huge": 10_000, "small": 8}
    lots = list(in_memory(inputs))
    assert lots == [["l0", "l1", "l2", "l3"], ["l4", "l5"], ["huge"], ["small"]]


def test_layers_that_it_fits_get_it_as_a_treatment(tmp_path: Path) -> None:
    """Linear ones at 4 and 2 bits: at the same bytes, and with less divergence at 2 bits."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path, count=4))
    bench = bench_of(made.weights, made.context)
    nearest = (Treatment(2), Treatment(8))
    pricing = Pricing(dict.fromkeys(made.weights.selected(), nearest), lambda plan: len(plan))
    choices = with_feedback(bench, pricing, silent).choices
    assert set(choices.values()) == {(Treatment(2, "gptq"), Treatment(8))}
    uniform = dict.fromkeys(choices, Treatment(2))
    fed_back = dict.fromkeys(choices, Treatment(2, "gptq"))
    assert bench.of_plan(fed_back)["clean"] < bench.of_plan(uniform)["clean"]

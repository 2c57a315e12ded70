"""Bits by measured sensitivity, from parameters to decisions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asrcompress.compress import feedback
from asrcompress.compress.calibration import read_calibration
from asrcompress.compress.decision import CalibrationAudio, Decision
from asrcompress.compress.gptq import round_with_feedback
from asrcompress.compress.methods import adaptive, mixed
from asrcompress.compress.sensitivity import bench_of, mean
from asrcompress.compress.trial import Treatment
from asrcompress.core.errors import InputError, ModelError
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder
from tests.compress.benches import Setting, noise_audio, setting


@pytest.fixture(scope="module")
def bundled() -> Setting:
    """The bundled model with some 5 s of the bundled corpus."""
    return setting(
        "bundled:model", read_calibration([("clean", "bundled:corpus")], max_duration_s=5)
    )


def _bytes(made: Setting, bits: int) -> int:
    layers = made.weights.selected()
    return made.context.file_bytes({name: Treatment(bits).decision() for name in layers})  # type: ignore[arg-type]


def _harm(made: Setting, decisions: Mapping[str, Decision]) -> float:
    """The mean divergence of decisions, measured anew on a model loaded anew."""
    bench = bench_of(made.weights, made.context)
    plan = {}
    for name, decision in decisions.items():
        plan[name] = Treatment(decision.bits, decision.rounding)
        if decision.quantised is not None:
            bench.trial.add_rounded(name, decision.bits, decision.quantised)
    return mean(bench.of_plan(plan))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "exactly one of target_size, target_ratio, target_divergence, not 0"),
        ({"target_size": "2MB", "target_ratio": 0.2}, "exactly one of .*, not 2"),
        ({"target_size": "two MB"}, "is no size"),
        ({"target_ratio": 1.5}, "less than or equal to 1"),
        ({"target_divergence": 0}, "greater than 0"),
        ({"target_size": "2MB", "candidates": (3,)}, "candidates"),
    ],
)
def test_a_target_is_one_of_three(given: dict[str, Any], message: str) -> None:
    """What cannot be meant is refused with the reason."""
    with pytest.raises(ValidationError, match=message):
        mixed.Params(**given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"target_size": "8.3 MB"}, "mixed-8.30MB"),
        ({"target_size": 2_000_000}, "mixed-2.00MB"),
        ({"target_ratio": 0.15}, "mixed-x0.15"),
        ({"target_divergence": 0.01}, "mixed-kl0.01"),
    ],
)
def test_the_label_says_the_target(given: dict[str, Any], expected: str) -> None:
    """As part of an artefact's name."""
    assert mixed.label(mixed.Params(**given)) == expected


def test_without_audio_it_says_what_to_give(tmp_path: Path) -> None:
    """Before the model is loaded."""
    made = setting(tiny_checkpoint(tmp_path / "model"))
    reason = mixed.refusal(mixed.Params(target_size="1MB"), made.weights, made.context)
    assert reason is not None
    assert "no calibration audio" in reason
    assert "--audio" in reason


def test_a_budget_below_the_smallest_file_is_refused(tmp_path: Path) -> None:
    """With the smallest size that these layers allow; that one itself is not refused."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    smallest = _bytes(made, 2)
    reason = mixed.refusal(mixed.Params(target_size=smallest - 1), made.weights, made.context)
    assert reason is not None
    assert f"has {smallest} (" in reason
    assert mixed.refusal(mixed.Params(target_size=smallest), made.weights, made.context) is None


def test_a_module_that_is_no_recogniser_is_refused(tmp_path: Path) -> None:
    """Nothing can be measured without a processor."""
    from dataclasses import replace

    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    bare = replace(made.context, original=lambda: replace(made.context.original(), processor=None))
    with pytest.raises(ModelError, match="no recogniser"):
        mixed.decide(mixed.Params(target_size="1MB"), made.weights, bare)


@pytest.mark.parametrize("bits", [2, 4])
def test_at_a_uniform_plans_bytes_it_diverges_less(bundled: Setting, bits: int) -> None:
    """Within the bytes of all layers at 4 (or 2) bits, and nearer to the original."""
    budget = _bytes(bundled, bits)
    params = mixed.Params(target_size=budget, search_rounds=1)
    found = mixed.decide(params, bundled.weights, bundled.context)
    assert found.calibration is not None
    assert bundled.context.file_bytes(found.layers) <= budget
    uniform = {name: Treatment(bits).decision() for name in found.layers}  # type: ignore[arg-type]
    harm = _harm(bundled, found.layers)
    assert harm == pytest.approx(mean(found.calibration.measured), rel=1e-9)
    assert harm < 0.6 * _harm(bundled, uniform)


@pytest.mark.parametrize("classes", ["two-class", "three-class"])
def test_at_the_fuzzy_rules_bytes_it_diverges_less(bundled: Setting, classes: Any) -> None:
    """The baseline to beat, with its own bytes as the budget."""
    fuzzy = adaptive.decide(adaptive.Params(adaptive=classes), bundled.weights, bundled.context)
    budget = bundled.context.file_bytes(fuzzy.layers)
    params = mixed.Params(target_size=budget, search_rounds=0)
    found = mixed.decide(params, bundled.weights, bundled.context)
    assert bundled.context.file_bytes(found.layers) <= budget
    unpruned = {
        name: Treatment(decision.bits, decision.rounding).decision()
        for name, decision in fuzzy.layers.items()
    }
    assert _harm(bundled, found.layers) < 0.9 * _harm(bundled, unpruned)


def test_a_divergence_is_kept_with_few_bytes(bundled: Setting) -> None:
    """At most 0.01 nats a frame, in fewer bytes than 4 bits everywhere take."""
    params = mixed.Params(target_divergence=0.01, search_rounds=0)
    found = mixed.decide(params, bundled.weights, bundled.context)
    assert found.calibration is not None
    assert found.calibration.budget == "0.01 nats"
    assert found.calibration.budget_bytes is None
    assert _harm(bundled, found.layers) <= 0.01
    assert bundled.context.file_bytes(found.layers) < _bytes(bundled, 4)


def test_a_ratio_is_of_the_weights_in_float32(tmp_path: Path) -> None:
    """0.5 of four bytes a weight."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    params = mixed.Params(target_ratio=0.5, search_rounds=0)
    found = mixed.decide(params, made.weights, made.context)
    weights = sum(p.numel() for p in made.context.original().model.parameters())
    assert found.calibration is not None
    assert found.calibration.budget_bytes == 2 * weights
    assert made.context.file_bytes(found.layers) <= 2 * weights


def test_what_was_measured_is_recorded(tmp_path: Path) -> None:
    """Each layer's options with bytes and divergence by condition; the corpora; the sums."""
    audio = noise_audio(tmp_path, conditions=("clean", "noise 5 dB"))
    told: list[tuple[str, int, int]] = []
    made = setting(
        tiny_checkpoint(tmp_path / "model"),
        audio,
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    budget = (_bytes(made, 2) + _bytes(made, 4)) // 2
    found = mixed.decide(mixed.Params(target_size=budget), made.weights, made.context)
    record = found.calibration
    assert record is not None
    assert [corpus.condition for corpus in record.corpora] == ["clean", "noise 5 dB"]
    assert record.measured.keys() == record.predicted.keys() == {"clean", "noise 5 dB"}
    assert record.plans_measured >= 3  # ours, 2 bits by min-max, 2 bits by GPTQ
    layer = made.weights.layers["lm_head"]
    decision = found.layers["lm_head"]
    assert decision.analysis is not None
    rows = {row.option: row for row in decision.analysis.sensitivity}
    assert rows.keys() == {"2 bits gptq", "4 bits gptq", "8 bits"}
    chosen = f"{decision.bits} bits" + (" gptq" if decision.bits < 8 else "")
    assert decision.why.startswith(chosen)
    assert rows["8 bits"].weight_bytes == layer.weights + 4 * 32 + 8  # a scale a row, two of inputs
    assert rows["4 bits gptq"].weight_bytes == layer.weights // 2 + 32 * (4 + 4) + 8  # and a shift
    assert rows["2 bits gptq"].divergence["clean"] > rows["8 bits"].divergence["clean"]
    for what in {what for what, _, _ in told if what.startswith("layers")}:
        counts = [(done, total) for each, done, total in told if each == what]
        assert all(0 <= done <= total for done, total in counts)
    alone = [done for what, done, total in told if what == "layers alone" and done == total]
    assert alone == [3 * len(made.weights.selected())]  # 2, 4 and 8 bits of each


def test_eight_bits_for_all_need_no_fewer(tmp_path: Path) -> None:
    """Where they fit, no layer gets 4 or 2, and what is left buys more for some."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    budget = round(1.2 * _bytes(made, 8))
    found = mixed.decide(mixed.Params(target_size=budget), made.weights, made.context)
    bits = {decision.bits for decision in found.layers.values()}
    assert min(bits) == 8
    assert max(bits) > 8


@pytest.mark.parametrize("architecture", ["whisper", "moonshine", "wavlm"])
def test_other_architectures_get_a_plan(tmp_path: Path, architecture: str) -> None:
    """Decoders by their own transcripts; WavLM, whose attention reads weights without a call."""
    folder = tmp_path / "model"
    if architecture == "wavlm":
        model = tiny_checkpoint(folder, architecture)
    else:
        model = tiny_encoder_decoder(folder, architecture)
    audio: tuple[CalibrationAudio, ...] = noise_audio(tmp_path)
    made = setting(model, audio)
    budget = (_bytes(made, 2) + _bytes(made, 8)) // 2
    params = mixed.Params(target_size=budget, search_rounds=0)
    found = mixed.decide(params, made.weights, made.context)
    assert made.context.file_bytes(found.layers) <= budget
    assert found.calibration is not None
    uniform = dict.fromkeys(found.layers, Treatment(4).decision())
    if made.context.file_bytes(uniform) <= budget:
        assert mean(found.calibration.measured) <= _harm(made, uniform)


def test_a_uniform_plan_rounded_its_own_way_can_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where error feedback fails, the plan without it is chosen, and each layer's harm is known."""
    wrong: Any = lambda weight, *rest: round_with_feedback(-weight, *rest)  # noqa: E731
    monkeypatch.setattr(feedback, "round_with_feedback", wrong)
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    params = mixed.Params(target_size=_bytes(made, 2))
    found = mixed.decide(params, made.weights, made.context)
    assert {decision.rounding for decision in found.layers.values()} <= {"max", "hqq"}
    assert found.calibration is not None
    assert mean(found.calibration.measured) == pytest.approx(_harm(made, found.layers))
    head = found.layers["lm_head"]
    assert head.analysis is not None
    chosen = f"2 bits {head.rounding}"
    options = [row.option for row in head.analysis.sensitivity]
    assert options == ["2 bits gptq", "4 bits gptq", "8 bits", chosen]
    assert head.why.startswith(f"{chosen}: ")


def test_no_plan_reaches_what_the_candidates_cannot(tmp_path: Path) -> None:
    """Without 32 bits a divergence of nearly nothing is out of reach, and it says how near."""
    made = setting(tiny_checkpoint(tmp_path / "model"), noise_audio(tmp_path))
    params = mixed.Params(target_divergence=1e-12, candidates=(2, 4), search_rounds=0)
    with pytest.raises(InputError, match=r"no plan of bits meets the target; got at best .* nats"):
        mixed.decide(params, made.weights, made.context)

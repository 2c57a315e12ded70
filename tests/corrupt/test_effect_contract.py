"""Every effect, also one added tomorrow, keeps the contract that corrupt.effect states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from asrcompress.core.condition import Condition, Step
from asrcompress.core.errors import InputError
from asrcompress.core.registry import load_plugin, plugin_names
from asrcompress.corrupt import effects
from asrcompress.corrupt.chain import corrupt_one
from asrcompress.corrupt.effect import bind
from asrcompress.corrupt.sources import open_libraries
from tests.corrupt.corpora import corpus

EFFECTS = plugin_names(effects)


def _required(form: type[BaseModel]) -> dict[str, float]:
    """The smallest parameters: numbers without a default set to 10."""
    return {name: 10.0 for name, field in form.model_fields.items() if field.is_required()}


@pytest.mark.parametrize("name", EFFECTS)
def test_parameters_are_frozen_closed_and_described(name: str) -> None:
    form = load_plugin(effects, name).Params
    params = form(**_required(form))
    assert all(field.description for field in form.model_fields.values())
    with pytest.raises(ValidationError, match="extra_forbidden"):
        form(**_required(form), surely_not_a_parameter=1)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(params, next(iter(form.model_fields)), 0)


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_pure_and_depends_on_its_key_only(name: str, tmp_path: Path) -> None:
    """The same draw twice gives the same bytes, the input stays, another seed another sound."""
    said = corpus(tmp_path / "c")
    libraries = open_libraries(said)
    params = _required(load_plugin(effects, name).Params)
    one = said.utterances[0]
    samples = one.audio()
    before = samples.copy()
    sounds = []
    for seed in (0, 0, 1):
        condition = Condition("x", (Step(name, params),), seed=seed)
        changed, record = corrupt_one(one, samples, condition, libraries)
        assert changed.dtype == np.float32
        assert changed.shape == samples.shape
        assert record["condition"] == "x"
        sounds.append(changed.tobytes())
    np.testing.assert_array_equal(samples, before)
    assert sounds[0] == sounds[1]
    assert sounds[0] != samples.tobytes()


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_has_a_code_version(name: str) -> None:
    step = Step(name, _required(load_plugin(effects, name).Params))
    assert bind(Condition("x", (step,)))[0].code_version >= 1


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("nois"), r"got 'nois'; expected one of .*did you mean 'noise'\?"),
        (Step("noise", {"snr": 5}), "bad snr_db: condition 'x', effect noise; got nothing"),
        (Step("noise", {"snr_db": 5, "tipe": "a"}), r"unknown parameter.*did you mean 'type'\?"),
        (Step("noise", {"snr_db": 500}), "bad snr_db.*got 500; expected .*less than or equal"),
        (Step("noise", {"snr_db": float("nan")}), "bad snr_db.*got nan"),
        (Step("reverb", {"room": "huge"}), "bad room.*'huge'.*'small', 'medium' or 'large'"),
    ],
)
def test_mistakes_are_named(step: Step, words: str) -> None:
    with pytest.raises(InputError, match=words):
        bind(Condition("x", (step,)))


def test_a_room_after_noise_is_refused() -> None:
    steps = (Step("noise", {"snr_db": 5}), Step("reverb"))
    with pytest.raises(InputError, match="reverb after noise: x; expected reverb first"):
        bind(Condition("x", steps))


def test_an_effect_twice_is_refused() -> None:
    with pytest.raises(InputError, match="effect twice in a condition: x; got reverb"):
        bind(Condition("x", (Step("reverb"), Step("reverb"))))

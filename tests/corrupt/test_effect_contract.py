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
from asrcompress.corrupt.chain import check_names, corrupt_one
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
    for field in form.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(params, field, 0)


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
        assert len(changed) == pytest.approx(len(samples) / record.get("speed_factor", 1), abs=1)
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
        (Step("mp3", {"bitrate_kbps": 33}), "bad bitrate_kbps.*got 33; expected .*one of 8, 16"),
        (Step("packet_loss", {"rate": 0.9}), "bad parameters.*burst of 9 or more at rate 0.9"),
        (Step("clipping", {"fraction": 0.1, "overload_db": 3}), "fraction, one of them"),
        (Step("gsm", {"bitrate_kbps": 13}), "unknown parameter"),
        (Step("noise", {"snr_db": 5, "reverberate": True}), "noise without reverb: condition 'x'"),
    ],
)
def test_mistakes_are_named(step: Step, words: str) -> None:
    with pytest.raises(InputError, match=words):
        bind(Condition("x", (step,)))


@pytest.mark.parametrize("name", EFFECTS)
def test_other_parameters_have_another_label(name: str) -> None:
    """So that no two conditions that differ meet in one folder; and it fits a folder's name."""
    variants = {"noise": _NOISES, "reverb": [{"room": "small"}, {"room": "large"}, {}], **_OTHERS}
    labels = [bind(Condition("x", (Step(name, params),)))[0].label for params in variants[name]]
    assert len(set(labels)) == len(labels)
    check_names(labels)


_NOISES: list[dict[str, object]] = [
    {"snr_db": 10},
    {"snr_db": 10.5},
    {"snr_db": 10, "type": "babble"},
    {"snr_db": 10, "reference": "active"},
]
_OTHERS: dict[str, list[dict[str, object]]] = {
    "clipping": [{"overload_db": 1}, {"fraction": 0.01}, {"fraction": 0.012}],
    "far_field": [{}, {"attenuation_db": 6}, {"floor_dbfs": -60}],
    "gsm": [{}],
    "mp3": [{"bitrate_kbps": 8}, {"bitrate_kbps": 16}],
    "opus": [{"bitrate_kbps": 8}, {"bitrate_kbps": 8.5}],
    "packet_loss": [{}, {"rate": 0.2}, {"burst": 3}, {"conceal": "repeat"}],
    "speed": [{"factor": 0.9}, {"factor": 1.1}],
    "telephone": [{}, {"law": "a"}],
}


@pytest.mark.parametrize(
    ("late", "early"),
    [
        ("noise", "reverb"),
        ("noise", "speed"),
        ("reverb", "speed"),
        ("opus", "noise"),
        ("gsm", "clipping"),
        ("packet_loss", "mp3"),
        ("noise", "far_field"),
    ],
)
def test_steps_against_the_way_of_sound_are_refused(late: str, early: str) -> None:
    """Mouth, room, distance, noise, recorder, codec, network: nothing goes back."""
    found = {
        name: Step(name, _required(load_plugin(effects, name).Params)) for name in (late, early)
    }
    bind(Condition("x", (found[early], found[late])))
    with pytest.raises(InputError, match=f"{early} after {late}: condition 'x'.*{early} before"):
        bind(Condition("x", (found[late], found[early])))


def test_two_codecs_in_a_row_are_a_transcoding() -> None:
    bind(Condition("x", (Step("mp3"), Step("opus"), Step("gsm"))))


def test_an_effect_twice_is_refused() -> None:
    with pytest.raises(InputError, match="effect twice in a condition: condition 'x'; got reverb"):
        bind(Condition("x", (Step("reverb"), Step("reverb"))))

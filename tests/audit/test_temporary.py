"""What a single compression listens to, and the folder of its calibration audio."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import pytest

from asrcompress.audit.temporary import (
    CALIBRATION_S,
    CALIBRATION_SNR_DB,
    Recordings,
    listening_to,
)
from asrcompress.cli import compress as command
from asrcompress.compress import CompressOptions, read_options
from asrcompress.core.errors import InputError, OutputError
from tests.corpora import tiny_corpus

MIXED: dict[str, Any] = {"mixed": True, "target_ratio": 0.5}
DISTILLED: dict[str, Any] = {"method": "distill", "layers": 1, "steps": 1}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of half a second or a little more, of three speakers."""
    return tiny_corpus(tmp_path_factory.mktemp("listening") / "corpus")


def _refusal(recordings: Recordings, **options: Any) -> str:
    with (
        pytest.raises(InputError) as caught,
        listening_to(recordings, read_options(options)),
    ):
        pass
    return str(caught.value)


def test_no_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to do, before any audio is read."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with (
        pytest.raises(OutputError, match=r"temporary files; got No such file .*; name a .* TMPDIR"),
        listening_to(Recordings("nosuch"), read_options(MIXED)),
    ):
        pass


def test_audio_that_nothing_listens_to() -> None:
    """Refused before it is looked for."""
    found = _refusal(Recordings("nosuch"), bits=8)
    assert "no method listens to audio: nosuch; add method structured or distill" in found


@pytest.mark.parametrize("options", [MIXED, DISTILLED], ids=["mixed", "distill"])
def test_no_audio_at_all(options: dict[str, Any]) -> None:
    """Methods that measure or train refuse that themselves."""
    with listening_to(Recordings(), read_options(options)) as heard:
        assert heard.calibration == ()
        assert heard.training is None


@pytest.mark.parametrize(
    ("more", "is_measured"), [({}, False), (MIXED, True), ({"bits": 8}, False)]
)
def test_calibration_audio_is_made_only_to_measure_on(
    corpus: Path, more: dict[str, Any], is_measured: bool
) -> None:
    """The same corpus trains and, where bits are chosen by measuring, calibrates as well."""
    options: CompressOptions = read_options({**DISTILLED, **more})
    place = Recordings(corpus, device="cpu", checkpoint_steps=7)
    with listening_to(place, options) as heard:
        assert heard.training is not None
        assert len(heard.training.utterances) == 6
        assert [one.condition for one in heard.calibration] == (
            ["clean", "noise-5dB"] if is_measured else []
        )
        assert (heard.place.device, heard.place.checkpoint_steps) == ("cpu", 7)
        assert heard.place.folder is None


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ({"augment_noise": Path("n")}, DISTILLED, "option 'augment_noise' needs 'audio'"),
        ({"calibration_snr": (0.0,)}, MIXED, "option 'calibration_snr' needs 'audio'"),
        ({"calibration_snr": (0.0,)}, {"bits": 8}, "option 'calibration_snr' needs 'mixed'"),
        ({"device": "cpu"}, {"bits": 8}, "option 'device' needs a method that trains"),
        ({"audio": "a", "device": "cpu"}, MIXED, "option 'device' needs a method that trains"),
        ({"audio": "a", "checkpoint_steps": 9}, MIXED, "'checkpoint_steps' needs a method that"),
        ({"audio": "a", "augment_rir": Path("r")}, MIXED, "'augment_rir' needs a method that"),
        ({"audio": "a", "calibration_seconds": 9.0}, DISTILLED, "'calibration_seconds' needs 'mix"),
        (
            {"audio": "a", "augment_noise": Path("n")},
            {**DISTILLED, "augment": "rooms"},
            "option 'augment_noise' is not heard with augment rooms",
        ),
        (
            {"audio": "a", "augment_rir": Path("r")},
            {**DISTILLED, "augment": "none"},
            "option 'augment_rir' is not heard with augment none",
        ),
        ({"audio": "a", "device": "abacus"}, DISTILLED, "device cannot be used; got 'abacus'"),
        ({"audio": "a"}, {**DISTILLED, "augment_snr": "20,0"}, "'augment_snr' cannot be used"),
        ({"audio": "nosuch"}, DISTILLED, "no such corpus: nosuch"),
    ],
)
def test_what_would_be_ignored_is_refused(
    given: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    """Before any audio is read."""
    assert message in _refusal(Recordings(**given), **options)


def test_the_command_has_the_same_defaults() -> None:
    """An option left out is one that was not given."""
    parameters = inspect.signature(command.compress).parameters
    assert float(parameters["calibration_snr"].default) == CALIBRATION_SNR_DB[0]
    assert len(CALIBRATION_SNR_DB) == 1
    assert parameters["calibration_seconds"].default == CALIBRATION_S

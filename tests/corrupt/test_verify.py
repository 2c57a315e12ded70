"""Verifying a folder: whatever was changed since it was written is found and named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError, IntegrityError
from asrcompress.corrupt.conditions import condition_of, conditions_from, steps_from_text
from asrcompress.corrupt.request import CorruptRequest, run
from asrcompress.corrupt.verify import VerifyRequest, verify
from tests.corrupt.corpora import RATE_HZ, voice, write_corpus, write_noises, write_rooms

_CHAIN = "reverb:room=small+noise:snr_db=5,reference=active+opus:bitrate_kbps=16"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus under five conditions, with all that it was made from."""
    folder = tmp_path_factory.mktemp("verify")
    request = CorruptRequest(
        corpus=write_corpus(folder / "c"),
        conditions=(
            *conditions_from([0, 10], ["small"], False, clean=True),
            condition_of(steps_from_text(_CHAIN), name="chain"),
        ),
        output=folder / "out",
        noise=write_noises(folder / "n", music=0.15, vehicle=2.0),
        rir=write_rooms(folder / "r"),
        workers=1,
    )
    run(request)
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "place"))


def _request(place: Path) -> VerifyRequest:
    return VerifyRequest(place / "out", place / "c", place / "n", place / "r", workers=1)


def test_what_was_written_is_found_to_be_that(place: Path) -> None:
    for request in (VerifyRequest(place / "out"), _request(place)):
        result = verify(request)
        result.raise_if_bad()
        assert [check.files for check in result.conditions] == [6] * 5
        assert [check.clipped for check in result.conditions] == [0] * 5
        errors_db = [check.worst_snr_error_db for check in result.conditions]
        assert errors_db[0] is None
        assert errors_db[3] is None
        assert all(error is not None and error < 0.001 for error in (*errors_db[1:3], errors_db[4]))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ["its record"] * 5),
        (("corpus",), ["itself made again", *["its original"] * 2, *["its record"] * 2]),
        (("corpus", "noise"), [*["itself made again"] * 3, *["its record"] * 2]),
        (("corpus", "noise", "rir"), ["itself made again"] * 5),
    ],
)
def test_it_says_what_it_compared_with(
    place: Path, given: tuple[str, ...], expected: list[str]
) -> None:
    every = {"corpus": place / "c", "noise": place / "n", "rir": place / "r"}
    request = VerifyRequest(place / "out", **{name: every[name] for name in given})  # type: ignore[arg-type]
    assert [check.compared_with for check in verify(request).conditions] == expected


def _swap(folder: Path) -> None:
    """Two recordings exchanged: nothing that a count would see."""
    first, second, spare = (folder / "audio" / name for name in ("u0.flac", "u1.flac", "x"))
    first.rename(spare)
    second.rename(first)
    spare.rename(second)


def _cut(folder: Path) -> None:
    samples, rate_hz = soundfile.read(folder / "audio" / "u0.flac")
    soundfile.write(folder / "audio" / "u0.flac", samples[:-1], rate_hz, subtype="PCM_24")


def _clip(folder: Path) -> None:
    samples, rate_hz = soundfile.read(folder / "audio" / "u0.flac")
    samples[7] = 1.0
    soundfile.write(folder / "audio" / "u0.flac", samples, rate_hz, subtype="PCM_24")


def _edit_manifest(folder: Path) -> None:
    manifest = folder / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("word 3", "word three"))


@pytest.mark.parametrize(
    ("change", "named", "said"),
    [
        (_swap, ["u0.flac", "u1.flac"], "its bytes are not those written"),
        (_cut, ["u0.flac"], "lasts 0.399938 s, recorded 0.4"),
        (_clip, ["u0.flac"], "1 clipped samples"),
        (lambda at: (at / "audio" / "u2.flac").unlink(), ["u2.flac"], "cannot read"),
        (lambda at: (at / "audio" / "u2.flac").write_bytes(b"fLaC"), ["u2.flac"], "not readable"),
        (lambda at: _cut(at) or (at / "audio" / "new.wav").touch(), ["new.wav"], "not in the mani"),
        (_edit_manifest, ["manifest.jsonl"], "its bytes are not those written"),
        (lambda at: (at / "manifest.jsonl").unlink(), ["manifest.jsonl"], "no such file"),
    ],
)
def test_every_change_is_found_without_the_originals(
    place: Path, change: Callable[[Path], None], named: list[str], said: str
) -> None:
    change(place / "out" / "noise-10dB")
    result = verify(VerifyRequest(place / "out"))
    faults = [fault for check in result.conditions for fault in check.faults]
    for name in named:
        assert any(path.endswith(name) for path, _ in faults)
    assert any(said in what for _, what in faults)
    assert [check.bad_files > 0 for check in result.conditions] == [
        False,
        False,
        True,
        False,
        False,
    ]
    with pytest.raises(IntegrityError, match=r"of \d+ files differ from what was.*noise-10dB/"):
        result.raise_if_bad()


def _forge(folder: Path, samples: Any, name: str = "u0.flac") -> None:
    """Another file, with its hash in the manifest and the manifest's in the marker."""
    soundfile.write(folder / "audio" / name, samples, RATE_HZ, subtype="PCM_24")
    manifest = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    data = (folder / "audio" / name).read_bytes()
    for row in rows:
        if row["audio_filepath"].endswith(name):
            row["audio_sha256"] = hashlib.sha256(data).hexdigest()
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    marker = json.loads((folder.parent / "corpus.json").read_text())
    for condition in marker["conditions"]:
        if condition["name"] == folder.name:
            condition["manifest_sha256"] = hashlib.sha256(manifest.read_bytes()).hexdigest()
    (folder.parent / "corpus.json").write_text(json.dumps(marker))


def test_a_wrong_snr_is_measured_from_the_two_files(place: Path) -> None:
    """A forged folder, hashes and all, with noise 1 dB too loud in one file."""
    noisy, _ = soundfile.read(place / "out" / "noise-10dB" / "audio" / "u0.flac")
    speech = voice(0).astype(np.float64)
    _forge(place / "out" / "noise-10dB", speech + 10**0.05 * (noisy - speech))
    verify(VerifyRequest(place / "out")).raise_if_bad()
    found = verify(VerifyRequest(place / "out", place / "c")).conditions[2]
    assert found.worst_snr_error_db == pytest.approx(1.0, abs=0.001)
    assert found.faults == (("noise-10dB/audio/u0.flac", "SNR of 9.0000 dB, asked for 10"),)


def test_a_sample_that_the_originals_do_not_give_is_found(place: Path) -> None:
    """After a codec no SNR can be measured; made again, every sample is compared."""
    heard, _ = soundfile.read(place / "out" / "chain" / "audio" / "u0.flac")
    heard[1000] += 1e-5
    _forge(place / "out" / "chain", heard)
    verify(VerifyRequest(place / "out", place / "c", place / "n")).raise_if_bad()
    (fault,) = verify(_request(place)).conditions[4].faults
    assert fault == ("chain/audio/u0.flac", "up to 1e-05 from what the originals give")


def test_two_workers_find_the_same(place: Path) -> None:
    _cut(place / "out" / "noise-0dB")
    assert verify(_request(place)) == verify(replace(_request(place), workers=2))


def test_a_file_outside_the_folder_is_not_read(place: Path) -> None:
    manifest = place / "out" / "clean" / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("audio/u0.flac", "../../c/u0.wav"))
    faults = verify(VerifyRequest(place / "out")).conditions[0].faults
    assert ("clean/../../c/u0.wav", "outside its folder") in faults
    assert ("clean/audio/u0.flac", "not in the manifest") in faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"corpus": None}, "noises or responses without their corpus"),
        ({"folder": Path("absent")}, "no such file: absent"),
        ({"noise": "r"}, "not the noise that the corpus was corrupted with"),
        ({"corpus": "out/clean"}, "not the corpus that was corrupted: clean; .*of 'c', unchanged"),
    ],
)
def test_what_cannot_be_verified_is_said(place: Path, change: dict[str, Any], words: str) -> None:
    given = {
        name: place / value if isinstance(value, str) else value for name, value in change.items()
    }
    with pytest.raises(InputError, match=words):
        verify(replace(_request(place), **given))


def test_a_folder_of_an_older_version_is_refused(place: Path) -> None:
    marker = json.loads((place / "out" / "corpus.json").read_text())
    (place / "out" / "corpus.json").write_text(json.dumps({**marker, "schema_version": 1}))
    with pytest.raises(InputError, match=r"schema_version.*name a folder that this version"):
        verify(VerifyRequest(place / "out"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"effect": "opus"', '"effect": "opsu"', "unknown name among effects; got 'opsu'"),
        ('"snr_db": 10.0', '"snr_db": "loud"', "bad snr_db: condition 'noise-10dB'"),
        ('"name": "chain"', '"name": "../chain"', "bad name for a condition"),
    ],
)
def test_a_marker_with_mistakes_is_no_file_that_differs(
    place: Path, old: str, new: str, words: str
) -> None:
    """Nothing can be verified by conditions that there are not, even from the record alone."""
    marker = place / "out" / "corpus.json"
    marker.write_text(marker.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        verify(VerifyRequest(place / "out"))

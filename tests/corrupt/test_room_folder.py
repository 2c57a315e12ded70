"""Room folders: classes, rooms, the first channel, draws, and clear refusals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.corrupt.room_folder import RoomFolder, open_room_folder
from asrcompress.corrupt.sources import Response
from tests.corrupt.corpora import RATE_HZ, REAL_DATA, decay, write_rooms


def _write(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, (0.9 - 0.1 * number) * decay(0.3), RATE_HZ, subtype="FLOAT")
    return root


def _response(folder: RoomFolder, name: str) -> Response:
    """The response of that name, by drawing until it comes."""
    draws = (folder.draw(None, np.random.default_rng(seed)) for seed in range(200))
    return next(response for response in draws if response.id == name)


def _beside(folder: RoomFolder, name: str) -> set[str | None]:
    response = _response(folder, name)
    found = (folder.draw_beside(response, np.random.default_rng(seed)) for seed in range(30))
    return {other and other.id for other in found}


def test_rooms_by_class(tmp_path: Path) -> None:
    folder = open_room_folder(write_rooms(tmp_path / "r"))
    response = folder.draw("medium", np.random.default_rng(0))
    assert (response.id, response.room) == ("medium/0.wav", "medium")
    assert response.rt60_s == pytest.approx(0.5, rel=0.15)
    with pytest.raises(InputError, match=r"no such room.*'large'.*medium, small"):
        folder.check("large")


def test_a_silent_response_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    soundfile.write(tmp_path / "small" / "dead.wav", np.zeros(800), RATE_HZ)
    with pytest.raises(InputError, match=r"silent file: .*dead\.wav"):
        open_room_folder(tmp_path).draw(None, np.random.default_rng(0))


def test_no_response_in_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such impulse responses folder"):
        open_room_folder(tmp_path / "absent")
    with pytest.raises(InputError, match="no impulse responses in the folder"):
        open_room_folder(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"RIFF broken", "not readable as audio"), (b"", "empty audio file"), (None, "NaN")],
)
def test_a_response_that_cannot_be_used_is_an_error_with_its_name(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    (tmp_path / "small").mkdir()
    path = tmp_path / "small" / "bad.wav"
    if content is None:
        soundfile.write(path, np.full(1600, np.nan), RATE_HZ, subtype="FLOAT")
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{words}.*bad\.wav"):
        open_room_folder(tmp_path).draw(None, np.random.default_rng(0))


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_of_several_channels_the_first_is_taken_and_not_the_mean(
    tmp_path: Path, rate_hz: int
) -> None:
    """A second microphone 1 ms away would comb the mean: nulls at 500 Hz, 1.5 kHz, ..."""
    (tmp_path / "small").mkdir()
    channels = np.zeros((rate_hz // 2, 2))
    channels[100, 0] = channels[100 + rate_hz // 1000, 1] = 0.9
    channels[:, 0] += 1e-5 * np.random.default_rng(0).standard_normal(rate_hz // 2)
    soundfile.write(tmp_path / "small" / "pair.wav", channels, rate_hz, subtype="FLOAT")
    folder = open_room_folder(tmp_path)
    samples = folder.draw(None, np.random.default_rng(0)).samples
    gain = np.abs(np.fft.rfft(samples, RATE_HZ))[480:520]
    overall = np.abs(np.fft.rfft(samples, RATE_HZ))[100:7000].mean()
    assert gain.min() > 0.8 * overall
    assert folder.describe()["channel"] == "the first"


def test_rt60_and_drr_come_with_a_response(tmp_path: Path) -> None:
    """decay() has 0.9 before noise of 0.1 that falls by 60 dB in 0.3 s.

    The energy of its first 2.5 ms, 1 - 10^(-6 * 0.0025 / 0.3) of all, counts as direct.
    """
    folder = open_room_folder(_write(tmp_path, "small/a.wav"))
    response = folder.draw(None, np.random.default_rng(0))
    tail = 0.01 * RATE_HZ * 0.3 / (6 * np.log(10))
    early = tail * (1 - 10**-0.05)
    assert response.rt60_s == pytest.approx(0.3, rel=0.1)
    assert response.drr_db == pytest.approx(10 * np.log10((0.81 + early) / (tail - early)), abs=0.7)
    assert response.target_rt60_s is None


@pytest.mark.parametrize("column", ["room", "room_id"])
def test_beside_a_response_is_another_of_the_manifests_room(tmp_path: Path, column: str) -> None:
    """Rooms of one name and two classes are two rooms."""
    names = ("small/a.wav", "small/b.wav", "small/c.wav", "large/d.wav", "small/e.wav")
    rows = [f"{name}\tkitchen\n" for name in names[:4]] + [f"{names[4]}\thall\n"]
    _write(tmp_path, *names)
    (tmp_path / "manifest.tsv").write_text(f"file\t{column}\n" + "".join(rows))
    folder = open_room_folder(tmp_path)
    assert _beside(folder, "small/a.wav") == {"small/b.wav", "small/c.wav"}
    assert _beside(folder, "large/d.wav") == {None}
    assert _beside(folder, "small/e.wav") == {None}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("small/r1/a.wav", "small/r1/b.wav", "small/r2/c.wav"), {"small/r1/b.wav"}),
        (("small/a.wav", "small/b.wav"), {None}),
        (("a.wav", "b.wav"), {None}),
        (("simulated_rirs/a.wav", "simulated_rirs/b.wav"), {None}),
    ],
    ids=["a folder a room", "a folder a class", "all in one folder", "a folder of an archive"],
)
def test_beside_a_response_is_another_of_its_folder_where_that_can_be_a_room(
    tmp_path: Path, names: Sequence[str], expected: set[str | None]
) -> None:
    folder = open_room_folder(_write(tmp_path, *names))
    assert _beside(folder, names[0]) == expected


def test_real_rooms_have_responses_beside_each_other() -> None:
    root = REAL_DATA / "rir"
    if not root.is_dir():
        pytest.skip("no real recordings here")
    folder = open_room_folder(root)
    response = folder.draw("medium", np.random.default_rng(1))
    other = folder.draw_beside(response, np.random.default_rng(2))
    assert other is not None
    assert other.id != response.id
    assert other.id.rpartition("_")[0][:20] == response.id.rpartition("_")[0][:20]


def test_the_fingerprint_is_of_bytes_and_of_the_class_asked_for(tmp_path: Path) -> None:
    root = write_rooms(tmp_path / "r")
    before = {kind: open_room_folder(root).fingerprint(kind) for kind in ("small", "medium")}
    soundfile.write(root / "small" / "0.wav", 0.5 * decay(0.3), RATE_HZ, subtype="FLOAT")
    after = {kind: open_room_folder(root).fingerprint(kind) for kind in ("small", "medium")}
    assert before["medium"] == after["medium"]
    assert before["small"] != after["small"]

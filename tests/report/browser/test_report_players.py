"""Recordings on the page: the worst ones, as the model heard them, and only when asked for."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.cli.boundary import run
from asrcompress.core.audio import write_audio
from asrcompress.core.error_table import ERRORS_NAME
from asrcompress.core.errors import InputError
from asrcompress.core.files import write_json
from asrcompress.core.results import RESULTS_NAME, UTTERANCES_NAME
from asrcompress.report import players
from asrcompress.report.flips import worst_flips
from tests.report import broken, wild
from tests.report.browser.chromium import Chromium

RATE_HZ = 16_000
TABLE = broken.errors()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An audit of one second of a sine for each broken utterance, its level telling them apart."""
    write_json(tmp_path / RESULTS_NAME, wild.results().model_dump(mode="json"))
    write_json(tmp_path / ERRORS_NAME, TABLE.model_dump(mode="json"))
    lines = []
    for place, (cell, flip) in enumerate(worst_flips(TABLE, 100)):
        time_s = np.arange(RATE_HZ) / RATE_HZ
        level = 0.5 / (place + 1)
        samples = (level * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
        write_audio(tmp_path / f"{place}.flac", samples, kind="flac")
        record = {"audio_filepath": f"{place}.flac", "id": flip.id}
        lines.append({**record, "artefact": cell.artefact, "condition": cell.condition})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / UTTERANCES_NAME).write_text(text, encoding="utf-8")
    return tmp_path


def peaks_on(page: str) -> list[float]:
    """The highest sample of each recording on a page, in their order."""
    found = re.findall(r'src="data:audio/flac;base64,([^"]*)"', page)
    sounds = [soundfile.read(io.BytesIO(base64.b64decode(text))) for text in found]
    assert all(rate == RATE_HZ for _, rate in sounds)
    return [round(float(np.abs(samples).max()), 3) for samples, _ in sounds]


def test_nothing_is_embedded_unless_asked_for(folder: Path, tmp_path: Path) -> None:
    """No player without the option; with it the worst, in order, sample for sample."""
    page = tmp_path / "page.html"
    assert run(["report", str(folder), "--format", "html", "-o", str(page)]) == 0
    assert "<audio" not in page.read_text("utf-8")
    heard = [*("report", str(folder), "--format", "html", "--audio", "2"), "--overwrite"]
    assert run([*heard, "-o", str(page)]) == 0
    assert peaks_on(page.read_text("utf-8")) == [0.5, 0.25]


@pytest.mark.parametrize("more", [["--format", "html", "--no-text"], ["--format", "markdown"], []])
def test_audio_is_refused_where_there_is_no_page_for_it(
    folder: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A page without text has no voices either; other formats cannot play; one line says so."""
    assert run(["report", str(folder), "--audio", "1", *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_gone_is_named(folder: Path) -> None:
    """A recording, and the list of recordings, that are not there any more."""
    (folder / "0.flac").unlink()
    with pytest.raises(InputError, match=r"a recording is gone"):
        players.players_of(TABLE, folder, 1)
    (folder / UTTERANCES_NAME).unlink()
    with pytest.raises(InputError, match=r"no recordings are known"):
        players.players_of(TABLE, folder, 1)


def test_a_page_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes are refused with the number that fits; long recordings are cut, and said."""
    whole = players.players_of(TABLE, folder, 2)
    sizes = [len(player.address) for player in whole.values()]
    monkeypatch.setattr(players, "MOST_BYTES", sum(sizes) - 1)
    with pytest.raises(InputError, match=r"too much audio.*--audio 1"):
        players.players_of(TABLE, folder, 2)
    monkeypatch.setattr(players, "LONGEST_S", 0.25)
    (short,) = players.players_of(TABLE, folder, 1).values()
    assert (short.shown_s, short.duration_s) == (0.25, 1.0)


def test_a_browser_plays_what_is_embedded(browser: Chromium, folder: Path, tmp_path: Path) -> None:
    """The policy lets the recordings be played, and they are one second long."""
    page = tmp_path / "page.html"
    command = ["report", str(folder), "--format", "html", "--audio", "1", "-o", str(page)]
    assert run(command) == 0
    browser.open(page)
    length_s = browser.evaluate(
        """new Promise((done, failed) => {
             const player = document.querySelector("audio");
             player.onloadedmetadata = () => done(player.duration);
             player.onerror = () => failed(player.error);
             player.load(); player.preload = "auto";
           })"""
    )
    assert length_s == pytest.approx(1.0, abs=0.01)
    assert browser.complaints == []

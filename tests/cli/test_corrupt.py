"""corrupt on the command line: chains of effects, and verifying what was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.corpora import tiny_corpus


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_corpus(tmp_path / "c")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_effects_are_conditions_named_after_themselves(place: Path) -> None:
    chain = "reverb:room=small+noise:snr_db=10,type=white+opus:bitrate_kbps=12"
    arguments = ["--effect", chain, "--effect", "gsm", "--snr", "5", "--reference", "active"]
    assert run(["corrupt", "c", *arguments, "-o", "out", "-q"]) == 0
    assert sorted(path.name for path in (place / "out").iterdir()) == [
        "corpus.json",
        "gsm",
        "noise-5dB-active",
        "room-small+noise-white-10dB+opus-12kbps",
    ]


def test_the_name_of_a_long_chain_is_printed_whole(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a folder's name, to be typed: folded where it is too long, never cut off."""
    chain = "noise:snr_db=12.5,type=white+clipping:overload_db=12.5+opus:bitrate_kbps=12.5"
    chain = f"reverb:room=medium+{chain}+packet_loss:rate=0.125,burst=3,conceal=repeat"
    assert run(["corrupt", "c", "--effect", chain, "-o", "out", "-q"]) == 0
    (name,) = (path.name for path in (place / "out").iterdir() if path.is_dir())
    rows = capsys.readouterr().out.splitlines()[2:]
    assert "".join(row.lstrip().partition(" ")[0] for row in rows) == name


def test_verify_prints_a_table_and_nothing_else_where_all_is_well(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["corrupt", "c", "--snr", "10", "--clean", "-o", "out", "-q"])
    capsys.readouterr()
    for corpus, compared in (([], "its record"), (["c"], "itself made again")):
        assert run(["corrupt", *corpus, "--verify", "out"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert out.count(compared) == 2
        assert "worst |dSNR| dB" in out


def test_verify_names_the_files_that_differ_and_exits_with_3(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["corrupt", "c", "--snr", "10", "-o", "out", "-q"])
    capsys.readouterr()
    victim = sorted((place / "out" / "noise-10dB" / "audio").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-10])
    assert run(["corrupt", "--verify", "out", "--json"]) == 3
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert row["bad_files"] == 1
    assert row["faults"][0]["file"] == f"noise-10dB/audio/{victim.name}"
    assert err.count("\n") == 1
    assert f"noise-10dB/audio/{victim.name}" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--snr", "10", "-o", "x"], "no CORPUS"),
        (["c", "--snr", "10"], "no -o"),
        (["c", "-o", "x"], "nothing to do"),
        (["c", "-o", "x", "--reference", "active", "--clean"], "--reference without --snr"),
        (["c", "-o", "x", "--noise-type", "pink", "--clean"], "--noise-type without --snr"),
        (["c", "-o", "x", "--noise", "c", "--effect", "gsm"], "--noise without noise"),
        (["c", "-o", "x", "--rir", "c", "--effect", "gsm"], "--rir without rooms"),
        (["c", "--noise-type", "pink", "--verify", "y"], "--verify writes nothing"),
        (["c", "-o", "x", "--snr", "10", "--reference", "loud"], "'overall' or 'active'"),
        (["c", "-o", "x", "--effect", "opuss"], "did you mean 'opus'"),
        (["c", "-o", "x", "--effect", "gsm", "--effect", "gsm"], "condition twice"),
        (["c", "-o", "x", "--verify", "y"], "--verify writes nothing"),
        (["--verify", "c"], "no such file: c/corpus.json"),
        (["--verify", "c", "--noise", "c"], "no such file: c/corpus.json"),
    ],
)
def test_mistakes_are_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["corrupt", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_where_an_snr_was_measured_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a codec the file cannot tell speech from noise: the SNR is the mixture's before it."""
    command = ["corrupt", "bundled:corpus", "--effect", "noise:snr_db=5+telephone", "--snr", "5"]
    assert run([*command, "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "5.000 .. 5.000, before telephone" in printed
    assert printed.count("before telephone") == 1

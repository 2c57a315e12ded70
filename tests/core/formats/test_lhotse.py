"""lhotse's cuts, recordings and supervisions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.formats import lhotse, nemo

RATE_HZ = 16_000

# As lhotse 1.33 writes it, shortened to what counts.
RECORDING = {
    "id": "a",
    "sources": [{"type": "file", "channels": [0, 1], "source": "a.wav"}],
    "sampling_rate": RATE_HZ,
    "num_samples": 32_000,
    "duration": 2.0,
    "channel_ids": [0, 1],
}
FIRST = {
    "id": "s1",
    "recording_id": "a",
    "start": 0.25,
    "duration": 0.5,
    "channel": 1,
    "text": "hi there",
    "language": "en",
    "speaker": "ann",
    "gender": "f",
    "custom": {"accent": "scots", "alignment": [1, 2]},
}
SECOND = {
    "id": "s2",
    "recording_id": "a",
    "start": 1.0,
    "duration": 0.5,
    "channel": 0,
    "text": "yes",
    "speaker": "bob",
}


def _cut(**changes: Any) -> dict[str, Any]:
    cut = {
        "id": "c",
        "start": 0.25,
        "duration": 1.5,
        "channel": 1,
        "supervisions": [{**FIRST, "start": 0.0}],
        "recording": RECORDING,
        "custom": {"site": "lab", "accent": "none"},
        "type": "MonoCut",
    }
    return {**cut, **changes}


def _write(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ramp = np.arange(32_000) / 64_000
    soundfile.write(folder / "a.wav", np.stack([ramp, -ramp], 1), RATE_HZ, subtype="FLOAT")
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return folder / name


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz", "en_cuts_test.jsonl.gz"])
def test_a_cut_is_an_utterance_with_its_supervisions_columns(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name, _cut())
    for place in (path, tmp_path):
        assert lhotse.detect(place) is Evidence.CONTENT
        (made,) = lhotse.read(place)
        assert (made.id, made.text, made.speaker) == ("c", "hi there", "ann")
        assert (made.offset_s, made.duration_s, made.channel) == (0.25, 1.5, 1)
        assert made.fields == {"language": "en", "gender": "f", "accent": "scots", "site": "lab"}
        np.testing.assert_array_equal(
            made.audio(), -np.arange(4000, 28_000, dtype=np.float32) / 64_000
        )


def test_several_supervisions_are_utterances_of_their_own(tmp_path: Path) -> None:
    cut = _cut(start=0.0, duration=2.0, channel=[0, 1], supervisions=[FIRST, SECOND])
    made = list(lhotse.read(_write(tmp_path, "cuts.jsonl", {**cut, "type": "MultiCut"})))
    assert [(one.id, one.text, one.offset_s, one.duration_s, one.channel) for one in made] == [
        ("s1", "hi there", 0.25, 0.5, 1),
        ("s2", "yes", 1.0, 0.5, 0),
    ]
    assert [one.fields["site"] for one in made] == ["lab", "lab"]


def test_recordings_with_supervisions_say_the_same_as_cuts(tmp_path: Path) -> None:
    _write(tmp_path, "recordings.jsonl.gz", RECORDING)
    path = _write(tmp_path, "supervisions.jsonl.gz", FIRST, SECOND)
    for place in (tmp_path, path, tmp_path / "recordings.jsonl.gz"):
        assert lhotse.detect(place) is Evidence.CONTENT
        made = list(lhotse.read(place))
        assert [(one.id, one.offset_s, one.duration_s, one.channel) for one in made] == [
            ("s1", 0.25, 0.5, 1),
            ("s2", 1.0, 0.5, 0),
        ]


def test_a_cut_of_a_whole_recording_without_text_is_one(tmp_path: Path) -> None:
    cut = _cut(start=0, duration=2.0, channel=[0, 1], supervisions=[], type="MultiCut", custom=None)
    (made,) = lhotse.read(_write(tmp_path, "cuts.jsonl", cut))
    assert (made.text, made.is_segment, made.channel, made.duration_s) == (None, False, None, 2.0)


def test_one_file_a_channel(tmp_path: Path) -> None:
    sources = [
        {"type": "file", "channels": [number], "source": name}
        for number, name in enumerate(("left.wav", "right.wav"))
    ]
    cut = _cut(recording={**RECORDING, "sources": sources})
    (made,) = lhotse.read(_write(tmp_path, "cuts.jsonl", cut))
    assert (made.path.name, made.channel) == ("right.wav", None)


def _recording(**changes: Any) -> dict[str, Any]:
    return {"recording": {**RECORDING, **changes}}


def _source(**changes: Any) -> dict[str, Any]:
    return _recording(sources=[{**RECORDING["sources"][0], **changes}])  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "MixedCut", "tracks": []}, r"no part of one recording: .*cuts\.jsonl:1; got 'Mi"),
        ({"type": "PaddingCut"}, "no part of one recording: .*got 'PaddingCut'"),
        ({"recording": None}, r"no recording: .*expected a cut of audio, not of features"),
        (_source(type="command", source="cat a.wav"), r"audio that is no file: .*'command'"),
        (_source(type="url", source="https://x/a.wav"), r"audio that is no file: .*'url'"),
        (_source(type="shar"), r"audio that is no file: .*'shar'"),
        (_source(source=3), "bad recording"),
        (_source(channels=["left"]), "bad recording"),
        (_recording(sources=3), "bad recording"),
        (_recording(transforms=[{"name": "Speed"}]), "a recording with transforms: .*got Speed"),
        ({"supervisions": [], "channel": 5}, r"no such channel: .*got 5"),
        ({"supervisions": 3}, "bad supervisions"),
        ({"supervisions": [{"id": "s"}]}, "a supervision without start and duration"),
        (
            {"duration": 0.3},
            r"reaches beyond its cut.*got 0 to 0\.5 s; expected within 0 to 0\.3 s",
        ),
        ({"duration": "long"}, "no duration: .*got 'long'"),
        ({"id": None}, "no id"),
        ({"supervisions": [{**FIRST, "text": 3}]}, "bad text: .*got 3"),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        list(lhotse.read(_write(tmp_path, "cuts.jsonl", _cut(**changes))))
    assert "cuts.jsonl:1" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shar_and_a_choice_of_manifests_are_refused(tmp_path: Path) -> None:
    _write(tmp_path / "shar", "cuts.000000.jsonl.gz", _cut())
    with pytest.raises(InputError, match="lhotse shar: audio inside archives"):
        list(lhotse.read(tmp_path / "shar"))
    for name in ("a_cuts.jsonl", "b_cuts.jsonl"):
        _write(tmp_path / "two", name, _cut())
    with pytest.raises(InputError, match=r"several manifests: .*got a_cuts\.jsonl, b_cuts\.jsonl"):
        list(lhotse.read(tmp_path / "two"))
    alone = _write(tmp_path / "alone", "supervisions.jsonl", FIRST)
    with pytest.raises(InputError, match=r"no lhotse manifest: .*expected cuts"):
        list(lhotse.read(alone))
    _write(tmp_path / "alone", "recordings.jsonl", {**RECORDING, "id": "other"})
    with pytest.raises(
        InputError, match=r"without its recording: .*supervisions\.jsonl:1; got 'a'"
    ):
        list(lhotse.read(alone))


def test_cuts_are_not_taken_for_a_nemo_manifest_nor_the_other_way(tmp_path: Path) -> None:
    cuts = _write(tmp_path, "manifest.jsonl", _cut())
    assert (lhotse.detect(cuts), nemo.detect(cuts)) == (Evidence.CONTENT, Evidence.SUFFIX)
    rows = _write(tmp_path, "cuts.jsonl", {"audio_filepath": "a.wav"})
    assert (lhotse.detect(rows), nemo.detect(rows)) == (Evidence.NONE, Evidence.CONTENT)


def test_what_lhotse_itself_writes_is_read_as_lhotse_reads_it(tmp_path: Path) -> None:
    """The reference is lhotse's own audio of each trimmed cut."""
    pytest.importorskip("lhotse")
    from lhotse import CutSet, Recording, RecordingSet, SupervisionSegment, SupervisionSet

    _write(tmp_path, "ignored.jsonl")
    recording = Recording.from_file(tmp_path / "a.wav")
    spans = [("s1", 0.1, 0.73, 1), ("s2", 1.0, 0.9, 0)]
    supervisions = [
        SupervisionSegment(i, "a", start, duration, channel, text=i, speaker="ann")
        for i, start, duration, channel in spans
    ]
    cuts = CutSet.from_manifests(
        RecordingSet.from_recordings([recording]), SupervisionSet.from_segments(supervisions)
    )
    cuts.to_file(tmp_path / "cuts.jsonl.gz")
    cuts.trim_to_supervisions().to_eager().to_file(tmp_path / "trimmed_cuts.jsonl.gz")
    for name in ("cuts.jsonl.gz", "trimmed_cuts.jsonl.gz"):
        made = list(lhotse.read(tmp_path / name))
        assert [(one.id, one.text, one.speaker) for one in made] == [
            ("s1", "s1", "ann"),
            ("s2", "s2", "ann"),
        ]
        for one, cut in zip(made, cuts.trim_to_supervisions(), strict=True):
            np.testing.assert_array_equal(one.audio(), cut.load_audio()[0])

"""Audio of every container, cut short, inflated, odd and under hostile names."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pytest
import soundfile

from tests.hostile.promises import Case, Sandbox, hold_promises, named

_RATE_HZ = 16_000
# Container to soundfile's format and subtype, and the ending of its name.
CONTAINERS = {
    "wav": ("WAV", "PCM_16", ".wav"),
    "wav-float": ("WAV", "FLOAT", ".wav"),
    "wavex": ("WAVEX", "PCM_24", ".wav"),
    "rf64": ("RF64", "PCM_16", ".wav"),
    "w64": ("W64", "PCM_16", ".w64"),
    "flac": ("FLAC", "PCM_16", ".flac"),
    "vorbis": ("OGG", "VORBIS", ".ogg"),
    "opus": ("OGG", "OPUS", ".opus"),
    "mp3": ("MP3", "MPEG_LAYER_III", ".mp3"),
    "aiff": ("AIFF", "PCM_16", ".aiff"),
    "au": ("AU", "PCM_16", ".au"),
    "caf": ("CAF", "PCM_16", ".caf"),
    "alac": ("CAF", "ALAC_16", ".caf"),
    "avr": ("AVR", "PCM_16", ".avr"),
    "htk": ("HTK", "PCM_16", ".htk"),
    "svx": ("SVX", "PCM_16", ".iff"),
    "mat4": ("MAT4", "PCM_16", ".mat"),
    "mat5": ("MAT5", "PCM_16", ".mat"),
    "paf": ("PAF", "PCM_16", ".paf"),
    "pvf": ("PVF", "PCM_16", ".pvf"),
    "sds": ("SDS", "PCM_16", ".sds"),
    "ircam": ("IRCAM", "PCM_16", ".sf"),
    "voc": ("VOC", "PCM_16", ".voc"),
    "nist": ("NIST", "PCM_16", ".wav"),
}
# The others are refused: nobody can tell whether one of them is whole.
CHECKED = {*list(CONTAINERS)[:13], "nist"}


def _tone(seconds: float = 0.5, rate_hz: int = _RATE_HZ, channels: int = 1) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = 0.3 * np.sin(2 * np.pi * 300 * time_s)
    return np.stack([tone] * channels, axis=1)


@lru_cache
def _encoded(container: str) -> bytes:
    return _audio(_tone(), *CONTAINERS[container][:2])


def _audio(
    samples: np.ndarray, kind: str = "WAV", subtype: str = "PCM_16", hz: int = 16_000
) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, hz, format=kind, subtype=subtype)
    return stream.getvalue()


def _beside_a_good_one(
    sandbox: Sandbox, name: str, content: bytes | None, command: str = "corrupt"
) -> Sequence[object]:
    """A corpus with a good recording, and a row for `name`; written with `content` if given."""
    corpus = sandbox.copy("corpus")
    if content is not None:
        (corpus / name).write_bytes(content)
    with (corpus / "manifest.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"audio_filepath": name, "text": "yes"}) + "\n")
    if command == "evaluate":
        return ["evaluate", sandbox.copy("model"), corpus, "--no-cost"]
    return ["corrupt", corpus, "--snr", "10", "--workers", "1", "-o", "out"]


def _case(
    name: str,
    content: bytes | Callable[[], bytes] | None,
    file: str = "odd.wav",
    codes: tuple[int, ...] = (2,),
    command: str = "corrupt",
) -> Case:
    def make(sandbox: Sandbox) -> Sequence[object]:
        given = content() if callable(content) else content
        return _beside_a_good_one(sandbox, file, given, command)

    return Case(name, make, codes, () if 0 in codes else ("1 of 3",))


def _spoilt_containers() -> Iterator[Case]:
    """Each container whole, then cut at several places, zeroed and without its sound."""
    for container, (_, _, suffix) in CONTAINERS.items():
        file = f"odd{suffix}"
        whole = (0,) if container in CHECKED else (2,)
        yield _case(f"{container}-whole", lambda c=container: _encoded(c), file, whole)
        for share in (0.05, 0.5, 0.97):
            yield _case(
                f"{container}-cut-at-{share:.0%}",
                lambda c=container, s=share: _encoded(c)[: int(s * len(_encoded(c)))],
                file,
            )
        yield _case(f"{container}-zeroed", lambda c=container: bytes(len(_encoded(c))), file)


def _huge_wav(field: int, width: str) -> bytes:
    """A good WAV with the largest number in a field of its header."""
    data = bytearray(_encoded("wav"))
    size = struct.calcsize(width)
    data[field : field + size] = b"\xff" * size
    return bytes(data)


def _flac_of(frames: int) -> bytes:
    """A FLAC whose STREAMINFO promises so many samples (36 bits, RFC 9639, 8.2)."""
    data = bytearray(_encoded("flac"))
    head = int.from_bytes(data[18:26], "big")
    data[18:26] = (head >> 36 << 36 | frames).to_bytes(8, "big")
    return bytes(data)


def _au_of(size: int, offset: int = 24) -> bytes:
    data = bytearray(_encoded("au"))
    data[4:12] = struct.pack(">II", offset, size)
    return bytes(data)


def _with_sample(value: float) -> bytes:
    samples = _tone()[:, 0].copy()
    samples[1000] = value
    return _audio(samples, "WAV", "FLOAT")


_HEADERS = (
    _case("wav-huge-riff-size", lambda: _huge_wav(4, "I"), codes=(0, 2)),
    _case("wav-huge-data-size", lambda: _huge_wav(40, "I")[:100], codes=(0, 2)),
    _case("wav-huge-fmt-size", lambda: _huge_wav(16, "I")),
    _case("wav-65535-channels", lambda: _huge_wav(22, "H")),
    _case("wav-huge-rate", lambda: _huge_wav(24, "I")),
    _case("wav-zero-rate", lambda: _encoded("wav")[:24] + bytes(4) + _encoded("wav")[28:]),
    _case("wav-zero-channels", lambda: _encoded("wav")[:22] + bytes(2) + _encoded("wav")[24:]),
    _case("wav-65535-bits", lambda: _huge_wav(34, "H")),
    _case("wav-unknown-codec", lambda: _encoded("wav")[:20] + b"\x34\x12" + _encoded("wav")[22:]),
    _case("wav-header-only", lambda: _encoded("wav")[:44]),
    _case("wav-first-12-bytes", lambda: _encoded("wav")[:12]),
    _case("flac-promises-2**36-1", lambda: _flac_of(2**36 - 1), "odd.flac"),
    _case("flac-header-only", lambda: _encoded("flac")[:42], "odd.flac"),
    _case("flac-flipped-frame", lambda: _flipped("flac", 0.6), "odd.flac"),
    _case("ogg-flipped-page", lambda: _flipped("vorbis", 0.6), "odd.ogg"),
    _case("opus-flipped-page", lambda: _flipped("opus", 0.6), "odd.opus"),
    _case("au-promises-4-GB", lambda: _au_of(2**32 - 2), "odd.au"),
    _case("au-offset-beyond-the-end", lambda: _au_of(100, 2**31), "odd.au"),
    _case("no-bytes", b"", "odd.wav"),
    _case("one-byte", b"R", "odd.wav"),
    _case("text-called-wav", b"#!/bin/sh\ntouch canary\n" * 40, "odd.wav"),
    _case("script-called-flac", b"<script>alert(1)</script>" * 9, "odd.flac"),
    _case("elf-called-mp3", b"\x7fELF" + bytes(range(256)) * 8, "odd.mp3"),
    _case("zip-called-ogg", b"PK\x03\x04" + bytes(300), "odd.ogg"),
    _case("id3-with-huge-tag", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(500), "odd.mp3"),
)


def _flipped(container: str, share: float) -> bytes:
    data = bytearray(_encoded(container))
    data[int(share * len(data))] ^= 0x55
    return bytes(data)


_ODD_SOUND = (
    _case("nan-sample", lambda: _with_sample(float("nan"))),
    _case("infinite-sample", lambda: _with_sample(float("inf"))),
    _case("minus-infinite-sample", lambda: _with_sample(float("-inf")), command="evaluate"),
    _case("sample-of-1e38", lambda: _with_sample(1e38), codes=(0, 2)),
    _case("sample-of-1e38-evaluated", lambda: _with_sample(3e38), codes=(0, 2), command="evaluate"),
    _case("8-bit", lambda: _audio(_tone(), "WAV", "PCM_U8"), codes=(0,)),
    _case("8-bit-a-law", lambda: _audio(_tone(), "WAV", "ALAW"), codes=(0,)),
    _case("adpcm", lambda: _audio(_tone(), "WAV", "IMA_ADPCM"), codes=(0,)),
    _case("64-bit-float", lambda: _audio(_tone(), "WAV", "DOUBLE"), codes=(0,)),
    _case("96-kHz", lambda: _audio(_tone(0.5, 96_000), hz=96_000), codes=(0,)),
    _case("8-kHz", lambda: _audio(_tone(0.5, 8_000), hz=8_000), codes=(0,)),
    _case("1-Hz", lambda: _audio(_tone(), hz=1)),
    _case("64-channels", lambda: _audio(_tone(channels=64)), codes=(0,)),
    _case("1024-channels", lambda: _audio(_tone(0.1, channels=1024)), codes=(0,)),
    _case("one-sample", lambda: _audio(_tone()[100:101]), codes=(0, 2)),
    _case(
        "one-sample-evaluated", lambda: _audio(_tone()[100:101]), codes=(0, 2), command="evaluate"
    ),
    _case("no-samples", lambda: _audio(_tone()[:0])),
    _case("silent-for-noise", lambda: _audio(0 * _tone())),
    _case("silent-evaluated", lambda: _audio(0 * _tone()), codes=(0,), command="evaluate"),
    _case("constant", lambda: _audio(0 * _tone() + 0.5), codes=(0,)),
    _case("loudest", lambda: _audio(np.sign(_tone())), codes=(0,)),
    _case("quietest", lambda: _audio(_tone() * 1e-4), codes=(2,)),
)


def _special(name: str, place: Callable[[Sandbox, str], None]) -> Case:
    """A manifest that names what is no ordinary file."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        arguments = _beside_a_good_one(sandbox, "odd.wav", None)
        place(sandbox, str(sandbox.given / "corpus" / "odd.wav"))
        return arguments

    return Case(name, make, said=("odd.wav",))


def _in_loop(sandbox: Sandbox, path: str) -> None:
    os.symlink("other.wav", path)
    os.symlink("odd.wav", sandbox.given / "corpus" / "other.wav")


def _forbidden(sandbox: Sandbox, path: str) -> None:
    with open(path, "wb") as stream:
        stream.write(_encoded("wav"))
    os.chmod(path, 0)


_SPECIAL_FILES = (
    _special("folder-called-wav", lambda _, path: os.mkdir(path)),
    _special("pipe-called-wav", lambda _, path: os.mkfifo(path)),
    _special("dev-zero-called-wav", lambda _, path: os.symlink("/dev/zero", path)),
    _special("dev-stdin-called-wav", lambda _, path: os.symlink("/dev/stdin", path)),
    _special("symlink-loop", _in_loop),
    _special("dangling-symlink", lambda _, path: os.symlink("nowhere.wav", path)),
    _special("symlink-to-passwd", lambda _, path: os.symlink("/etc/passwd", path)),
)

NAMES = {
    "ansi": "a\x1b[2J\x1b]0;owned\x07.wav",
    "newline": "a\nerror: all is well.wav",
    "carriage-return": "a\rerror: all is well.wav",
    "right-to-left": "a\u202egnp.wav",
    "isolate": "a\u2066b\u2069.wav",
    "script": "<script>alert(1)<\u2215script>.wav",
    "leading-dash": "-rf.wav",
    "option": "--help.wav",
    "substitution": "$(touch canary).wav",
    "backtick": "`touch canary`.wav",
    "pipe": "touch canary |.wav",
    "semicolon": ";touch canary;.wav",
    "glob": "*.wav",
    "percent": "%s%n%x.wav",
    "format": "{0.__class__}.wav",
    "space": "  .wav",
    "dots": "....wav",
    "emoji": "\U0001f468\u200d\U0001f469.wav",
    "combining": "z" + "\u0335" * 80 + ".wav",
    "255-bytes": "a" * 251 + ".wav",
    "formula": "=cmd|'<c calc'!A1.wav",
    "quotes": "\"'\"'.wav",
}


def _named_so(name: str, content: bytes, codes: tuple[int, ...], how: str, key: str) -> Case:
    """A file of that name: in a manifest, or found in a folder."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        if how == "manifest":
            return _beside_a_good_one(sandbox, name, content)
        folder = sandbox.given / "audio"
        folder.mkdir()
        (folder / name).write_bytes(content)
        (folder / "good.wav").write_bytes(_encoded("wav"))
        return ["corrupt", folder, "--snr", "10", "--workers", "1", "-o", "out"]

    return Case(f"name-{key}-{how}-{'damaged' if 2 in codes else 'whole'}", make, codes)


def _hostile_names() -> Iterator[Case]:
    for key, name in NAMES.items():
        yield _named_so(name, _encoded("wav"), (0,), "folder", key)
        yield _named_so(name, b"no audio", (2,), "manifest", key)


def _bytes_name(sandbox: Sandbox) -> Sequence[object]:
    """A name that is no UTF-8, as old archives have them."""
    folder = sandbox.given / "audio"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/caf\xe9.wav", "wb") as stream:
        stream.write(_encoded("wav"))
    return ["corrupt", folder, "--snr", "10", "-o", "out"]


CASES = (
    *_spoilt_containers(),
    *_HEADERS,
    *_ODD_SOUND,
    *_SPECIAL_FILES,
    *_hostile_names(),
    Case("name-not-utf-8", _bytes_name),
)


@pytest.mark.parametrize("case", named(CASES))
def test_audio(case: Case, sandbox: Sandbox) -> None:
    """A recording that cannot be used is named and counted; an unusual one is used."""
    hold_promises(case, sandbox)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_audio_without_permission(sandbox: Sandbox) -> None:
    """It is named with the cause."""
    hold_promises(_special("forbidden", _forbidden), sandbox)

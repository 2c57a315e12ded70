"""What libsndfile passes over in silence: audio files that were cut short or damaged.

libsndfile gives what is left of a WAV whose header promises more, ends at the first bad Ogg page,
and guesses the length of an MP3 without an index. FLAC needs nothing here: its frames have
checksums that libFLAC tests.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from asrcompress.core.files import version_of_file
from asrcompress.core.mp3_frames import fault_in_mp3, looks_like_mp3
from asrcompress.core.ogg_pages import fault_in_ogg

_SPHERE_FIELD = re.compile(rb"^(\w+) -i (\d{1,18})\b", re.MULTILINE)
_MOST_SEEK = 1 << 62  # beyond it no file reaches, and a seek fails
_LENGTH_UNKNOWN = 0xFFFFFFFF  # written by programs that cannot seek back; ffmpeg for one
# sox writes 0x7ffff000 rounded down to whole frames (of at most 64 KiB).
_SOX_UNKNOWN = range(0x7FFFF000 - 0x10000, 0x80000000)
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")


def fault_in(path: Path) -> str | None:
    """What is wrong with a file's container, None where nothing is found.

    Checked: the promised length of WAV (RF64 and Wave64 too), AIFF, AU, CAF and NIST SPHERE, the
    checksums and the end of Ogg, the chain of frames of MP3.
    """
    return _fault_in(path, version_of_file(path))


@lru_cache(maxsize=4096)  # a long recording's segments ask once for each of them
def _fault_in(path: Path, version: tuple[int, int]) -> str | None:
    size_bytes = version[0]
    with path.open("rb") as stream:
        magic = stream.read(16)
        stream.seek(0)
        if magic[:4] == b"OggS":
            return fault_in_ogg(stream)
        if looks_like_mp3(magic):
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return fault_in_mp3(data)
        promised = _promised_bytes(stream, magic)
        if promised is None:
            return None
        left = size_bytes - stream.tell()
    if promised > left + 1:  # some writers count a padding byte that they do not write
        return f"{max(left, 0)} bytes of audio where the header says {promised}: cut short"
    return None


def _promised_bytes(stream: BinaryIO, magic: bytes) -> int | None:
    """The size of the audio in bytes by the header, the stream left at its first byte."""
    if magic[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _of_riff(stream, "<", b"data")
    if magic[:4] == b"RIFX":
        return _of_riff(stream, ">", b"data")
    if magic[:4] == b"FORM":
        return _of_riff(stream, ">", b"SSND")
    if magic == _W64_RIFF:
        return _of_wave64(stream)
    if magic[:4] == b".snd":  # AU: magic, offset of the data, its size
        offset, promised = struct.unpack(">II", magic[4:12])
        stream.seek(offset)
        return None if promised == _LENGTH_UNKNOWN else int(promised)
    if magic[:4] == b"caff":
        return _of_caf(stream)
    if magic[:8] == b"NIST_1A\n":
        return _of_sphere(stream)
    return None


def _of_riff(stream: BinaryIO, order: str, wanted: bytes) -> int | None:
    """Chunks of a four-letter name and a 32-bit size, padded to even sizes; RF64's size is 64."""
    stream.seek(12)
    long_bytes: int | None = None
    while len(head := stream.read(8)) == 8:
        name, size = head[:4], struct.unpack(f"{order}I", head[4:])[0]
        if name == wanted:
            if size == _LENGTH_UNKNOWN and long_bytes is not None:
                return long_bytes
            return None if size == _LENGTH_UNKNOWN or size in _SOX_UNKNOWN else int(size)
        if name == b"ds64" and size >= 16:  # EBU Tech 3306: RIFF size, data size
            long_bytes = struct.unpack("<QQ", stream.read(16))[1]
            size -= 16
        stream.seek(size + size % 2, 1)
    return None


def _of_wave64(stream: BinaryIO) -> int | None:
    """Sony's chunks: a GUID and a 64-bit size that counts the 24 bytes of both, padded to 8."""
    stream.seek(40)
    while len(head := stream.read(24)) == 24:
        size = struct.unpack("<Q", head[16:])[0]
        if head[:16] == _W64_DATA:
            return int(size) - 24
        if size < 24:
            return None
        stream.seek(-(-size // 8) * 8 - 24, 1)
    return None


def _of_caf(stream: BinaryIO) -> int | None:
    """Apple's chunks: a four-letter name and a signed 64-bit size, -1 where it is not known."""
    stream.seek(8)
    while len(head := stream.read(12)) == 12:
        name, size = struct.unpack(">4sq", head)
        if name == b"data":
            return None if size < 0 else int(size)
        if size < 0:
            return None
        stream.seek(min(size, _MOST_SEEK), 1)
    return None


def _of_sphere(stream: BinaryIO) -> int | None:
    """NIST's header of lines `name -i value`, its own length in the second one."""
    stream.seek(8)
    length = stream.read(8).strip()
    if not length.isdigit():
        return None
    stream.seek(0)
    fields = dict(_SPHERE_FIELD.findall(stream.read(int(length))))
    wanted = (b"sample_count", b"sample_n_bytes", b"channel_count")
    if not fields.keys() >= set(wanted):
        return None
    return math.prod(int(fields[name]) for name in wanted)

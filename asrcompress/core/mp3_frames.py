"""The frames of an MP3 file (ISO 11172-3 and 13818-3, layer III): whether their chain is whole."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap

# kbit/s by bitrate index 1 to 14 (ISO 11172-3, 2.4.2.3; ISO 13818-3, 2.4.2.3), layer III
_KBITS_MPEG1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")
_SEARCHED_BYTES = 1 << 16  # junk before the first frame that players put up with


@dataclass(frozen=True, slots=True)
class _Header:
    version: int
    rate_hz: int
    kbits: int
    size_bytes: int


def looks_like_mp3(magic: bytes) -> bool:
    """True where a file's first bytes are an ID3 tag or a layer III frame header."""
    return magic[:3] == b"ID3" or _header(magic, 0) is not None


def fault_in_mp3(data: bytes | mmap) -> str | None:
    """What is wrong with a whole file's frames, None where nothing is, or it is not layer III.

    Without the index of a Xing, Info or VBRI header, frames of different bitrates leave the length
    open: libsndfile's guess would drop the end.
    """
    start = _first_frame(data)
    if start is None:
        return None
    frames, position, bitrates = 0, start, set()
    while header := _header(data, position):
        frames += 1
        position += header.size_bytes
        if frames > 1:  # the first can be an index, with a bitrate of its own
            bitrates.add(header.kbits)
    index = data[start : start + 200]
    indexed_frames = _indexed_frames(index)
    rest = data[position : position + _SEARCHED_BYTES]
    if rest.strip(b"\0") and not rest.startswith(_TAGS):
        return f"damaged at byte {position}: no MP3 frame there"
    if position > len(data) or (indexed_frames is not None and frames < indexed_frames):
        return f"cut short after {frames} MP3 frames"
    if len(bitrates) > 1 and not any(name in index for name in (b"Xing", b"Info", b"VBRI")):
        return "MP3 of variable bitrate without an index: its length is open; convert it to FLAC"
    return None


def _first_frame(data: bytes | mmap) -> int | None:
    """Where two frames follow each other for the first time, after any ID3v2 tags."""
    start = 0
    while data[start : start + 3] == b"ID3" and len(data) >= start + 10:
        size = 0
        for byte in data[start + 6 : start + 10]:  # 4 x 7 bits
            size = size << 7 | byte & 0x7F
        start += 10 + size + (10 if data[start + 5] & 0x10 else 0)
    for place in range(start, min(len(data), start + _SEARCHED_BYTES)):
        header = _header(data, place)
        if header and (
            _header(data, place + header.size_bytes) or place + header.size_bytes >= len(data)
        ):
            return place
    return None


def _header(data: bytes | mmap, place: int) -> _Header | None:
    head = data[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # sync, layer III
        return None
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:  # reserved, free format, bad
        return None
    rate_hz = _RATES_HZ[version][rate]
    kbits = (_KBITS_MPEG1 if version == 3 else _KBITS_MPEG2)[bitrate - 1]
    size = (144_000 if version == 3 else 72_000) * kbits // rate_hz + (head[2] >> 1 & 1)
    return _Header(version, rate_hz, kbits, size)


def _indexed_frames(first_frame: bytes) -> int | None:
    """The number of frames by a Xing or Info header, None where there is none."""
    for name in (b"Xing", b"Info"):
        place = first_frame.find(name)
        if place >= 0 and len(first_frame) >= place + 12 and first_frame[place + 7] & 1:
            return int.from_bytes(first_frame[place + 8 : place + 12], "big")
    return None

"""The pages of an Ogg file (RFC 3533): their checksums, and whether the last one is there."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

# Ogg's CRC-32 has zlib's polynomial the other way round, starts at 0 and is not inverted:
# zlib's of bit-reversed bytes, its start and end inversions undone, gives it bit-reversed.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_HEADER_BYTES = 27
_END_OF_STREAM = 0x04


def fault_in_ogg(stream: BinaryIO) -> str | None:
    """What is wrong with the pages from the stream's place on, None where they are whole.

    One page (at most 64 KiB) is held at a time.
    """
    position = 0
    open_streams: dict[int, int] = {}  # serial number to the page number that comes next
    while header := stream.read(_HEADER_BYTES):
        if len(header) < _HEADER_BYTES:
            return f"cut short at byte {position}"
        if header[:4] != b"OggS":
            return f"damaged at byte {position}: no Ogg page there"
        lengths = stream.read(header[26])
        body = stream.read(sum(lengths))
        if len(lengths) < header[26] or len(body) < sum(lengths):
            return f"cut short at byte {position}"
        serial, number, checksum = struct.unpack("<III", header[14:26])
        if _crc(header[:22] + bytes(4) + header[26:] + lengths + body) != checksum:
            return f"damaged at byte {position}: wrong checksum"
        if open_streams.setdefault(serial, number) != number:
            return f"page {open_streams[serial]} missing before byte {position}"
        open_streams[serial] = number + 1
        if header[5] & _END_OF_STREAM:
            del open_streams[serial]
        position += _HEADER_BYTES + len(lengths) + len(body)
    return "no last page: cut short" if open_streams else None


def _crc(data: bytes) -> int:
    reflected = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)

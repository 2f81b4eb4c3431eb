"""A checksum of each page of a closed catalogue: they tell which pages are damaged, not only that some are.

They are kept in a file beside the catalogue, from when it is sealed until the next writer begins. With them
go copies of the pages that hold no text and that all others hang on: the first one, and those that only lead
to the rows of a table. Together they take some 0.5 % of the catalogue's space. One flipped bit of a page is
found by its CRC-32, and flipped back where the Adler-32 says the same.
Measured on two cores: 0.25 s for a catalogue of 460 MB, once when it is closed.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

HEADER = 100
SEAL = slice(60, 64)
CHANGING = (slice(24, 28), SEAL, slice(92, 100))
"""Bytes of SQLite's header that storing the seal changes: change counters, the seal, the version's stamp."""

_LEADING = 0x05
"""First byte of a page that only leads to the rows of a table."""

_UNREADABLE = b"\xff"
"""What damaged pages are filled with: no kind of page, no text in UTF-8, and no number in a vector."""

_CHUNK = 1 << 20
_CRC = 4


@dataclass(frozen=True, slots=True)
class PageSums:
    """CRC-32 and Adler-32 of each page in order, shape (n, 2), and the pages kept by their numbers from 0."""

    page_size: int
    sums: NDArray[np.uint32]
    kept: dict[int, bytes]


def sums_file(path: Path) -> Path:
    """Return where the checksums of the catalogue at `path` are."""
    return path.with_suffix(".sums")


def page_sums(file: BinaryIO) -> PageSums:
    """Return the checksums of an open catalogue."""
    file.seek(0)
    size = int.from_bytes(file.read(HEADER)[16:18], "big")
    page_size = 65536 if size == 1 else size
    found, kept = [], {}
    for number, page in enumerate(_pages(file, page_size)):
        found.append((zlib.crc32(page), zlib.adler32(page)))
        if number == 0 or page[0] == _LEADING:
            kept[number] = bytes(page)
    return PageSums(page_size, np.array(found, np.uint32).reshape(-1, 2), kept)


def write(path: Path, sums: PageSums) -> None:
    """Keep the checksums of the catalogue at `path` beside it."""
    data = io.BytesIO()
    np.savez(
        data,
        page_size=np.array(sums.page_size),
        sums=sums.sums,
        numbers=np.array(list(sums.kept), np.int64),
        pages=np.frombuffer(b"".join(sums.kept.values()), np.uint8),
    )
    whole = data.getvalue()
    sums_file(path).write_bytes(zlib.crc32(whole).to_bytes(_CRC, "big") + whole)


def read(path: Path) -> PageSums | None:
    """Return the checksums that are kept of the catalogue at `path`; None where there are none to go by."""
    try:
        data = sums_file(path).read_bytes()
    except OSError:
        return None
    if zlib.crc32(data[_CRC:]) != int.from_bytes(data[:_CRC], "big") or len(data) <= _CRC:
        return None
    with np.load(io.BytesIO(data[_CRC:])) as held:
        page_size = int(held["page_size"])
        pages = held["pages"].tobytes()
        kept = {int(n): pages[i * page_size : (i + 1) * page_size] for i, n in enumerate(held["numbers"])}
        return PageSums(page_size, held["sums"], kept)


def forget(path: Path) -> None:
    """Remove the checksums of the catalogue at `path`: it is about to change."""
    sums_file(path).unlink(missing_ok=True)


def write_undamaged(source: BinaryIO, target: BinaryIO, sums: PageSums) -> bool:
    """Copy a damaged catalogue so that nothing of its damaged pages can be taken for sound.

    Returns:
        Whether the checksums are those of this catalogue: a tenth of its pages have them, at least.
    """
    source.seek(0)
    n_same, given, bits = 0, _pages(source, sums.page_size), dict[int, int]()
    for number, (crc, adler) in enumerate(sums.sums.tolist()):
        page = bytes(next(given, b""))
        if (zlib.crc32(page), zlib.adler32(page)) == (crc, adler):
            n_same += 1
        elif number in sums.kept:
            page = sums.kept[number]
        else:
            bits = bits or _bits(sums.page_size)
            page = _flipped_back(page, bits.get(zlib.crc32(page) ^ crc))
            if len(page) != sums.page_size or zlib.adler32(page) != adler:
                page = _UNREADABLE * sums.page_size
        target.write(page)
    return 10 * n_same >= len(sums.sums)


def _bits(page_size: int) -> dict[int, int]:
    """Return for each bit of a page what flipping it does to the CRC-32, and the bit's number by that."""
    zeros = bytearray(page_size)
    plain = zlib.crc32(zeros)
    found = {}
    for bit in range(8 * page_size):
        zeros[bit // 8] = 1 << bit % 8
        found[zlib.crc32(zeros) ^ plain] = bit
        zeros[bit // 8] = 0
    return found


def _flipped_back(page: bytes, bit: int | None) -> bytes:
    if bit is None or bit // 8 >= len(page):
        return page
    at = bit // 8
    return page[:at] + bytes([page[at] ^ (1 << bit % 8)]) + page[at + 1 :]


def without_seal(header: bytes) -> bytes:
    """Return SQLite's header with zeros for what storing the seal changes."""
    plain = bytearray(header)
    for place in CHANGING:
        plain[place] = bytes(len(plain[place]))
    return bytes(plain)


def _pages(file: BinaryIO, page_size: int) -> Iterator[bytes | memoryview]:
    file.seek(0)
    first = file.read(page_size)
    if len(first) < HEADER:
        return
    yield without_seal(first[:HEADER]) + first[HEADER:]
    while chunk := memoryview(file.read(max(_CHUNK, page_size))):
        for at in range(0, len(chunk), page_size):
            yield chunk[at : at + page_size]

"""Bytes of a text file to characters: byte order marks, UTF-8, UTF-16, then the best guess."""

from __future__ import annotations

import codecs

from rag.errors import BrokenDocument

_BOMS = (  # UTF-32 first: its little-endian mark starts with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024  # bytes that the encoding is guessed from: guessing is slow, and more adds nothing
_CONTROLS = frozenset(map(chr, (*range(9), 11, *range(14, 27), *range(28, 32), 0xFFFD)))
_MOST_CONTROLS = 0.02  # of the characters of a text that was guessed; binary files have a third and more


def decode(data: bytes, name: str) -> str:
    r"""Return the text of `data`, with its line ends as ``\n`` and without a byte order mark.

    Raises:
        BrokenDocument: the bytes are no text in any encoding.
    """
    return normalise_newlines(_decode(data, name))


def normalise_newlines(text: str) -> str:
    r"""Return `text` with ``\r\n`` and ``\r`` as ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decode(data: bytes, name: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    wide = _utf16_without_mark(data)
    if wide:
        return data.decode(wide, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(data, name)


def _utf16_without_mark(data: bytes) -> str | None:
    """Return the UTF-16 encoding of text in which every other byte is zero, as in most Western text."""
    sample = data[:_SAMPLE]
    if len(sample) < 4 or len(data) % 2 or b"\0" not in sample:
        return None
    even, odd = sample[::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _guessed(data: bytes, name: str) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    text = data.decode(best.encoding if best else "cp1252", errors="replace")
    sample = text[:_SAMPLE]
    if sum(character in _CONTROLS for character in sample) > _MOST_CONTROLS * len(sample):
        raise BrokenDocument(f"{name}: it holds binary data, not text; export it as .txt or .pdf")
    return text

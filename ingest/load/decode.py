"""Bytes of a text file to characters: byte order marks, UTF-8, UTF-16, then the best guess."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from rag.errors import BrokenDocument

_BOMS = (  # UTF-32 first: its little-endian mark starts with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHIFTS = re.compile(rb"\x1b\$[@B]")  # to Japanese, in ISO-2022-JP, which looks like ASCII otherwise
_JAPANESE = ("euc_jp", "cp932")
_KANA = 0.25  # of the characters beyond ASCII; Japanese has half of them, no other text has any
# What files are in, in practice: with the rarer ones among the candidates, the guess goes to them too often.
_LIKELY = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp866"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9", "koi8_r", "koi8_u", "cp437", "cp850", "cp852"),
    *("big5", "gb18030", "cp949", "cp932", "euc_jp", "cp874", "mac_roman", "mac_cyrillic", "cp037", "cp500"),
    *("utf_16_le", "utf_16_be"),
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
    wide = _wide_without_mark(data)
    if wide:
        return data.decode(wide, errors="replace")
    if _SHIFTS.search(data):
        with suppress(UnicodeDecodeError):
            return data.decode("iso2022_jp")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(data, name)


def _wide_without_mark(data: bytes) -> str | None:
    """Return the encoding of text with the zero bytes of UTF-32, or of UTF-16 in most Western languages."""
    sample = data[:_SAMPLE]
    if len(sample) < 4 or len(data) % 2 or b"\0" not in sample:
        return None
    if len(data) % 4 == 0:
        zeros = [sample[place::4].count(0) / (len(sample) / 4) for place in range(4)]
        if min(zeros[3], zeros[2]) > 0.95 and zeros[0] < 0.5:
            return "utf-32-le"
        if min(zeros[0], zeros[1]) > 0.95 and zeros[3] < 0.5:
            return "utf-32-be"
    even, odd = sample[::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _guessed(data: bytes, name: str) -> str:
    text = data.decode(_japanese(data[:_SAMPLE]) or _likeliest(data[:_SAMPLE]), errors="replace")
    sample = text[:_SAMPLE]
    if sum(character in _CONTROLS for character in sample) > _MOST_CONTROLS * len(sample):
        raise BrokenDocument(f"{name}: it holds binary data, not text; export it as .txt or .pdf")
    return text


def _japanese(sample: bytes) -> str | None:
    """Return the Japanese encoding in which much of the sample is kana; charset_normalizer misses it."""
    for encoding in _JAPANESE:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(
                sample
            )  # a character may be cut at its end
        except UnicodeDecodeError:
            continue
        beyond = [character for character in text if character > "\x7f"]
        if sum("\u3041" <= character <= "\u30fe" for character in beyond) > _KANA * len(beyond):
            return encoding
    return None


def _likeliest(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(_LIKELY)).best()
    return best.encoding if best else "cp1252"

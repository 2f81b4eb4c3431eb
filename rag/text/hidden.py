"""Characters that a reader does not see, and what is made of them: shown to people, kept from models (pure).

Zero-width characters, bidirectional controls, tags, variation selectors and control codes can hide text from
the eye that a model reads, or turn round what the eye reads. They stay in a document's text, which all
offsets point into; they are marked where the text is shown and left out where it is put to a model. Where a
script or an emoji needs such a character, it is not hidden: a joiner between Arabic or Indic letters, a soft
hyphen inside a word, the flag of Scotland.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_INVISIBLE = (
    "\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls that are not white space
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    + _SELECTORS
)
"""Unicode's default ignorable code points, the annotation marks, and the control codes."""

_JOINING = (
    "\u0600-\u061b\u061d-\u085f\u0860-\u086f\u08a0-\u0dff\u0f00-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af"
    "\u1a20-\u1aaf\u1b00-\u1bff\ua840-\ua8ff\ua980-\ua9df\uaa60-\uaa7f\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1980-\u19df"
_LEFTWARDS = "\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_PICTURE = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_HAN = "\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff5e\U00020000-\U0003ffff"
_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_NEEDED = "|".join(
    (
        rf"(?<=[{_JOINING}])[\u200c\u200d](?![{_INVISIBLE}])",
        rf"(?<=[{_UNSPACED}])\u200b(?=[{_UNSPACED}])",
        rf"(?<=[{_PICTURE}])[\ufe0e\ufe0f](?![{_SELECTORS}])",
        rf"(?:(?<=[{_PICTURE}])|(?<=[{_PICTURE}]\ufe0f))\u200d(?=[{_PICTURE}])",
        r"(?<=[0-9#*])\ufe0f(?=\u20e3)",
        rf"(?<=[\u2200-\u22ff\u2a00-\u2aff\u1000-\u109f])\ufe00(?![{_SELECTORS}])",
        rf"(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef](?![{_SELECTORS}])",
        r"(?<=[\u1810-\u18af])[\u180b-\u180f](?![\u180b-\u180f])",
        rf"(?<=\U0001f3f4)(?:{_FLAGS})",
        r"(?<=[^\W\d_])\xad(?=[^\W\d_])",
        rf"(?:(?<=[{_LEFTWARDS}])|(?<=[{_LEFTWARDS}][^\w\s]))[\u200e\u200f\u061c](?![{_INVISIBLE}])",
        rf"[\u200e\u200f\u061c](?=[{_LEFTWARDS}])",
    )
)
"""Where such a character belongs to its script: Unicode's rules for joiners and selectors, made simple."""

_ANY = re.compile(f"[{_INVISIBLE}]")
_UNWRITTEN = re.compile(f"[{_INVISIBLE}\x85\u2028\u2029\ud800-\udfff]")
"""What JSON leaves as it is in a string, and should not stand raw in a terminal or a line of its own."""

_UNSAID = dict.fromkeys(map(ord, "\xad\u200e\u200f\u061c"))  # needed by the eye only
_MOST_KINDS = 3


@cache
def _run() -> re.Pattern[str]:
    """Return what finds a run of hidden characters: it takes long to compile, and few texts have any."""
    return re.compile(f"(?P<needed>{_NEEDED})|[{_INVISIBLE}](?:(?!{_NEEDED})[{_INVISIBLE}])*")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A run of hidden characters: offsets into the text, a label such as ``U+202E``, and what it is in words.

    Text that was written in tags or variation selectors is spelled out in the label.
    """

    start: int
    end: int
    label: str
    words: str


def hidden(text: str) -> Iterator[Hidden]:
    """Yield the runs of characters that a reader does not see, in order."""
    if _is_plain(text):
        return
    for found in _run().finditer(text):
        if found["needed"] is None:
            label, words = _described(found.group())
            yield Hidden(found.start(), found.end(), label, words)


def shown(text: str) -> str:
    """Return the text with a label such as ``⟦U+202E⟧`` in place of each run of hidden characters."""
    if _is_plain(text):
        return text
    return _run().sub(lambda found: found["needed"] or f"⟦{_described(found.group())[0]}⟧", text)


def cleaned(text: str) -> str:
    """Return the text as a reader sees it: without hidden characters, soft hyphens and direction marks."""
    if _is_plain(text):
        return text
    return _run().sub(lambda found: found["needed"] or "", text).translate(_UNSAID)


def escaped(json: str) -> str:
    """Return JSON with hidden characters written as escapes, which mean the same."""
    return _UNWRITTEN.sub(_escape, json)


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass").hex(" ", 2)
    return "".join(rf"\u{unit}" for unit in units.split())


def _is_plain(text: str) -> bool:
    return _ANY.search(text) is None


@lru_cache(512)
def _described(run: str) -> tuple[str, str]:
    """Return the label and the words for a run of hidden characters."""
    said = _spelled(run)
    if said:
        return f"hidden text: {said}", f"hidden text: {said}"
    groups = [(code, len(list(same))) for code, same in groupby(run)]
    if len(groups) > _MOST_KINDS:
        return f"{len(run)} invisible characters", f"{len(run)} invisible characters"
    labels = [f"U+{ord(code):04X}" + (f" ×{n}" if n > 1 else "") for code, n in groups]
    names = [_name(code) + (f", {n} times" if n > 1 else "") for code, n in groups]
    return " ".join(labels), f"invisible: {'; '.join(names)}"


def _spelled(run: str) -> str:
    """Return the text that a run of tags or of variation selectors spells, one a byte; empty if none."""
    codes = [ord(code) for code in run]
    if all(0xE0000 <= code <= 0xE007F for code in codes):
        return "".join(chr(code - 0xE0000) for code in codes if 0xE0020 <= code < 0xE007F).strip()
    values = [code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16 for code in codes]
    if len(run) < 2 or not all(0 <= value < 256 for value in values):
        return ""
    said = bytes(values).decode("utf-8", "replace")
    return said.strip() if said.isprintable() and "\ufffd" not in said else ""


def _name(code: str) -> str:
    return unicodedata.name(code, f"control code {ord(code):02X}").lower()

"""What is said of a sentence that its sources do not carry, and why (pure)."""

from __future__ import annotations

import re

from rag.text.words import stem
from rag.types import Sentence

_WORD = re.compile(r"\d[\d.,]*\d|\w+")
_LONGEST = 60
_SHOWN = 3
"""Missing words that are named; more would be longer than the sentence."""


def _cut(word: str) -> str:
    """Return a word, cut where it is longer than any word."""
    return word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…"


def _as_written(sentence: Sentence) -> list[str]:
    """Return the missing words as they stand in the sentence: they are kept as stems."""
    written = _WORD.findall(sentence.text)
    plain = [word.lower().replace(",", "") for word in written]
    as_written = dict(zip(stem(plain), written, strict=True)) | dict(zip(plain, written, strict=True))
    return list(dict.fromkeys(as_written.get(word, word) for word in sentence.missing))


def verdict_of(sentence: Sentence) -> str:
    """Return why a sentence is not supported, in words; empty where it is."""
    if sentence.support == "supported":
        return ""
    if sentence.missing:
        named = ", ".join(f"“{_cut(word)}”" for word in _as_written(sentence)[:_SHOWN])
        more = " and more" if len(sentence.missing) > _SHOWN else ""
        where = "the source" if sentence.citations else "any source"
        return f"{named}{more}: not in {where}"
    return "only partly in the source" if sentence.support == "partly" else "no source found"

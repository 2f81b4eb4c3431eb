"""Words as a `tsvector` of PostgreSQL holds them: by our stems, with their places and weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.text.words import stem, words

_LONGEST, _MOST_PLACES, _LAST_PLACE = 250, 255, 16383
"""Characters of a word that count, and what a tsvector tells: places of a word, and the last of them."""

_PIECE = re.compile(r"[^\W_]+")


def lexeme_of(term: str) -> str:
    """Return what a word of a question is in the index."""
    return _stem([term])[0]


def vector_of(context: str, text: str) -> dict[str, str | int]:
    """Return the words of a passage as a `tsvector` is written, and how many there are.

    Words of the text have the weight A, and come first; those of the context have D. A word with an inner
    point, comma or underscore is there as a whole and in its pieces, of which alone the length is counted.
    """
    places: dict[str, list[str]] = {}
    length = 0
    for part, weight in ((text, "A"), (context, "")):
        for word, pieces in _words(part):
            for each in {word, *pieces}:
                places.setdefault(each, []).append(f"{min(length + 1, _LAST_PLACE)}{weight}")
            length += len(pieces)
    written = " ".join(f"{quoted(each)}:{','.join(at[:_MOST_PLACES])}" for each, at in places.items())
    return {"words": written, "length": length}


def _words(text: str) -> Iterable[tuple[str, list[str]]]:
    """Yield the stem of each word, and those of its pieces: itself, where it has no others."""
    found = words(text)
    for word, stemmed in zip(found, _stem(found), strict=True):
        pieces = _PIECE.findall(word)
        yield stemmed, [stemmed] if pieces == [word] else _stem(pieces)


def _stem(each: Sequence[str]) -> list[str]:
    return [(stemmed or word)[:_LONGEST] for word, stemmed in zip(each, stem(each), strict=True)]


def quoted(lexeme: str) -> str:
    """Return a word as `tsvector` and `tsquery` read it, in which nothing is an operator."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"

"""Which words of a question fetch passages from a large lexical index, and which only rank what was fetched.

BM25 of all passages that hold any word of a question costs more with each passage of a library. So the rare
words fetch, the others rank; and words that stand in very many passages are not even counted in those that
they rank: FTS5 would read all their places in the library to say how rare they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH, MOST = 1_000, 5_000
"""Passages that the words which fetch should find together, and that one of them may find at most.

To score one takes 4 µs. Of 120,000 passages, six words found nearly all, in 246 ms, and the rarest the same
best ones in 50 ms. Where no word of more than a tenth of SciFact's abstracts fetches, nDCG@10 (.654)
and recall@100 (.917) of the words stay as they are; with a twenty-fifth, recall@100 is .908.
"""

TOGETHER = 5_000
"""Passages that frequent words may be expected to find together, where rare ones find some."""

COUNTED = 50_000
"""Places in passages that may be read to rank by BM25, of the rarest words first; 40 ns each, four times.

Words beyond that add what BM25 gives for standing once in a passage of usual length. With half of SciFact's
abstracts for this number, nDCG@10 is .653 in place of .654, with a tenth .645, with a twentieth .641.
"""

_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class Gate:
    """What to ask FTS5 for.

    Attributes:
        ranked: an expression that names every word twice: half its BM25 is a passage's score. Empty for none.
        plain: expressions, each with what it adds to the score of the passages that it finds.
    """

    ranked: str
    plain: tuple[tuple[str, float], ...]


def gates(frequency: Mapping[str, int], size: int) -> list[Gate]:
    """Return what to ask for, one after the other: a passage that several find has the score of the first.

    A frequent word ranks passages but fetches none: what holds no other word of the question is not among the
    best. Where too few passages hold the rare ones, those that hold the rarest frequent ones together are
    looked at.

    Args:
        frequency: for each word, how many passages hold it.
        size: how many passages there are.
    """
    held = {word: count for word, count in frequency.items() if count}
    rarest = sorted(held, key=lambda word: held[word])
    alone = _alone(rarest, held)
    together = _together(rarest, len(alone), held, size)
    counted = _counted(rarest, held)
    idf = {word: _idf(held[word], size) for word in rarest}
    return [
        _gate(words, join, counted, idf) for words, join in ((alone, " OR "), (together, " AND ")) if words
    ]


def any_of(words: Sequence[str]) -> str:
    """Return an expression for passages that hold any of the words."""
    return " OR ".join(map(quoted, words))


def quoted(word: str) -> str:
    """Return a word as an FTS5 string, in which nothing is an operator."""
    return '"' + word.replace('"', '""') + '"'


def _alone(rarest: Sequence[str], held: Mapping[str, int]) -> list[str]:
    """Return the words of which a passage must hold one to be looked at."""
    alone, fetched = list[str](), 0
    for word in rarest:
        if fetched >= ENOUGH or held[word] > MOST:
            break
        alone.append(word)
        fetched += held[word]
    return alone


def _together(rarest: Sequence[str], n_alone: int, held: Mapping[str, int], size: int) -> list[str]:
    """Return the words that a passage may hold all of instead: two, and more where these find too much."""
    if sum(held[word] for word in rarest[:n_alone]) >= ENOUGH:
        return []
    together, expected = list[str](), float(size)
    for word in rarest[n_alone:]:
        if len(together) >= 2 and expected <= TOGETHER:
            break
        together.append(word)
        expected *= held[word] / size
    too_wide = len(together) < 2 or expected > TOGETHER
    return [] if n_alone and too_wide else together


def _gate(words: Sequence[str], join: str, counted: Sequence[str], idf: Mapping[str, float]) -> Gate:
    opened = f"({join.join(map(quoted, words))})"
    if set(counted).issuperset(words):
        # FTS5 sums over all words of an expression; those that fetch stand in it twice, so do the others.
        others = [word for word in counted if word not in words]
        return Gate(f"{opened} AND ({any_of([*counted, *others])})", _plain(opened, counted, idf))
    found = (opened, sum(idf[word] for word in words))
    return Gate("", (found, *_plain(opened, words, idf)))


def _plain(opened: str, known: Sequence[str], idf: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return what each word that is not reckoned with already adds to the passages that hold it."""
    return tuple(
        (f"{opened} AND {quoted(word)}", each)
        for word, each in idf.items()
        if word not in known and each > _LEAST_IDF
    )


def _counted(rarest: Sequence[str], held: Mapping[str, int]) -> list[str]:
    """Return the words that BM25 ranks by."""
    counted, places = list[str](), 0
    for word in rarest:
        places += held[word]
        if places > COUNTED:
            break
        counted.append(word)
    return counted


def _idf(n_passages: int, size: int) -> float:
    """Return the inverse document frequency as FTS5 has it."""
    if 2 * n_passages >= size:
        return _LEAST_IDF
    return math.log((size - n_passages + 0.5) / (n_passages + 0.5))

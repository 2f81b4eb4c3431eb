"""What a text denies, clause by clause (pure).

"The flights were recorded in May, but not in June" denies nothing about May: a denial counts for the clause
that it stands in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.text.folding import folded
from rag.text.words import STOPWORDS, is_negated, stem, words

_BREAK = re.compile(
    r"[,;:.!](?=[\s\"'”’)]|$)|[()—]|\s[–-]\s"
    r"|\b(?:and|but|although|though|while|whereas|because|unless|except|if)\b"
    r"|(?<=\w)\s(?:which|who|whose|when)\s(?=[^?]*$)",
    re.IGNORECASE,
)
"""Where a clause ends. A question goes on in its answer: "Who did not sign? France."."""
_NO_DENIAL = re.compile(
    r"\b(?:not|no)\s+(?:only|just|merely|until|doubt|(?:more|less|fewer|later|earlier)\s+than)\b"
    r"|(?:\b(?:not|never)|n['’]t)\b(?=(?:\s+\w+){1,4}\s+until\b)",
    re.IGNORECASE,
)
"""Not only this, no more than that, not until then: they deny nothing of what follows."""
_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|nor|none\s+of|nobody|cannot|without|hardly|unable\s+to"
    r"|fail(?:ed|s|ing|ure)?\s+to|refus(?:e|ed|es|ing|al)\s+to)\b|n['’]t\b",
    re.IGNORECASE,
)
_LIGHT = frozenset(["longer", "yet", "ever", "even", "also", "still"])


@dataclass(frozen=True, slots=True)
class Clause:
    """The stems of a clause, what each denial in it denies, and whether it denies anything, in whatever way.

    A denial denies the first word after it that carries meaning, past adverbs; the whole clause when none
    follows.
    """

    stems: frozenset[str]
    denials: tuple[frozenset[str], ...]
    negated: bool

    @property
    def denied(self) -> frozenset[str]:
        """The stems of the words that are denied."""
        return frozenset[str]().union(*self.denials)


@lru_cache(8192)
def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a text, in order; those without a word that carries meaning are left out."""
    plain = _NO_DENIAL.sub(" ", folded(text))
    return tuple(each for each in map(_clause, _BREAK.split(plain)) if each.stems)


def _clause(text: str) -> Clause:
    every = frozenset(stem(_content(text)))
    denials = tuple(_first(text[match.end() :]) or every for match in _DENIAL.finditer(text))
    return Clause(every, denials, bool(denials) or is_negated(text))


def _first(text: str) -> frozenset[str]:
    """Return the stem of the first word that is no adverb, or of the first at all."""
    found = _content(text)
    return frozenset(stem(([word for word in found if not word.endswith("ly")] or found)[:1]))


def _content(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOPWORDS and word not in _LIGHT]

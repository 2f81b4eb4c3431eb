"""What a question asks for: its words with their weight, and the kind of answer it wants (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rag.vectors import Matrix, TokenVectors
from rag.words import stem, terms

Kind = Literal["when", "how many", "who", "where", "how", "what"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("when", re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|period|time)\b")),
    (
        "how many",
        re.compile(
            r"\bhow (many|much|often|large|long|far|tall|old|big|high|fast|deep|wide|few)\b"
            r"|\bwhat (percentage|percent|number|amount|population|fraction|proportion|portion|share)\b"
        ),
    ),
    ("who", re.compile(r"\b(who|whom|whose)\b")),
    (
        "where",
        re.compile(
            r"\bwhere\b|\b(what|which) (country|city|state|place|region|river|town|island|area|location"
            r"|continent|nation|county|province)\b"
        ),
    ),
    ("how", re.compile(r"\b(why|how)\b")),
)
_TIME = re.compile(
    r"\b(1\d{3}|20\d{2}|\d{3}0?s|centur\w+|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|twenty|thirty|forty|fifty"
    r"|hundred|thousand|million|billion|dozen|half|third|quarter|percent|several|many|few|twice|once|double)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][^\W\d_A-Z]\w*")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be compared with text.

    `weights` are its stems with their idf, `vector` its embedding, `tokens` those of its tokens. For a
    follow-up, `vector` leans towards what the conversation was about.
    """

    text: str
    weights: Mapping[str, float]
    vector: Matrix
    tokens: TokenVectors

    @property
    def kind(self) -> Kind:
        """The kind of answer that is asked for."""
        return kind(self.text)

    def share(self, held: frozenset[str] | set[str]) -> float:
        """Return the idf-weighted share of the question's words among the stems `held`, 0..1."""
        total = sum(self.weights.values())
        return sum(weight for word, weight in self.weights.items() if word in held) / total if total else 0.0


def idf(question: str, frequency: Mapping[str, int], n_passages: int) -> dict[str, float]:
    """Return the weight of each stem of the question: ln(1 + (N - df + 0.5) / (df + 0.5)), as in BM25."""
    weights: dict[str, float] = {}
    for term in terms(question):
        df = frequency.get(term, 0)
        weights[stem([term])[0]] = math.log(1 + (n_passages - df + 0.5) / (df + 0.5))
    return weights


def kind(question: str) -> Kind:
    """Return the kind of answer that a question asks for first; "what" where its words do not tell."""
    text = question.lower()
    starts = {name: match.start() for name, pattern in _KINDS if (match := pattern.search(text))}
    return min(starts, key=starts.__getitem__, default="what")


def offers(text: str, question: str, wanted: Kind) -> float:
    """Return how much of the wanted kind `text` adds to the question's own words, 0..1.

    A time for "when", an amount for "how many", up to two names for "who" and "where"; else 0.
    """
    asked = set(_WORD.findall(question.lower()))
    new = " ".join(word for word in text.split() if not asked.issuperset(_WORD.findall(word.lower())))
    if wanted == "when":
        return float(bool(_TIME.search(new)))
    if wanted == "how many":
        return float(bool(_AMOUNT.search(new)))
    if wanted in ("who", "where"):
        return min(sum(name.lower() not in asked for name in _NAME.findall(text)), 2) / 2
    return 0.0

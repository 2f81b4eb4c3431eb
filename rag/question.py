"""What a question asks for: its words with their weight, and the kind of answer it wants (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from rag.errors import QuestionError
from rag.text.folding import folded
from rag.text.words import stem, terms
from rag.vectors import Matrix, TokenVectors

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
_JOINT = re.compile(r",(?!\d)|;|\b(?:and|while|whereas|but|compared to|versus|than|before|after)\b")
_POLAR = re.compile(
    r"(?:^|, (?:and )?)(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\s"
    r"[^,]*(?:,[^?]*)?\?$",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"\b(what|which|or)\b", re.IGNORECASE)
MOST_PARTS, LEAST_TERMS = 6, 3
MAX_QUESTION_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be compared with text.

    `weights` are its stems with their idf, `vector` its embedding, `tokens` those of its tokens. For a
    follow-up, `vector` leans towards what the conversation was about, and `context` are stems from there,
    with what each counts against 1. `n_passages` is the size of the library.
    """

    text: str
    weights: Mapping[str, float]
    vector: Matrix
    tokens: TokenVectors
    context: Mapping[str, float] = field(default_factory=dict)
    n_passages: int = 1

    @property
    def kind(self) -> Kind:
        """The kind of answer that is asked for."""
        return kind(self.text)

    def share(self, held: Set[str]) -> float:
        """Return the idf-weighted share of the question's words among the stems `held`, 0..1."""
        return _share(self.weights, held)

    def share_alike(self, held: Set[str]) -> float:
        """Return the same with each word counting alike, and the words of the conversation as they do.

        In a small library idf says little: the words that all its passages share weigh nothing.
        """
        return _share({**self.context, **dict.fromkeys(self.weights, 1.0)}, held)


def _share(weights: Mapping[str, float], held: Set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in held) / total if total else 0.0


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


def parts(question: str) -> list[str]:
    """Return the parts of a question that asks of several things, to be searched each for itself; else none.

    A comparison of what two articles say finds neither as well as each of its halves does.
    """
    found = [part.strip(" ?.") for part in _JOINT.split(question)]
    found = [part for part in found if len(terms(part)) >= LEAST_TERMS][:MOST_PARTS]
    return found if len(found) > 1 else []


def is_polar(question: str) -> bool:
    """Tell whether a question asks for yes or no."""
    return bool(_POLAR.search(question.strip())) and kind(question) == "what" and not _CHOICE.search(question)


def offers(text: str, question: str, wanted: Kind) -> float:
    """Return how much of the wanted kind `text` adds to the question's own words, 0..1.

    A time for "when", an amount for "how many", up to two names for "who" and "where"; else 0.
    """
    text = folded(text)
    asked = set(_WORD.findall(folded(question).lower()))
    new = " ".join(word for word in text.split() if not asked.issuperset(_WORD.findall(word.lower())))
    if wanted == "when":
        return float(bool(_TIME.search(new)))
    if wanted == "how many":
        return float(bool(_AMOUNT.search(new)))
    if wanted in ("who", "where"):
        return min(sum(name.lower() not in asked for name in _NAME.findall(text)), 2) / 2
    return 0.0


def valid(question: str) -> str:
    """Return a question without the space around it.

    Raises:
        QuestionError: nothing is left, or more than `MAX_QUESTION_CHARS`.
    """
    stripped = question.strip().encode("utf-8", "replace").decode("utf-8")  # halves of characters go
    if not stripped:
        raise QuestionError(
            'the question is empty: write it between quotes, as in footnote ask "When did …?"'
        )
    if len(stripped) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(stripped):,} characters and may have {MAX_QUESTION_CHARS:,}: "
            "shorten it, or add the text as a document"
        )
    return stripped

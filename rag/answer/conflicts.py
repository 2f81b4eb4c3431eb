"""Sources that disagree: another document gives another answer to the question.

Code finds sentences that speak of what was asked, in documents that the answer does not rest on, and that
lack its words. Each is put to the model alone, with a few words to answer in; those words count only where
they stand in that sentence, and share nothing with the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answer.prompt import briefly
from rag.answer.writer import Say
from rag.evidence import RankedSpan, Span
from rag.question import Question
from rag.text.phrases import is_refusal
from rag.text.words import STOPWORDS, numbers, stem, stem_set, words
from rag.types import Conflict, Sentence

ABOUT = 0.6
"""Share of the question's words that a passage must hold, with its title, to be an answer to it."""
SPEAKS = 0.35
"""The same for the sentence itself."""
NEAR, LIKELY = 0.67, 0.3
"""Cosine to the question, or chance to hold the answer, that a sentence must reach.

Of 165 answers about paragraphs that do not disagree, 2 tell of a conflict at these values, 7 at a cosine of
0.55; of 30 questions with false passages beside a true one 22 do at both.
"""
HELD = 0.34
"""Share of the answer's own words above which a text says the same in other words."""
ASKED_AT_MOST = 2
"""Documents that are put to the model."""
VALUE_PIECES, VALUE_WORDS = 16, 4
_YEARS = re.compile(r"\b([12]\d\d0)['’]?s\b")


def conflicts(
    sentences: Sequence[Sentence], ranked: Sequence[RankedSpan], question: Question, say: Say
) -> Iterator[Conflict]:
    """Yield the documents that answer the question otherwise than `sentences` do.

    Raises:
        ModelError: the model does not answer.
    """
    said = [each for each in sentences if each.citations and not is_refusal(each.text)]
    answer = " ".join(each.text for each in said)
    own = _value(_added(answer, question))
    cited = [citation for each in said for citation in each.citations]
    if not own or not cited:
        return
    carrying = [each for each in cited if _shares(own, each.quote)] or cited
    quotes = " ".join(citation.quote for citation in carrying)
    for span in suspects(ranked, question, own, {citation.document_id for citation in carrying}):
        value = say(briefly(question.text, span), VALUE_PIECES).strip().strip(".")
        added = _added(value, question)
        other = _value(added)
        alike = _is_number(own) == _is_number(other)
        same = other & (own | _said(quotes)) or _covers(value, own) or _covers(f"{answer} {quotes}", other)
        if is_value(value, added, span) and alike and not same:
            yield Conflict(value, span.citation(), carrying[0])


def suspects(
    ranked: Sequence[RankedSpan], question: Question, own: frozenset[str], cited: set[str]
) -> list[Span]:
    """Return sentences on what was asked that lack what the answer adds, one a document, best first.

    Args:
        ranked: the evidence.
        question: what was asked.
        own: the stems that the answer adds to the question.
        cited: the documents that the answer rests on.
    """
    asked = frozenset(question.weights)
    found: dict[str, Span] = {}
    for each in ranked:
        span = each.span
        title = stem_set(span.passage.title)
        about = len(asked & (stem_set(span.passage.text) | title)) / len(asked) if asked else 0.0
        speaks = len(asked & (stem_set(span.text) | title)) / len(asked) if asked else 0.0
        other = span.document_id not in cited and not _shares(own, span.passage.text)
        near = each.cosine >= NEAR or each.score >= LIKELY
        if other and near and about >= ABOUT and speaks >= SPEAKS:
            found.setdefault(span.document_id, span)
    return list(found.values())[:ASKED_AT_MOST]


def is_value(value: str, added: frozenset[str], span: Span) -> bool:
    """Tell whether a model's words are an answer: what they add to the question stands in the span."""
    return 0 < len(added) <= VALUE_WORDS and not is_refusal(value) and added <= _said(span.text)


def conflict_sentence(conflict: Conflict) -> Sentence:
    """Return what the reader is told, with both sources."""
    text = f"“{conflict.other.title}” gives a different answer: {conflict.value}."
    return Sentence(text, (conflict.other, conflict.against), "supported", 1.0)


def _added(text: str, question: Question) -> frozenset[str]:
    """Return the stems that a text adds to the question's."""
    return _said(text) - _said(question.text)


def _value(added: frozenset[str]) -> frozenset[str]:
    """Return the numbers alone where there are any."""
    return frozenset(word for word in added if word[0].isdigit()) or added


def _covers(text: str, value: frozenset[str]) -> bool:
    """Tell whether a text names the decade or century that a year of the value is in: the 1740s and 1748."""
    named = tuple(match[1].rstrip("0") for match in _YEARS.finditer(text))
    return any(len(word) == 4 and word.startswith(named) for word in value)


def _is_number(value: frozenset[str]) -> bool:
    return any(word[0].isdigit() for word in value)


def _shares(own: frozenset[str], text: str) -> bool:
    """Tell whether a text says what the answer adds."""
    return len(own & _said(text)) > HELD * len(own)


def _said(text: str) -> frozenset[str]:
    """Return the stems of a text, its numbers as plain digits: seven is 7, and 1,200 is 1200."""
    found: set[str] = set()
    for word in words(text):
        if word not in STOPWORDS:
            found |= numbers(word) or set(stem([word]))
    return frozenset(found)

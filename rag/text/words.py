"""Words of a text, as retrieval and the citation check compare them (pure)."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

from rag.text.folding import folded

_WORD = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED = {
    word: str(value)
    for value, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2)
} | {"twice": "2"}
_MONTH = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|none|cannot|without|hardly|unable|fail(?:ed|s|ing|ure)?|refus(?:e|ed|es|ing|al)"
    r"|lack(?:s|ed|ing)?"
    r"|rare(?:ly)?|exempt|un(?!ited\b|ified\b|der)\w+ed)\b|n['’]t\b",
    re.IGNORECASE,
)
_local = threading.local()

STOPWORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further had has have having
    he her here hers herself him himself his how i if in into is it its itself just me more most my myself no
    nor not now of off on once only or other our ours out over own same she should so some such than that the
    their theirs them then there these they this those through to too under until up upon very was we were
    what when where which while who whom whose why will with would you your yours s t""".split()
)


def words(text: str) -> list[str]:
    """Return the words of `text` in order, lower case, without accents; numbers stay whole (``1,200.5``)."""
    text = folded(text)
    if text.isascii():
        return _WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(plain)


def terms(text: str) -> list[str]:
    """Return the distinct words that carry meaning, in order; all words when none does."""
    found = list(dict.fromkeys(words(text)))
    return [word for word in found if word not in STOPWORDS] or found


def stems(text: str) -> list[str]:
    """Return the Porter stems of the words that carry meaning, in order, repeated as they stand."""
    return stem(word for word in words(text) if word not in STOPWORDS)


@lru_cache(8192)
def stem_set(text: str) -> frozenset[str]:
    """Return the distinct stems of `text`; remembered, since the same sentences are compared many times."""
    return frozenset(stems(text))


def stem(each: Iterable[str]) -> list[str]:
    """Return the Porter stem of each word, as the lexical index makes it."""
    if not hasattr(_local, "stemmer"):  # a stemmer is not safe to share between threads
        _local.stemmer = Stemmer.Stemmer("porter")
    stemmed: list[str] = _local.stemmer.stemWords(list(each))
    return stemmed


def numbers(text: str) -> set[str]:
    """Return the numbers in `text` as plain digits; those in words, from two to twelve, as well."""
    spelled = {_SPELLED[word] for word in words(text) if word in _SPELLED}
    return {_plain(number) for number in _NUMBER.findall(folded(text))} | spelled


def months(text: str) -> set[str]:
    """Return the months named in `text`, each by its first three letters."""
    return {match[1].casefold() for match in _MONTH.finditer(folded(text))}


def is_negated(text: str) -> bool:
    """Tell whether a text denies something: by a word such as not, never or without, or by un-…-ed."""
    return negations(text) > 0


def negations(text: str) -> int:
    """Return how often a text denies something."""
    return sum(1 for _ in _NEGATION.finditer(folded(text)))


def names(text: str) -> set[str]:
    """Return the stems of words that look like names: capitals inside a sentence, or mixed with digits."""
    found: set[str] = set()
    text = folded(text)
    for match in re.finditer(r"[^\W_][\w’'-]*", text):
        word = match.group()
        starts = text[: match.start()].rstrip(" \"'“‘([")
        opens = not starts or starts[-1] in ".!?:\n"
        if any(c.isupper() for c in word[1:]) or (word[0].isupper() and not opens):
            found.update(word_ for word_ in words(word) if word_ not in STOPWORDS)
    return set(stem(found))


def _plain(number: str) -> str:
    whole, point, fraction = number.rpartition(".")
    if point and len(fraction) != 3:
        return f"{whole.replace(',', '')}.{fraction.rstrip('0')}".rstrip(".")
    parts = re.split(r"[.,]", number)
    if len(parts) > 1 and all(len(part) == 3 for part in parts[1:]):
        return "".join(parts)
    return number.replace(",", ".")

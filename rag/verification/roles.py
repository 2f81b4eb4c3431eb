"""Which way round a text puts things: from and to, before and after, and who did what to whom (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rag.text.folding import folded
from rag.text.words import stem, stem_set, words

_POLES = {
    "from": r"from|out\s+of|leaving|departed",
    "to": r"to|into|towards?",
    "before": r"(?<!not )(?:before|until|till|prior\s+to)",
    "after": r"after|since|following",
    "more": r"above|over|exceed(?:s|ed|ing)?|at\s+least|(?:more|greater|higher|larger)(?:\s+\w+)?\s+than"
    r"|(?:no|not)\s+(?:less|fewer)\s+than",
    "less": r"below|under|at\s+most|up\s+to(?=\s+[£$€]?\d)|(?:less|fewer|lower|smaller)(?:\s+\w+)?\s+than"
    r"|(?:no|not)\s+more\s+than",
    "with": r"with",
    "without": r"without",
}
"""Words that tell which way, by their sense."""
_PAIRS = (("from", "to"), ("before", "after"), ("more", "less"), ("with", "without"))
_OTHER = dict(_PAIRS) | {other: one for one, other in _PAIRS}
_SMALL = (
    r"(?:(?:the|a|an|his|her|its|their|all|other|any|each|every|about|some|nearly|almost|approximately|around)"
    r"\s+)*[£$€]?"
)
_NAME = r"(?-i:[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*){0,5})"
_DIRECTED = re.compile(
    rf"\b(?:{'|'.join(f'(?P<{pole}>{forms})' for pole, forms in _POLES.items())})\s+{_SMALL}"
    rf"(?P<of>{_NAME}|\w+(?:[.,]\d+)*)",
    re.IGNORECASE,
)
_LINKS = "by|to|from|of|for|in|on|at|with|against|than|before|after|over|under|into|as|near|like"
_DEED = re.compile(
    rf"(?<![\w’'-])(?P<one>{_NAME})(?P<deed>(?:\s+(?!and\b|or\b|but\b|which\b|who\b|that\b)[a-z][a-z-]*){{1,8}}?)"
    rf"(?:\s+(?P<link>{_LINKS}))?(?:\s+(?:the|a|an))?\s+(?P<other>{_NAME})"
)
_GOVERNED = re.compile(rf"\b({_LINKS}|and|or|between)\s+(?:(?:the|a|an)\s+)?$", re.IGNORECASE)
_MUTUAL = frozenset(
    stem(
        """married marries wed met meet meets border borders adjoins equals resembles rival cousin brother
        sister sibling twin twinned friend neighbour neighbor differs differed different similar fought fights
        linked connected shared shares merged allied""".split()
    )
)
"""Deeds that hold both ways."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Two names, the stems of what stands between them, and the small words right before each."""

    under: str
    one: frozenset[str]
    deed: frozenset[str]
    link: str
    other: frozenset[str]


def exchanged(claim: str, source: str) -> frozenset[str]:
    """Return the stems of the names that a claim puts the other way round than its source does."""
    found: set[str] = set()
    there = _directed(source)
    for word, ways in _directed(claim).items():
        held = there.get(word, frozenset())
        if any(_OTHER[way] in held and way not in held for way in ways):
            found.add(word)
    deeds = _deeds(source)
    for said in _deeds(claim):
        if any(_against(said, each) for each in deeds) and not any(_as(said, each) for each in deeds):
            found |= said.one | said.other
    return frozenset(found)


def _against(said: Deed, held: Deed) -> bool:
    """Tell whether the same was done the other way round."""
    if said.deed.isdisjoint(held.deed - _MUTUAL) or said.under != held.under:
        return False
    passive = (said.link == "by") != (held.link == "by")
    return _same(said, held) if passive else _crossed(said, held) and said.link == held.link


def _as(said: Deed, held: Deed) -> bool:
    """Tell whether the same was done, in the active or the passive."""
    passive = (said.link == "by") != (held.link == "by")
    return not said.deed.isdisjoint(held.deed) and (_crossed if passive else _same)(said, held)


def _same(said: Deed, held: Deed) -> bool:
    return not said.one.isdisjoint(held.one) and not said.other.isdisjoint(held.other)


def _crossed(said: Deed, held: Deed) -> bool:
    one, other = said.one, said.other
    there = not one.isdisjoint(held.other) and not other.isdisjoint(held.one)
    return there and one.isdisjoint(held.one) and other.isdisjoint(held.other)


@lru_cache(8192)
def _deeds(text: str) -> tuple[Deed, ...]:
    """Return who did what to whom, as far as it stands between two names."""
    text = folded(text)
    found, at = [], 0
    while match := _DEED.search(text, at):
        at = match.end("one")  # the second name may do something itself
        one, deed, other = (stem_set(match[name]) for name in ("one", "deed", "other"))
        if one and deed and other:
            under = _GOVERNED.search(text[: match.start()])
            found.append(
                Deed(under[1].lower() if under else "", one, deed, (match["link"] or "").lower(), other)
            )
    return tuple(found)


@lru_cache(8192)
def _directed(text: str) -> Mapping[str, frozenset[str]]:
    """Return the poles that each word is given."""
    found: dict[str, set[str]] = {}
    for match in _DIRECTED.finditer(folded(text)):
        pole = next(name for name in _POLES if match[name])
        for word in stem(words(match["of"])):
            found.setdefault(word, set()).add(pole)
    return {word: frozenset(poles) for word, poles in found.items()}

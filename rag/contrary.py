"""Where a source says the contrary of a sentence in nearly the same words (pure).

Words that two texts share say little about whether one carries the other: "moved from Warsaw to Krakow" and
"moved from Krakow to Warsaw" share all of theirs. What turns a statement around is looked for by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rag.folding import folded
from rag.words import STOPWORDS, is_negated, stem, stem_set, words

_OPPOSITES = """
accept reject; add remove; agree disagree; allow forbid; allow prohibit; ancient modern; appear
disappear; arrive depart; arrive leave; ascend descend; attack defend; begin end; best worst; bigger
smaller; biggest smallest; build destroy; buy sell; cause prevent; cheap expensive; cheaper costlier;
closed open; cold hot; colder warmer; compulsory optional; connect disconnect; construct demolish; create
destroy; decline grow; decrease increase; deny admit; deny confirm; earlier later; earliest latest; early
late; east west; eastern western; encourage discourage; enter exit; exclude include; expand shrink;
export import; external internal; fail succeed; fall rise; faster slower; fastest slowest; female male;
few many; fewer more; fewest most; first last; gain lose; great minor; guilty innocent; heaviest
lightest; heavy light; help hinder; high low; higher lower; highest lowest; hire fire; huge tiny; inner
outer; inside outside; join leave; junior senior; large small; larger smaller; largest smallest; least
most; left right; legal illegal; less more; longer shorter; longest shortest; major minor; majority
minority; maximum minimum; nearest farthest; negative positive; new old; newer older; newest oldest;
north south; northern southern; oldest youngest; oppose support; permanent temporary; private public;
raise lower; rural urban; save spend; simple complex; start end; start stop; strong weak; stronger
weaker; strongest weakest; top bottom; upper lower; victory defeat; win lose; won lost; young old;
younger older
"""
_TURNS = {
    "from": "to",
    "to": "from",
    "into": "from",
    "before": "after",
    "after": "before",
    "above": "below",
    "below": "above",
    "over": "under",
    "under": "over",
    "with": "without",
    "without": "with",
}
_DIRECTED = re.compile(
    rf"\b({'|'.join(_TURNS)})\s+(?:(?:the|a|an|his|her|its|their|all)\s+)?(\w+)", re.IGNORECASE
)
_OWNED = re.compile(r"(\w+)['’]s (\w+)")
_DENIAL = re.compile(
    r"\b(?:not|never|cannot|without|hardly|unable to|fail(?:ed|s)? to|refus(?:e|ed|es|ing) to)\b|n['’]t\b",
    re.IGNORECASE,
)
_REACH = 2
"""Words after a denial that it turns around."""


@lru_cache(4096)
def denied(text: str) -> frozenset[str]:
    """Return the stems of the words that a text denies: those right after not, never and their kind."""
    found: set[str] = set()
    text = folded(text)
    for match in _DENIAL.finditer(text):
        clause = re.split(r"[,;:.!?]", text[match.end() :], maxsplit=1)[0]
        found.update(stem([word for word in words(clause) if word not in STOPWORDS][:_REACH]))
    return frozenset(found)


def turned(claim: str, source: str) -> frozenset[str]:
    """Return the stems of what the source says the other way round than a claim does.

    Opposites in place of each other, what the source denies and the claim does not, directions (from one
    place to another, before one thing and after another), and owners: one's son and another's.
    """
    said, held = stem_set(claim), stem_set(source)
    found = {word for word in said - held if not held.isdisjoint(_opposites().get(word, ()))}
    if not is_negated(claim):
        found |= denied(source) & said
    there = _directed(source)
    for word, ways in _directed(claim).items():
        if any(_TURNS[way] in there.get(word, ()) for way in ways) and ways.isdisjoint(there.get(word, ())):
            found.add(word)
    owners = _owned(source)
    for thing, its in _owned(claim).items():
        found |= its - owners.get(thing, its)
    return frozenset(found)


@lru_cache(4096)
def _owned(text: str) -> Mapping[str, set[str]]:
    """Return the owners that each thing is given in a text: Robert of son, in "Robert's son"."""
    found: dict[str, set[str]] = {}
    for match in _OWNED.finditer(text):
        [owner], [thing] = stem([match[1].casefold()]), stem([match[2].casefold()])
        found.setdefault(thing, set()).add(owner)
    return found


@lru_cache(4096)
def _directed(text: str) -> Mapping[str, set[str]]:
    """Return the prepositions that stand before each word."""
    found: dict[str, set[str]] = {}
    for match in _DIRECTED.finditer(folded(text)):
        for word in stem_set(match[2]):
            found.setdefault(word, set()).add(match[1].lower())
    return found


@lru_cache(1)
def _opposites() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split(";"):
        one, other = stem(pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found

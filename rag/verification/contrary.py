"""Where a source says the contrary of a sentence in nearly the same words (pure).

Words that two texts share say little about whether one carries the other: "moved from Warsaw to Krakow" and
"moved from Krakow to Warsaw" share all of theirs. What turns a statement around is looked for by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rag.text.clauses import Clause, clauses
from rag.text.words import stem, stem_set
from rag.verification.roles import exchanged

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
_OWNED = re.compile(r"((?:[A-Z]\w+ )*\w+)['’]s (\w+)")
DENIAL = "not"
Standing = tuple[int, bool]
"""How near a source comes to a part of a claim, and whether it agrees."""
Part = tuple[int, str]
"""A word of a claim's clause, or `DENIAL`; the clause is -1 where it does not matter."""


def standing(claim: str, source: str) -> dict[Part, Standing]:
    """Return how a source stands to each part of a claim that it could turn around.

    A clause of the source is the nearer to one of the claim, the more words both share, and the more the
    whole source shares with the whole claim. A word agrees unless it is denied there and not by the claim,
    or stands the other way round; a clause that shares nothing else denies something else. A denial agrees
    where it is denied, or the opposite is said.
    """
    said, held = stem_set(claim), stem_set(source)
    shared = len(said & held)
    against = _against(claim, source)
    found: dict[Part, Standing] = {
        (-1, word): (shared, word not in against) for word in against | said & held
    }
    told = clauses(source)
    for i, ours in enumerate(clauses(claim)):
        near = [(each, shared + len(each.stems & ours.stems)) for each in told]
        for word in ours.stems - ours.denied:
            alone = frozenset([word])
            there = [
                (n, word not in each.denied or each.stems & ours.stems == alone != ours.stems)
                for each, n in near
                if word in each.stems
            ]
            if there:
                found[i, word] = max(there)
        if ours.denials:
            denials = (_denied(each, near, shared) for each in ours.denials)
            found[i, DENIAL] = min(denials, key=lambda each: (each[1], each[0]))
    return found


def contradicted(stands: Iterable[Mapping[Part, Standing]]) -> frozenset[str]:
    """Return what the nearest of several sources say otherwise: words, and "not" for what they do not deny.

    Of equally near ones, one that agrees counts.
    """
    nearest: dict[Part, Standing] = {}
    for each in stands:
        for part, stand in each.items():
            nearest[part] = max(stand, nearest.get(part, stand))
    return frozenset(word for (_, word), (_, agrees) in nearest.items() if not agrees)


def turned(claim: str, source: str) -> frozenset[str]:
    """Return the stems of what a source says the other way round than a claim does.

    Opposites in place of each other, what one denies and the other does not, names that are exchanged, and
    owners: one's son and another's.
    """
    return contradicted([standing(claim, source)])


def _denied(heads: frozenset[str], near: Sequence[tuple[Clause, int]], shared: int) -> Standing:
    """Return how near a source comes to a denial of some words, and whether it denies them as well.

    A source that has none of them, nor an opposite, denies them in other words if it denies anything.
    """
    opposites = frozenset[str]().union(*(_opposites().get(head, ()) for head in heads))
    there = [(n, each.negated) for each, n in near if not heads.isdisjoint(each.stems)]
    there += [(n, True) for each, n in near if not opposites.isdisjoint(each.stems)]
    return max(there, default=(shared, any(each.negated for each, _ in near)))


def _against(claim: str, source: str) -> frozenset[str]:
    """Return the words of a claim that stand in the source the other way round, or whose opposites do."""
    said, held = stem_set(claim), stem_set(source)
    plain = said - held - frozenset[str]().union(*(each.denied for each in clauses(claim)))
    opposed = {word for word in plain if not held.isdisjoint(_opposites().get(word, ()))}
    owners = _owned(source)
    pairs = ((its, owners.get(thing, its)) for thing, its in _owned(claim).items())
    others = {owner for its, theirs in pairs if its.isdisjoint(theirs) for owner in its}
    return exchanged(claim, source) | opposed | others


@lru_cache(4096)
def _owned(text: str) -> Mapping[str, set[str]]:
    """Return the owners that each thing is given in a text: Robert of son, in "Robert's son"."""
    found: dict[str, set[str]] = {}
    for match in _OWNED.finditer(text):
        [thing] = stem([match[2].casefold()])
        found.setdefault(thing, set()).update(stem(match[1].casefold().split()))
    return found


@lru_cache(1)
def _opposites() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split(";"):
        one, other = stem(pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found

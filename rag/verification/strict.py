"""What full support asks for beyond words in common (pure).

"The fewest live in the north" shares all its words but one with "Most live in the north", and "In 1939
1,300,000 people lived in Poland" with "In 1939 1,300,000 people lived in Warsaw". A sentence that says more
than its source, or says it of something else, is partly supported at most.
"""

from __future__ import annotations

import re

from rag.text.words import months, names, negations, stem, stem_set, words

_STRONG = (
    "all every", "always", "best", "biggest greatest largest main", "earliest first oldest", "fewest",
    "final last latest", "highest", "least", "longest", "lowest", "most", "newest youngest",
    "only sole solely", "shortest", "smallest", "worst",
)  # fmt: skip
"""Words that claim more than one of their kind, those of like meaning together."""
_ALIKE = {word: frozenset(group.split()) for group in _STRONG for word in group.split()}
_WORD = re.compile(r"[^\W\d_]+")


def lacking(claim: str, named: str, source: str, around: str) -> frozenset[str]:
    """Return what a claim says that its source does not say of the same thing.

    Args:
        claim: a sentence, with its question before it when it is short.
        named: the part of the claim whose capitals are names.
        source: the spans that carry it.
        around: the spans with the sentences before them, titles and headings.

    Returns:
        Words such as all, only and the largest that stand in no form around; names that do not; and "not",
        when the claim denies more often than its source.
    """
    held = {word.casefold() for word in _WORD.findall(around)}
    strong = {word for word in words(claim) if word in _ALIKE and _ALIKE[word].isdisjoint(held)}
    denies = {"not"} if negations(claim) > negations(source) else set()
    dates = months(named)
    called = names(named) - stem_set(around) - names(around) - set(stem(dates))
    return frozenset(strong | denies | {name for name in called if name[:3] not in dates})

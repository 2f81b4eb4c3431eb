"""What a question leaves out, and so whether it needs the conversation before it (pure).

Read from English words alone. A mistake costs little: the question as it stands is always searched too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.text.words import STOPWORDS, names, stem, words
from rag.types import Turn


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_OPENERS = re.compile(
    r"""^(?:(?:ok(?:ay)? | thanks? | thank\ you | got\ it | i\ see | good(?:\ to\ know)? | great | nice | well
    | hm+ | oh | wow | sorry | hi | hello | hey | please | sure | right | fine | cool | alright
    | that\ is\ (?:fine|okay|ok) | by\ the\ way | wait\ a\ (?:second|minute) | do\ you\ know
    | (?:(?:can|could|would)\ you\ )?(?:please\ )?tell\ me | i\ (?:want|would\ like|need)\ to\ know
    )\b[\s,.!:;-]*)+""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTINUES = _any_of(
    r"^(?:and|but|or|so|then|also|plus|only|except)\b|^(?:no|yes|yeah)\s*[,.!]",
    r"^(?:what (?:about|if|else)|how about|why not|i meant?)\b",
    r"^(?:do |did )?you (?:meant?|sa(?:y|id)|mention(?:ed)?)\b",
    r"^(?:if|because|unless|without)\b[^,]{0,40}$",
)
_POINTING = _any_of(
    r"\bthe (?:same|former|latter|others|above|previous)\b|\bthe (?:first|second|third|last|other|rest)\W*$",
    r"\b(?:aforementioned|(?:someone|anything|what) else|instead(?! of)|such an?|any (?:others?|more))\b",
    r"\b(?:which|create|get|this|that|have|need|another|the|use|buy|make|any) ones?\b",
    r"\bother (?:options?|ways?|names?|examples?|reasons?)\b",
    r"\b(?:are|is|was|were|live|go|vote|work|stay|get|been) there\W*$",
    r"\bthat\W*(?:$|[?.!,])|^that\b",
    r"\b(?:is|was|does|did|about|of|for|do|like|with|to|from|on|after|before) that\b",
    r"^(?:what|which|how|when|where|why|whom?)\b[^,.;?]*?\b(?:do|does|did|is|are|was|were|can|could|will|would"
    r"|should|has|have|had) (?:it|they|he|she)\b",
)
_EXPLETIVE = _any_of(
    r"\bit(?:'s| is| was)? (?:\w+ly )?(?:not )?(?:true|possible|necessary|required|important|worth|safe|legal"
    r"|illegal|better|best|normal|common|hard|easy|difficult|likely|mandatory|allowed|raining|snowing)\b",
    r"\bit (?:take|cost|make sense) to\b",
)
_COMPARATIVE = _any_of(
    r"\b(?:more|less|fewer) (?!about|info|details?|than|of)\w+\b",
    r"\b(?:better|worse|cheaper|safer|faster|slower|bigger|larger|smaller|older|younger|higher|lower|longer|shorter"
    r"|stronger|weaker|easier|harder|earlier|later|newer|differences?|compared?|comparison)\b",
    r"\b(?:similar|different)\W*$",
)
_SECOND_SIDE = _any_of(r"\b(?:than|between|among|to|from|with|of|and|or|versus|vs|about|in)\b")

_SMALL_TALK = frozenset(
    """thank thanks thx ok okay hi hello hey bye goodbye good great nice cool sure yes yeah yep nope
    perfect fine please well got see understand understood know welcome morning afternoon evening day
    sorry wow much lot help helpful awesome alright appreciate""".split()
)
_ASKING = frozenset("what when where which who whom whose why how more other else".split())
_FEW_WORDS = 6
_PERSONAL = frozenset(
    "it its itself they them their theirs themselves he him his himself she her hers herself".split()
)
_DEMONSTRATIVE = frozenset("this these those".split())
_VERBS = frozenset(
    """am is are was were be been do does did done have has had can could will would shall should may
    might must want need know tell give explain describe list show find get go make use used work works
    mean means compare define summarize say said heard think happen happened create created cause caused
    causes pay buy sell start write wrote take took come came apply help discuss provide name calculate
    s re ll ve don isn aren wasn weren doesn didn won wouldn""".split()
)
LIGHT = frozenset(
    """mean want know tell please like need thank thanks ok okay sorry hi hello hey help give
    information info find get see meant explain understand heard think also good yes possible many much
    work works happen happened happens define name list use used go going make made take took long old
    started start often kind type types thing things way ways something anything example examples detail
    details may might must shall would could one ones""".split()
)


def needs_history(question: str, history: Sequence[Turn]) -> bool:
    """Return whether a question says too little without what was said before.

    Signs are pronouns and pointing words without an antecedent, ellipsis, fragments without a verb,
    comparisons that lack a side, and having no word of its own. Thanks and greetings ask nothing.
    """
    if not history or not asks(question):
        return False
    bare = _OPENERS.sub("", question.strip()) or question.strip()
    return (
        bool(_CONTINUES.search(bare))
        or points_back(bare)
        or _is_fragment(question)
        or _lacks_a_side(bare)
        or _says_little(bare)
    )


def asks(question: str) -> bool:
    """Return whether there is more in a message than a greeting, thanks or assent."""
    said = words(question)
    return "?" in question or any(
        word in _ASKING or word not in _SMALL_TALK and word not in STOPWORDS for word in said
    )


def own_words(text: str) -> list[str]:
    """Return the words that name a subject, in order: no stopwords, none that fit any question."""
    return [word for word in words(text) if word not in STOPWORDS and word not in LIGHT]


def points_back(text: str) -> bool:
    """Return whether a pronoun or a pointing word stands without an antecedent."""
    plain = _EXPLETIVE.sub(" ", text)
    if _POINTING.search(plain):
        return True
    said = words(plain)
    own = 0
    for at, word in enumerate(said):
        if (word in _DEMONSTRATIVE and not _repeats(said, at)) or (word in _PERSONAL and own < 2):
            return True
        own += word not in STOPWORDS and word not in LIGHT
    return False


def _repeats(said: Sequence[str], at: int) -> bool:
    """Tell a pointing word whose noun stands before it (``the files … these files``)."""
    return not set(stem(said[at + 1 : at + 2])).isdisjoint(stem(said[:at]))


def _is_fragment(text: str) -> bool:
    """Tell a few words without a verb."""
    said = words(text)
    if any(word in _VERBS for word in said) or said[:2] == ["how", "to"]:
        return False
    if said and said[0] in _ASKING:
        return len(own_words(text)) < 2
    return len(said) <= _FEW_WORDS


def _lacks_a_side(text: str) -> bool:
    match = _COMPARATIVE.search(text)
    return match is not None and not _SECOND_SIDE.search(text, match.end())


def _says_little(text: str) -> bool:
    """Tell a question with no word of its own, or with one that it takes for known (``the migration``)."""
    own = own_words(text)
    return not own or (len(own) == 1 and f" the {own[0]}" in f" {' '.join(words(text))}" and not names(text))

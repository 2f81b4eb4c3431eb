"""Claims made of a source's own sentences, which keep them true or make them false (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.text.words import stems

_AUX = r"(?:is|are|was|were|has|have|had|can|could|will|would|may|might|should|must|did|does|do)"
_NAME = r"(?:[A-Z][\w'’-]+(?: (?:of |the |de )?[A-Z][\w'’-]+)*)"
_WENT = (
    r"(?:moved|fled|went|flew|came|travell?ed|sailed|marched|returned|sent|migrated|emigrated|transferred"
    r"|extends?|extended|ran|runs)"
)
_DID = (
    r"(?:\w+(?:ed|s)|won|sold|beat|took|gave|led|built|left|sent|met|made|held|became|fought|fell|ran|rose|saw"
    r"|lost|wrote|taught|found)"
)
_DENIAL = re.compile(
    r"\b(?:no|not|never|nor|neither|hardly|rarely|none|cannot|without|failed|refused|unable)\b|n['’]t"
)
_TURNED = {
    "before": "after",
    "after": "before",
    "until": "after",
    "since": "before",
    "more than": "less than",
    "less than": "more than",
    "fewer than": "more than",
    "at least": "at most",
    "at most": "at least",
    "up to": "more than",
    "over": "under",
    "under": "over",
    "above": "below",
    "below": "above",
    "higher": "lower",
    "lower": "higher",
    "larger": "smaller",
    "smaller": "larger",
    "older": "younger",
    "younger": "older",
    "longer": "shorter",
    "shorter": "longer",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, how it was made, and whether the source carries it."""

    text: str
    kind: str
    true: bool


def claims_of(sentence: str) -> Iterator[Claim]:
    """Yield what can be made of a sentence."""
    yield Claim(sentence, "as it stands", true=True)
    parts = _parts(sentence)
    for part in parts:
        yield Claim(part, "a part of it", true=True)
    for kind, make in _TRUE.items():
        if made := make(sentence):
            yield Claim(made, kind, true=True)
    for kind, make in _FALSE.items():
        if made := make(sentence):
            yield Claim(made, kind, true=False)
    for part in parts:
        if made := _denied(part):
            yield Claim(made, "not, put into a part", true=False)


def _parts(sentence: str) -> list[str]:
    found = [
        each.strip(" ,;.")
        for each in re.split(r"; |, (?:and|but|while|whereas|although) |, which ", sentence)
    ]
    if len(found) < 2:
        return []
    whole = [each for each in found if len(stems(each)) >= 5 and re.search(rf"\b{_AUX}\b|\w+ed\b", each)]
    return [f"{each[0].upper()}{each[1:]}." for each in whole]


def _moved(sentence: str) -> str | None:
    """Put what stands in front of the sentence behind it."""
    match = re.match(
        r"((?:In|On|By|During|At|From|Since|After|Before|Until) [^,]{3,40}), "
        r"((?:the|a|an|he|she|it|they|[A-Z])[^;:]{20,160})\.$",
        sentence,
    )
    return f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}." if match else None


def _contracted(sentence: str) -> str | None:
    made, n = re.subn(rf"\b({_AUX}) not (?!only|until|just)", r"\1n't ", sentence, count=1)
    return made if n else None


def _denied(sentence: str, word: str = "not") -> str | None:
    match = re.search(rf"\b{_AUX}\b(?=(?: \w+)? \w+)", sentence)
    if match is None or match.start() <= 3 or _DENIAL.search(sentence):
        return None
    return f"{sentence[: match.end()]} {word}{sentence[match.end() :]}"


def _affirmed(sentence: str) -> str | None:
    if len(_DENIAL.findall(sentence)) != 1:
        return None
    for denial, affirmation in (
        (rf"\b({_AUX}) (?:not|never) (?!only|just|until|merely|necessarily)", r"\1 "),
        (r"\bcannot\b", "can"),
        (rf"\b({_AUX})n['’]t\b", r"\1"),
        (r"\bno longer ", ""),
        (r"\bwithout\b", "with"),
        (r"\b(?:failed|refused|unable) to ", "managed to "),
    ):
        made, n = re.subn(denial, affirmation, sentence, count=1)
        if n:
            return made
    return None


def _ends_exchanged(sentence: str) -> str | None:
    end = rf"(?:the )?(?:{_NAME}|[\d,.]+%?)"
    match = re.search(rf"\b(from|to) ({end})(.{{0,60}}?) (to|from) ({end})", sentence)
    if match is None or match[1] == match[4] or match[2] == match[5]:
        return None
    made = f"{match[1]} {match[5]}{match[3]} {match[4]} {match[2]}"
    return sentence[: match.start()] + made + sentence[match.end() :]


def _other_way(sentence: str) -> str | None:
    match = re.search(rf"\b{_WENT} (?:\w+ )?(from|to) (?:the )?{_NAME}", sentence)
    if match is None:
        return None
    other = "to" if match[1] == "from" else "from"
    return sentence[: match.start(1)] + other + sentence[match.end(1) :]


def _turned(pattern: str) -> Callable[[str], str | None]:
    def make(sentence: str) -> str | None:
        match = re.search(pattern, sentence)
        if match is None:
            return None
        return sentence[: match.start(1)] + _TURNED[match[1]] + sentence[match.end(1) :]

    return make


def _doers_exchanged(sentence: str) -> str | None:
    match = re.match(
        r"(?!(?:The|A|An|This|These|It|He|She|They|There|In|On|At|By)\b)"
        rf"({_NAME}) ((?:(?:was|were|had|has|have|then|also|later|first) )*{_DID}"
        rf"(?: (?!and |or |which |that |who |but )[a-z]+){{0,4}}) ({_NAME})",
        sentence,
    )
    if match is None or match[1] == match[3]:
        return None
    return f"{match[3]} {match[2]} {match[1]}{sentence[match.end() :]}"


_TRUE: dict[str, Callable[[str], str | None]] = {"its beginning moved": _moved, "not as n't": _contracted}
_FALSE: dict[str, Callable[[str], str | None]] = {
    "not, put in": _denied,
    "never, put in": lambda sentence: _denied(sentence, "never"),
    "a denial left out": _affirmed,
    "from and to exchanged": _ends_exchanged,
    "from for to": _other_way,
    "before for after": _turned(r"\b(before|after|until|since) (?=(?:the |a |his |her |its )?\w)"),
    "more for less": _turned(
        r"\b(more than|less than|fewer than|at least|at most|up to|over|under|above|below) (?=[£$€]?\d)"
    ),
    "larger for smaller": _turned(r"\b(higher|lower|larger|smaller|older|younger|longer|shorter) than\b"),
    "doers exchanged": _doers_exchanged,
}

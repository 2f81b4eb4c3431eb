"""What models write about their sources: pointers at them, and that they do not answer (pure)."""

from __future__ import annotations

import re

_NUMBER = r"\[\d+(?:\s*[,–-]\s*\d+)*\]"
_LISTED = r"(?:(?:, and|,| and) {0})*"
_INFORMATION = r"(?:the information (?:\w+ )?(?:in|by|from) )?"
_MARKER = re.compile(
    rf"(?:(?:according to|based on|as stated in|in) )?{_INFORMATION}"
    rf"(?:the )?sources? {_NUMBER}{_LISTED.format(_NUMBER)},? ?"
    rf"|(?:according to|based on) {_INFORMATION}"
    rf"(?:the (?:given |provided )?sources?|sources? \d+{_LISTED.format('[0-9]+')}), "
    r"|the (?:given |provided )?sources (?:indicate|mention|show|state) that "
    rf"|\s?{_NUMBER}",
    re.IGNORECASE,
)
_OPENING = re.compile(rf"(^|[.!?]\s+)(?:{_MARKER.pattern})(\w)", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\b(?:not (?:mentioned|specified|stated|provided|given|available|included|answered|contain|say|found in)"
    r"|no (?:information|mention|source)|cannot (?:answer|be determined|determine)|(?:do|does) not "
    r"(?:mention|specify|say|state|provide|contain|give|include|answer)|unable to (?:answer|find|determine))",
    re.IGNORECASE,
)


def strip_markers(text: str) -> str:
    """Remove ``[1]``, "according to the sources" and their kind: the citations are given by code."""
    opened = _OPENING.sub(lambda match: match[1] + match[2].upper(), text)
    return _MARKER.sub("", opened)


def is_refusal(sentence: str) -> bool:
    """Tell whether a sentence says that the sources do not answer."""
    return bool(_REFUSAL.search(sentence))

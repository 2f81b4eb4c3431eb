"""Text as search compares it: hidden characters left out, forms of letters and digits made plain (pure).

Only what is searched for, embedded or compared is folded; the text of a document stays as it was extracted.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rag.text.hidden import cleaned

_FORMS = re.compile(
    "[\u0132\u0133\u013f\u0140\u0149\u017f\u01c4-\u01cc\u01f1-\u01f3\u2100-\u217f\u3131-\u318e\u3300-\u33ff"
    "\uf900-\ufaff\ufb00-\ufdff\ufe70-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]+"
)
"""Ligatures, full-width and half-width forms, letters drawn as mathematics, presentation forms."""

_KEPT = ("<super>", "<sub>", "<fraction>", "<circle>")
"""Raised and lowered digits are no part of the number before them."""

_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Return the text without hidden characters and in plain forms: ``ﬁ`` is ``fi``, ``１２`` is ``12``."""
    if text.isascii():
        return cleaned(text)
    plain = _FORMS.sub(lambda found: "".join(map(_plain, found.group())), cleaned(text))
    return unicodedata.normalize("NFC", plain)


def reworded(text: str) -> str:
    """Return the words that folding makes anew, each once: what an index of the raw text would not find."""
    plain = folded(text)
    if plain == text:
        return ""
    raw = set(_WORD.findall(text.lower()))
    return " ".join(dict.fromkeys(word for word in _WORD.findall(plain.lower()) if word not in raw))


@lru_cache(4096)
def _plain(character: str) -> str:
    kept = unicodedata.decomposition(character).startswith(_KEPT)
    return character if kept else unicodedata.normalize("NFKC", character)

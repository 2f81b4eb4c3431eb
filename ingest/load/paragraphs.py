"""Lines of a page, with their places, to whole paragraphs (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_WORD = 100  # looked for further back, its end would be tried at each of thousands of letters
_ITEM = re.compile(
    r"(?:[•◦▪‣●○■–—*·-]|\(?(?:[a-z]|[ivx]{1,5})\)|[ivx]{1,5}\.|\(?\d{1,3}[.)])\s+\S"  # not "J. Smith"
    r"|\d+(?:\.\d+)+\.?\s+[A-Z]"
)
_LEADERS = re.compile(r"(?:\s*\.){4,}\s*")
_DOTS = " … "
_INK = re.compile(r"\S+")
_ENDS = re.compile(r"""[.!?:;…。！？]["'”’»)\]]*$""")
# In multiples of the size of a line's type; found on files from LaTeX, Word, LibreOffice, Docs and reportlab.
_SIZE_CHANGE = 1.12
_WIDER_GAP = 1.25  # of the page's own line spacing
_WIDEST_GAP = 2.6
_INDENT = 0.8
_SAME_LINE = 0.4
_COLUMN = 3.0
_WIDE = 0.6
_AROUND = 15  # lines that are looked at for the spacing and the edge of a column


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its words, its ends, its foot and the size of its type, in points.

    `first` is the number of its first character on the page; None where OCR has read it.
    """

    text: str
    left: float
    right: float
    bottom: float
    size: float
    hyphenated: bool = False
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph on one line, and the size of its type in points."""

    text: str
    size: float


def known_words(lines: Sequence[Line]) -> frozenset[str]:
    """Return the words in `lines`, in lower case, hyphenated ones too, but none that a line's end cuts."""
    words: set[str] = set()
    cut = False
    for line in lines:
        found = [word.lower() for word in _WORD.findall(line.text)]
        words.update(found[cut : len(found) - line.hyphenated])
        cut = line.hyphenated
    return frozenset(words)


def to_paragraphs(lines: Sequence[Line], words: frozenset[str] = frozenset()) -> list[Paragraph]:
    """Return the paragraphs of a page's lines, in the order given.

    Args:
        lines: the lines in reading order.
        words: what `known_words` finds in the document: tells which hyphens belong to their word.
    """
    return [Paragraph(_joined(part, words), median(line.size for line in part)) for part in grouped(lines)]


def grouped(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of each paragraph of a page."""
    edges = [_right_edge(lines, i) for i in range(len(lines))]
    pitches = _pitches(lines, edges)
    paragraphs: list[list[Line]] = []
    for i, line in enumerate(lines):
        if i and _continues(lines[i - 1], line, pitches[i - 1], edges[i - 1]):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return paragraphs


def strung(lines: Sequence[Line], hyphen: Callable[[str, str], str]) -> str:
    """Return the words of a paragraph's lines one after the other, not yet tidied.

    Args:
        lines: they are joined by spaces, but where a hyphen ends one.
        hyphen: what stands in the place of such a hyphen between the words before it and those after it.
    """
    text = lines[0].text
    for before, line in pairwise(lines):
        text += (hyphen(text, line.text) if before.hyphenated else " ") + line.text
    return text


def traced(raw: str) -> tuple[str, list[int]]:
    """Return what `tidied` makes of the words, and for each of its characters the place in them."""
    text, places = _squeezed(raw, range(len(raw)))
    parts: list[str] = []
    kept: list[int] = []
    at = 0
    for found in _LEADERS.finditer(text):
        parts += [text[at : found.start()], _DOTS]
        kept += [*places[at : found.start()], *[places[found.start()]] * len(_DOTS)]
        at = found.end()
    return _squeezed("".join([*parts, text[at:]]), [*kept, *places[at:]])


def tidied(raw: str) -> str:
    """Return the words with one space between two, and an ellipsis for a row of dots."""
    return " ".join(_LEADERS.sub(_DOTS, " ".join(raw.split())).split())


def _squeezed(text: str, places: Sequence[int]) -> tuple[str, list[int]]:
    found = [word.span() for word in _INK.finditer(text)]
    kept = [place for start, end in found for place in (*places[start:end], places[end - 1])]
    return " ".join(text[start:end] for start, end in found), kept[:-1]


def _pitches(lines: Sequence[Line], edges: Sequence[float]) -> list[float]:
    """Return, for each line, the distance of two lines of a paragraph around it, in multiples of their size.

    Lines that broke for want of room tell it best, but for tables; so the smaller of theirs and everyone's.
    """
    falls = [_fall(line, below) for line, below in pairwise(lines)]
    full = [_is_full(line, below, edge) for (line, below), edge in zip(pairwise(lines), edges, strict=False)]
    pitches = []
    for i in range(len(falls)):
        near = range(max(0, i - _AROUND), min(len(falls), i + _AROUND + 1))
        usual = [j for j in near if _SAME_LINE < falls[j] < _WIDEST_GAP]
        groups = [[falls[j] for j in usual if full[j]], [falls[j] for j in usual]]
        pitches.append(min((median(group) for group in groups if group), default=_WIDEST_GAP))
    return pitches


def _fall(line: Line, below: Line) -> float:
    return (line.bottom - below.bottom) / line.size if line.size else 0.0


def _right_edge(lines: Sequence[Line], i: int) -> float:
    """Return how far right the lines go that begin about where line `i` does: the edge of its column."""
    line = lines[i]
    near = lines[max(0, i - _AROUND) : i + _AROUND + 1]
    return max(other.right for other in near if abs(other.left - line.left) <= _COLUMN * line.size)


def _is_full(line: Line, below: Line, edge: float) -> bool:
    """Say whether the first word of the line below would not have fitted: the line broke by itself."""
    if line.hyphenated:
        return True
    width = min((line.right - line.left) / len(line.text), _WIDE * line.size)
    return line.right + (len(below.text.split(maxsplit=1)[0]) + 1) * width > edge - width


def _continues(line: Line, below: Line, pitch: float, edge: float) -> bool:
    """Say whether `below` goes on with the paragraph of `line`."""
    if not line.size or not below.size:
        return False
    fall = _fall(line, below)
    if abs(fall) < _SAME_LINE and below.left >= line.right - line.size:
        return True
    if line.hyphenated:
        return below.text[0].isalnum()
    if max(line.size, below.size) > _SIZE_CHANGE * min(line.size, below.size) or _ITEM.match(below.text):
        return False
    ended = bool(_ENDS.search(line.text))
    if fall < 0:  # the next column
        return not ended and below.text[0].islower()
    if fall > min(pitch * _WIDER_GAP, _WIDEST_GAP) or not _is_full(line, below, edge):
        return False
    return not (ended and below.left - line.left > _INDENT * line.size)


def _joined(lines: Sequence[Line], words: frozenset[str]) -> str:
    return tidied(strung(lines, lambda before, after: _hyphen(before, after, words)))


def _hyphen(before: str, after: str, words: frozenset[str]) -> str:
    """Return the hyphen if it belongs to the word, nothing if it only broke the line."""
    last, first = _LAST_WORD.search(before[-_LONGEST_WORD:]), _FIRST_WORD.match(after)
    if not last or not first or not first.group()[0].islower():
        return "-"
    left, right = last.group().lower(), first.group().lower()
    if left + right in words:
        return ""
    whole = f"{left}-{right}" in words or (len(left) > 2 and len(right) > 2 and {left, right} <= words)
    return "-" if whole else ""

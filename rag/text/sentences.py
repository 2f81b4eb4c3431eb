"""Where the sentences of a text begin and end (pure)."""

from __future__ import annotations

import re
from itertools import pairwise

import sentencex

Span = tuple[int, int]

_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n\s*")
_MARKER = re.compile(r"\s*(?:[-*+•‣▪–]\s|\d{1,3}[.)]\s|[a-z][.)]\s|[|#>])")
_MAY = re.compile(r"(?<=\bMay\.)\s+(?=[A-Z\"'“‘(])")
"""The month, which sentencex takes for an abbreviation of itself."""
_WORD = re.compile(r"\w", re.UNICODE)
_LONGEST_STRETCH = 10_000
"""Characters given to sentencex at once: its time grows with the square of them where they are all marks."""
_MIN_WRAP, _MAX_WRAP = 40, 120


def paragraph_spans(text: str) -> list[Span]:
    """Return the stretches between blank lines, without the space around them."""
    spans, at = [], 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        spans.append((at, gap.start()))
        at = gap.end()
    spans.append((at, len(text)))
    return [span for span in (_strip(text, *each) for each in spans) if span[0] < span[1]]


def sentence_spans(text: str) -> list[Span]:
    """Return the sentences of `text` in order, without the space between them.

    Lines of a hard-wrapped paragraph are read as one; lines of lists, tables and rows each stand alone.
    A piece without a letter or digit (a rule, a row of dots) joins the sentence before it.
    """
    spans: list[Span] = []
    for start, end in paragraph_spans(text):
        for first, last in _line_groups(text, start, end):
            for span in _split(text, first, last):
                if spans and not _WORD.search(text, *span):
                    spans[-1] = (spans[-1][0], span[1])
                else:
                    spans.append(span)
    return spans


def _split(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    while end - start > _LONGEST_STRETCH:
        cut = text.rfind(" ", start + _LONGEST_STRETCH // 2, start + _LONGEST_STRETCH)
        cut = cut if cut > 0 else start + _LONGEST_STRETCH
        spans += _split_stretch(text, start, cut)
        start = cut
    return spans + _split_stretch(text, start, end)


def _split_stretch(text: str, start: int, end: int) -> list[Span]:
    flat = text[start:end].replace("\n", " ")
    ends = {each["end_index"] for each in sentencex.get_sentence_boundaries("en", flat)}
    ends |= {match.end() for match in _MAY.finditer(flat)}
    cuts = [0, *sorted(ends)]
    spans = (_strip(text, start + a, start + b) for a, b in pairwise(cuts))
    return [span for span in spans if span[0] < span[1]]


def _line_groups(text: str, start: int, end: int) -> list[Span]:
    """Group the lines of a paragraph: those of one wrapped text together, any other line alone."""
    lines: list[Span] = []
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        lines.append((at, stop))
        at = stop + 1
    groups: list[Span] = []
    wrapped = _looks_wrapped([text[a:b] for a, b in lines])
    for a, b in lines:
        if groups and wrapped and not _MARKER.match(text[a:b]):
            groups[-1] = (groups[-1][0], b)
        else:
            groups.append((a, b))
    return groups


def _looks_wrapped(lines: list[str]) -> bool:
    """Tell prose that was broken to a width from lines that stand on their own."""
    following = [line.lstrip() for line in lines[1:] if not _MARKER.match(line)]
    if not following:
        return False
    first_words = {line.split(maxsplit=1)[0] for line in lines if line.strip()}
    if len(lines) > 2 and len(first_words) == 1:
        return False
    widest = max(map(len, lines))
    full = sum(len(line) >= 0.75 * widest for line in lines[:-1]) / (len(lines) - 1)
    lower = sum(line[:1].islower() for line in following) / len(following)
    return lower >= 0.5 or (_MIN_WRAP <= widest <= _MAX_WRAP and full >= 0.8 and lower >= 0.2)


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end

"""Text to passages, with exact offsets (pure).

A passage holds at most about 200 tokens of the embedder, ends where a sentence or paragraph ends, and never
crosses a heading. Together the passages of a text hold every character of it that is not white space.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from rag.text.folding import reworded
from rag.text.sentences import Span, paragraph_spans, sentence_spans
from rag.types import Passage, Text

MAX_TOKENS = 200
"""Longest passage; with its title and headings it stays below the 256 tokens that MiniLM reads."""

_LONGEST_BLOCK = 200_000  # characters: the tokens of 50 million at once would take gigabytes

Tokenize = Callable[[str], Sequence[Span]]
"""Character offsets of the tokens of a text."""


def chunk(text: Text, document_id: str, title: str, tokenize: Tokenize) -> list[Passage]:
    """Return the passages of `text` in order.

    Args:
        text: what a loader extracted.
        document_id: becomes part of each passage's id.
        title: the document's title, part of what is embedded and so of the id.
        tokenize: the embedder's tokenizer.
    """
    passages = []
    for (start, end), headings in _sections(text):
        for first, last in _blocks(text.text, start, end):
            for a, b in _pack(text.text[first:last], tokenize):
                passages.append(_passage(text, document_id, title, headings, first + a, first + b))
    return passages


def context(title: str, headings: Sequence[str]) -> str:
    """Return the line that is embedded and indexed before a passage: its title and innermost headings."""
    parts = dict.fromkeys((title, *headings[-2:]))
    return " > ".join(part[:80] for part in parts if part)


def passage_id(document_id: str, start: int, context_line: str, text: str) -> str:
    """Return the id of a passage: derived from its place and content, so that the same is the same again."""
    key = "\0".join((document_id, str(start), context_line, text))
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def indexed(line: str, passage: Passage) -> str:
    """Return a passage's context as the lexical index reads it.

    Below the line that is embedded stand the words that the index would not read in the raw text: those with
    ligatures, full-width digits, or hidden characters inside.
    """
    missed = reworded(f"{line} {passage.text}")
    return f"{line}\n{missed}" if missed else line


def _passage(
    text: Text, document_id: str, title: str, headings: tuple[str, ...], start: int, end: int
) -> Passage:
    body = text.text[start:end]
    return Passage(
        id=passage_id(document_id, start, context(title, headings), body),
        document_id=document_id,
        text=body,
        start=start,
        end=end,
        page=bisect_right(text.pages, start) or None,
        headings=headings,
    )


def _sections(text: Text) -> list[tuple[Span, tuple[str, ...]]]:
    """Cut at headings; a heading with nothing under it stays with the section that follows."""
    if not text.headings:
        return [((0, len(text.text)), ())]
    sections: list[tuple[Span, tuple[str, ...]]] = []
    path: list[tuple[int, str]] = []
    start = 0
    ends = [heading.start for heading in text.headings[1:]] + [len(text.text)]
    if text.headings and text.text[: text.headings[0].start].strip():
        sections.append(((0, text.headings[0].start), ()))
        start = text.headings[0].start
    for heading, end in zip(text.headings, ends, strict=True):
        path = [(level, title) for level, title in path if level < heading.level]
        path.append((heading.level, heading.title))
        body = text.text[heading.start : end].strip()
        bare = "\n" not in body and len(body) <= len(heading.title) + 12
        if not bare or end == len(text.text):
            sections.append(((start, end), tuple(title for _, title in path)))
            start = end
    return sections


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the stretches of a section that are tokenized at once: all of it unless it is very long."""
    while end - start > _LONGEST_BLOCK:
        half, whole = start + _LONGEST_BLOCK // 2, start + _LONGEST_BLOCK
        cuts = (text.rfind(mark, half, whole) for mark in ("\n\n", "\n", " "))
        cut = next((at for at in cuts if at > 0), whole)
        yield start, cut
        start = cut
    yield start, end


def _pack(text: str, tokenize: Tokenize) -> list[Span]:
    """Pack whole paragraphs, or the sentences of a long one, into spans of at most MAX_TOKENS."""
    starts = [a for a, _ in tokenize(text)]

    def size(start: int, end: int) -> int:
        return bisect_left(starts, end) - bisect_left(starts, start)

    spans: list[Span] = []
    for start, end in paragraph_spans(text):
        if spans and size(spans[-1][0], end) <= MAX_TOKENS:
            spans[-1] = (spans[-1][0], end)
        elif size(start, end) <= MAX_TOKENS:
            spans.append((start, end))
        else:
            spans.extend(_cut(text, start, end, size))
    return spans


def _cut(text: str, start: int, end: int, size: Callable[[int, int], int]) -> list[Span]:
    """Cut a long paragraph at sentence ends into parts of about equal size."""
    total = size(start, end)
    target = min(MAX_TOKENS, -(-total // -(-total // MAX_TOKENS)) + MAX_TOKENS // 10)
    spans: list[Span] = []
    for a, b in sentence_spans(text[start:end]):
        for first, last in _break(text, start + a, start + b, size):
            if spans and size(spans[-1][0], last) <= target:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
    return spans


def _break(text: str, start: int, end: int, size: Callable[[int, int], int]) -> list[Span]:
    """Break a sentence that is too long at white space, or anywhere when it has none."""
    if size(start, end) <= MAX_TOKENS:
        return [(start, end)]
    middle = (start + end) // 2
    space = max(text.rfind(" ", start + 1, middle), text.rfind("\n", start + 1, middle))
    cut = space if space > start + (end - start) // 4 else middle
    first = text[start:cut].rstrip()
    second = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    return _break(text, start, start + len(first), size) + _break(text, second, end, size)

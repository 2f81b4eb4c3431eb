"""An answer as text with marks: ``[1]`` for each source of a sentence, words for what has no source (pure).

A mark's number is the place of its citation among `Answer.sources`. Hidden characters are labelled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text.hidden import shown
from rag.types import Answer, Citation, Sentence

WHAT_TO_DO = (
    "Ask with the words that the documents use, or for one thing at a time; "
    "or add a document that covers it, and ask again."
)

_VERDICTS = {"supported": "", "partly": " [partly supported]", "unsupported": " [unsupported]"}
_MARKS = re.compile(r" ?(?:\[\d+\]|\[unsupported\]|\[partly supported\])+")
_TAKEN_BACK = "\n\nThis does not stand. "


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark: its place in the text, its number, the sentence that it follows, from 0, and its citation."""

    start: int
    end: int
    number: int
    sentence: int
    citation: Citation


class Marked:
    """The text as it grows, sentence by sentence, and its marks."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.text = ""
        self.marks: list[Mark] = []
        self._numbers: dict[Citation, int] = {}
        self._sentences = 0

    @classmethod
    def of(cls, answer: Answer) -> Marked:
        """Return the text of a whole answer."""
        whole = cls()
        whole.end(answer)
        return whole

    def add(self, sentence: Sentence) -> str:
        """Take in a checked sentence, and return what it adds to the text."""
        before = self.text
        self.text += f"{' ' if before else ''}{shown(sentence.text)}{' ' if sentence.citations else ''}"
        for citation in sentence.citations:
            number = self._numbers.setdefault(citation, len(self._numbers) + 1)
            start = len(self.text)
            self.text += f"[{number}]"
            self.marks.append(Mark(start, len(self.text), number, self._sentences, citation))
        self.text += _VERDICTS[sentence.support]
        self._sentences += 1
        return self.text[len(before) :]

    def end(self, answer: Answer) -> str:
        """Take in the end of the answer, and return what it adds to the text.

        Sentences that did not come before are added. A refusal says what to do, and takes back what was
        written before it, with its marks.
        """
        before = self.text
        if answer.refused:
            self.text += f"{_TAKEN_BACK if before else ''}{answer.text} {WHAT_TO_DO}"
            self.marks.clear()
        for sentence in answer.sentences[self._sentences :]:
            self.add(sentence)
        return self.text[len(before) :]


def marked(answer: Answer) -> str:
    """Return the marked text, and below it the sources with their words; of a refusal only what it says."""
    written = Marked.of(answer).text
    if answer.refused:
        return written
    sources = [
        f"[{n}] {_place(source)}: “{_line(source.quote)}”" for n, source in enumerate(answer.sources, 1)
    ]
    return "\n\n".join(part for part in (written, shown("\n".join(sources))) if part)


def unmarked(text: str) -> str:
    """Return the text of an answer without its marks, as a follow-up looks back on it."""
    return _MARKS.sub("", text)


def _place(source: Citation) -> str:
    title = _line(source.title)
    return title if source.page is None else f"{title}, page {source.page}"


def _line(words: str) -> str:
    return " ".join(words.split())

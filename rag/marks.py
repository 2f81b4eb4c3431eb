"""An answer as text with numbered marks, and its sources below: for who reads text only (pure)."""

from __future__ import annotations

from rag.hidden import shown
from rag.types import Answer, Citation, Sentence


def marked(answer: Answer) -> str:
    """Return the sentences with the numbers of their sources behind them, and these with their words.

    A sentence without a source says so. Characters that hide are labelled. A refusal is what it says, and no
    source.
    """
    if answer.refused:
        return answer.text
    numbers = {source: n for n, source in enumerate(answer.sources, 1)}
    written = " ".join(_sentence(each, numbers) for each in answer.sentences)
    sources = [f"[{n}] {_place(source)}: “{_line(source.quote)}”" for source, n in numbers.items()]
    return shown("\n\n".join(part for part in (written, "\n".join(sources)) if part))


def _sentence(sentence: Sentence, numbers: dict[Citation, int]) -> str:
    marks = "".join(f"[{numbers[citation]}]" for citation in sentence.citations) or "(no source)"
    return f"{sentence.text} {marks}"


def _place(source: Citation) -> str:
    title = _line(source.title)
    return title if source.page is None else f"{title}, page {source.page}"


def _line(words: str) -> str:
    return " ".join(words.split())

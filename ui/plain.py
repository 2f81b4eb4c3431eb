"""An answer as plain text with its sources, for the clipboard (pure)."""

from __future__ import annotations

from rag.text.hidden import shown
from rag.text.wording import one_line
from rag.types import Answer, Citation, Sentence
from ui.parts import place
from ui.verdicts import verdict_of


def plain_text(answer: Answer) -> str:
    """Return the answer with its sources as Markdown, for the clipboard; hidden characters are labelled."""
    return shown(_written(answer))


def _written(answer: Answer) -> str:
    numbers = {source: n for n, source in enumerate(answer.sources, 1)}
    quotes = [f"> {one_line(q.quote)} [{numbers[q]}]" for q in answer.quotes]
    sources = [f"[{n}] {place(one_line(s.title), s.page)}: “{one_line(s.quote)}”" for s, n in numbers.items()]
    if answer.refused:
        return f"**{one_line(answer.question)}**\n\n{answer.text}"
    written = " ".join(_plain_sentence(sentence, numbers) for sentence in answer.sentences)
    parts = [f"**{one_line(answer.question)}**", *quotes, written, "\n".join(sources)]
    return "\n\n".join(part for part in parts if part)


def _plain_sentence(sentence: Sentence, numbers: dict[Citation, int]) -> str:
    marks = "".join(f"[{numbers[citation]}]" for citation in sentence.citations)
    verdict = verdict_of(sentence)
    return " ".join(part for part in (sentence.text, marks, f"({verdict})" if verdict else "") if part)

"""Answers as lines of plain text, for pipes and screen readers (pure).

No colour, no boxes, nothing that is drawn again; a line is as long as what it says.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Answer, Citation, Conflict, EvidenceFound, Sentence
from ui.terminal import NEAREST, UNSOURCED, clipped, flat, footer, found_words, place, visible
from ui.verdicts import verdict_of


def evidence(event: EvidenceFound) -> str:
    """Return the key quotes, and what was found."""
    quotes = [f"- “{flat(quote.quote)}” — {place(quote)}" for quote in event.quotes]
    return _lines(*(["Key quotes", *quotes] if quotes else []), found_words(event.passages), "")


def answer(whole: Answer) -> str:
    """Return the sentences with their marks, what disagrees and the sources; or a refusal."""
    if whole.refused:
        return _refusal(whole)
    numbers = {source: number for number, source in enumerate(whole.sources, 1)}
    written = "" if whole.model == "none" else " ".join(_sentence(s, numbers) for s in whole.sentences)
    parts = [
        _lines("Answer", written) if written else "",
        *(_conflict(each, numbers) for each in whole.conflicts),
        sources(whole),
        _lines(footer(whole)),
    ]
    return "\n".join(part for part in parts if part)


def sources(whole: Answer) -> str:
    """Return the numbered sources of an answer."""
    numbered = enumerate(whole.sources, 1)
    return _lines("Sources", *(f"[{number}] {place(at)}: “{flat(at.quote)}”" for number, at in numbered))


def opened(title: str, before: str, quoted: str, after: str, notice: str | None = None) -> str:
    """Return a quote where it stands: in its document, between the words around it."""
    said = (flat(title), *([notice] if notice else []), "The quote:", flat(quoted), "Where it stands:")
    return _lines(*said, visible(f"{before}{quoted}{after}").strip())


def _sentence(sentence: Sentence, numbers: dict[Citation, int]) -> str:
    marks = "".join(f"[{numbers[citation]}]" for citation in sentence.citations) or UNSOURCED
    verdict = verdict_of(sentence)
    return f"{flat(sentence.text)} {marks}" + (f" ({flat(verdict)})" if verdict else "")


def _conflict(conflict: Conflict, numbers: dict[Citation, int]) -> str:
    def told(at: Citation) -> str:
        return f"{place(at)}{f' [{numbers[at]}]' if at in numbers else ''}: “{flat(at.quote)}”"

    return _lines(
        "Your sources disagree",
        f"- The answer rests on {told(conflict.against)}",
        f"- Another says {flat(conflict.value)}: {told(conflict.other)}",
    )


def _refusal(whole: Answer) -> str:
    nearest: Sequence[str] = ()
    if not whole.quotes:
        nearest = [f"- {clipped(each)} — {place(each)}" for each in whole.passages[:NEAREST]]
    return _lines(
        flat(whole.text),
        "The nearest passages:" if nearest else "The quotes above come nearest.",
        *nearest,
        "Ask in other words, or add documents that hold the answer.",
        "",
        footer(whole),
    )


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)

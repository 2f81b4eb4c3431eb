"""A turn of the conversation to HTML (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from rag.types import Answer, Citation, Sentence
from ui.html import Html, element, join
from ui.parts import (
    VERDICTS,
    Facts,
    cite,
    clipped,
    count,
    opener,
    opener_of,
    passage_card,
    place,
    quote_card,
    render_error,
)
from ui.plain import plain_text
from ui.turn import Turn


def render_conversation(turns: Iterable[Turn], facts: Facts) -> Html:
    """Return the finished turns, oldest first."""
    return join(
        *(element("article", render_question(t), render_written(t, facts), class_="turn") for t in turns)
    )


def render_question(turn: Turn) -> Html:
    """Return the upper part of a turn, which stands still once the passages are found."""
    question = element("h2", turn.question, class_="question", dir="auto")
    if not turn.quotes:
        return element("section", question, class_="asked")
    headings = {passage.id: passage.headings for passage in turn.passages}
    return element(
        "section",
        question,
        element("h3", "In your sources’ words", class_="label"),
        element(
            "div", *(quote_card(q, headings.get(q.passage_id, ())) for q in turn.quotes), class_="quotes"
        ),
        element(
            "details",
            element("summary", f"{count(len(turn.passages), 'passage')} found"),
            *(passage_card(passage, turn.quotes) for passage in turn.passages),
            class_="passages",
        ),
        class_="asked",
    )


def render_written(turn: Turn, facts: Facts, elapsed: float = 0.0) -> Html:
    """Return the lower part of a turn, which grows: the written answer or the refusal, sources, status.

    Args:
        turn: what is known so far.
        facts: of the library that was searched.
        elapsed: seconds since the question, for a turn that is not finished.
    """
    if turn.error is not None:
        return element("section", render_error(turn.error), _actions(turn), class_="answered")
    if turn.refused:
        return element(
            "section", _refusal(turn, facts), _status(turn, facts), _actions(turn), class_="answered"
        )
    return element(
        "section",
        _answer(turn) if (turn.sentences or turn.pending) and not turn.extractive else None,
        _sources(turn) if turn.finished and not turn.extractive else None,
        _status(turn, facts, elapsed),
        _actions(turn) if turn.finished else None,
        class_="answered",
        aria_busy="false" if turn.finished else "true",
    )


def _answer(turn: Turn) -> Html:
    numbers = {source: n for n, source in enumerate(turn.sources, 1)}
    doubtful = {sentence.support for sentence in turn.sentences} - {"supported"}
    return join(
        element("h3", "Answer", class_="label"),
        element(
            "p",
            join(*(_sentence(sentence, numbers) for sentence in turn.sentences), between=" "),
            element("span", " " + turn.pending.strip(), class_="pending") if turn.pending.strip() else None,
            class_="prose-answer",
            dir="auto",
        ),
        element(
            "p",
            "A dotted sentence says what your documents do not say, or only in part: check it first.",
            class_="caution",
        )
        if turn.finished and doubtful
        else None,
    )


def _sentence(sentence: Sentence, numbers: dict[Citation, int]) -> Html:
    verdict = VERDICTS.get(sentence.support)
    return element(
        "span",
        element("span", sentence.text, class_="said"),
        *(_mark(citation, numbers[citation]) for citation in sentence.citations),
        element("span", f" {verdict}", class_="verdict") if verdict else None,
        class_=f"sentence {sentence.support}",
        data_say=True,
    )


def _mark(citation: Citation, number: int) -> Html:
    label = f"Source {number}: {place(citation.title, citation.page)}"
    return opener_of(
        "mark", citation, f"[{number}]", aria_label=label, title=place(citation.title, citation.page)
    )


def _sources(turn: Turn) -> Html | None:
    cited = {citation for sentence in turn.sentences for citation in sentence.citations}
    if not cited:
        return None
    rows = (
        element(
            "li",
            opener_of(
                "source",
                source,
                element("span", number, class_="number"),
                element(
                    "span",
                    cite(source.title, source.page, ()),
                    element("span", source.quote, class_="words", dir="auto"),
                ),
            ),
        )
        for number, source in enumerate(turn.sources, 1)
        if source in cited
    )
    return join(element("h3", "Sources", class_="label"), element("ol", *rows, class_="sources"))


def _refusal(turn: Turn, facts: Facts) -> Html:
    said = turn.answer.text if turn.answer is not None else ""
    nearest = (
        opener(
            "quote nearest",
            element("span", clipped(passage.text), class_="words", dir="auto"),
            cite(passage.title, passage.page, passage.headings),
            document=passage.document_id,
            start=passage.start,
            end=passage.end,
            passage=passage.id,
        )
        for passage in turn.passages[:3]
    )
    return element(
        "div",
        element(
            "p", said or "Your documents do not seem to answer this.", class_="notice-title", data_say=True
        ),
        element("p", f"Searched {facts.size}. An answer without a source would be a guess. {_instead(turn)}"),
        join(
            element("h3", "The nearest passages", class_="label"),
            element("div", *nearest, class_="quotes"),
        )
        if turn.passages and not turn.quotes
        else None,
        element("h3", "What you can do", class_="label"),
        element(
            "ul",
            element("li", "Ask with the words that the documents use, or for one thing at a time."),
            element("li", "Add a document that covers it, under Documents, and ask again."),
        ),
        class_="notice refused",
    )


def _instead(turn: Turn) -> str:
    if turn.quotes:
        return "The quotes above come nearest."
    return "The passages below come nearest." if turn.passages else "Nothing comes near."


def _status(turn: Turn, facts: Facts, elapsed: float = 0.0) -> Html:
    return element(
        "p", _status_words(turn, facts, elapsed), class_="status" if turn.finished else "status busy"
    )


def _status_words(turn: Turn, facts: Facts, elapsed: float) -> str:
    if turn.stopped:
        return "Stopped. Every sentence above has been checked." if turn.sentences else "Stopped."
    if turn.answer is not None:
        return _timings(turn.answer)
    seconds = f" {elapsed:.0f} s" if elapsed >= 1 else ""
    if not turn.searched:
        return f"Searching {count(facts.n_passages, 'passage')}…{seconds}"
    if not turn.written:
        return f"Reading {count(len(turn.passages), 'passage')}…{seconds}"
    return f"Writing…{seconds}"


def _timings(answer: Answer) -> str:
    names = {"retrieve_s": "passages in", "first_token_s": "first word in", "total_s": "all in"}
    shown = [
        f"{name} {value:.1f} s"
        for key, name in names.items()
        if (value := answer.timings.get(key)) is not None
    ]
    line = " · ".join([*shown, *([answer.model] if answer.sentences and answer.model else [])])
    return line[:1].upper() + line[1:]


def _actions(turn: Turn) -> Html:
    copied = plain_text(turn.answer) if turn.answer is not None else None
    return element(
        "div",
        element("button", "Copy", type="button", class_="action", data_copy=copied) if copied else None,
        element("button", "Ask again", type="button", class_="action", data_again=turn.question),
        class_="actions",
    )

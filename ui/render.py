"""A turn of the conversation to HTML (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from rag.text.wording import counted
from rag.types import Citation, Sentence
from ui.actions import render_actions
from ui.disagreement import render_conflicts
from ui.html import Html, element, join
from ui.parts import Facts, cite, opener_of, passage_card, place, quote_card, render_error
from ui.refusal import render_refusal
from ui.status import render_status
from ui.turn import Turn
from ui.verdicts import verdict_of


def render_conversation(turns: Iterable[Turn], facts: Facts) -> Html:
    """Return the finished turns, oldest first."""
    return join(
        *(
            element("article", render_question(turn), render_written(turn, facts), class_="turn")
            for turn in turns
        )
    )


def render_question(turn: Turn) -> Html:
    """Return the upper part of a turn, which stands still once the passages are found."""
    question = element("h2", turn.question, class_="question", dir="auto")
    if not turn.quotes:
        return element("section", question, class_="asked", data_turn=turn.id or None)
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
            element("summary", f"{counted(len(turn.passages), 'passage')} found"),
            *(passage_card(passage, turn.quotes) for passage in turn.passages),
            class_="passages",
        ),
        class_="asked",
        data_turn=turn.id or None,
    )


def render_written(turn: Turn, facts: Facts, elapsed: float = 0.0) -> Html:
    """Return the lower part of a turn, which grows: the written answer or the refusal, sources, status.

    Args:
        turn: what is known so far.
        facts: of the library that was searched.
        elapsed: seconds since the question, for a turn that is not finished.
    """
    if turn.error is not None:
        return element("section", render_error(turn.error), render_actions(turn), class_="answered")
    if turn.refused:
        return element(
            "section",
            render_refusal(turn, facts),
            render_status(turn, facts),
            render_actions(turn),
            class_="answered",
        )
    return element(
        "section",
        _answer(turn) if (turn.sentences or turn.pending) and not turn.extractive else None,
        render_conflicts(turn.answer.conflicts) if turn.answer is not None else None,
        _sources(turn) if turn.finished and not turn.extractive else None,
        render_status(turn, facts, elapsed),
        render_actions(turn) if turn.finished else None,
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
    verdict = verdict_of(sentence)
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

"""The golden questions: each has the right form, and each accepted answer stands in its document."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest
from seed_text import SEEDS, documents, squeeze, text_of

QUESTIONS = [json.loads(line) for line in (SEEDS / "golden.jsonl").read_text("utf-8").splitlines()]
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]


def by_text(question: dict[str, object]) -> str:
    return str(question["question"])


def held_in(question: dict[str, str | list[str]]) -> list[str]:
    document = question["document"]
    return [document] if isinstance(document, str) else document


@cache
def text(document: str) -> str:
    return text_of(SEEDS / document).casefold()


def holds(document: str, answer: str) -> bool:
    return squeeze(answer).casefold() in text(document)


def test_there_are_enough_of_both_kinds() -> None:
    assert len(QUESTIONS) >= 48
    assert len(UNANSWERABLE) >= 14


def test_no_question_is_asked_twice() -> None:
    counts = Counter(by_text(question).casefold() for question in QUESTIONS)
    assert [question for question, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=by_text)
def test_form(question: dict[str, object]) -> None:
    assert set(question) == {"question", "answers", "document", "answerable"}
    assert by_text(question).endswith("?")
    assert by_text(question) == by_text(question).strip()


@pytest.mark.parametrize("question", ANSWERABLE, ids=by_text)
def test_every_accepted_answer_stands_in_a_named_document(question: dict[str, list[str]]) -> None:
    assert question["answers"], "an answerable question needs an accepted answer"
    assert all(answer.strip() for answer in question["answers"])
    missing = [a for a in question["answers"] if not any(holds(d, a) for d in held_in(question))]
    assert missing == []


@pytest.mark.parametrize("question", ANSWERABLE, ids=by_text)
def test_every_named_document_holds_an_accepted_answer(question: dict[str, list[str]]) -> None:
    assert set(held_in(question)) <= set(documents())
    assert len(set(held_in(question))) == len(held_in(question)) > 0
    empty = [d for d in held_in(question) if not any(holds(d, a) for a in question["answers"])]
    assert empty == []


@pytest.mark.parametrize("question", ANSWERABLE, ids=by_text)
def test_no_question_gives_its_answer_away(question: dict[str, list[str]]) -> None:
    asked = by_text(question).casefold()
    assert [answer for answer in question["answers"] if answer.casefold() in asked] == []


@pytest.mark.parametrize("question", UNANSWERABLE, ids=by_text)
def test_an_unanswerable_question_names_nothing(question: dict[str, object]) -> None:
    assert question["answers"] == []
    assert question["document"] is None


def test_every_document_is_asked_about() -> None:
    asked = {document for question in ANSWERABLE for document in held_in(question)}
    assert set(documents()) - asked == set()

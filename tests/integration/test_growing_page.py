"""Answers that are being written, in a real Chromium: stopped, left, met again, waited for, broken."""

from __future__ import annotations

import pytest
from browsers import MIDDLE, keep
from fakes import WritingModel
from hands import (
    NEWS,
    QUESTION,
    answered,
    ask,
    asked,
    asking,
    at_the_question,
    button,
    conversation,
    fresh,
    listed,
    opened,
    settled,
    shows,
)
from playwright.sync_api import expect
from serving import page_over

pytestmark = pytest.mark.browser

SENTENCES = ["The plane came on 26 October.", "The minister spoke about oil."]
ANSWER = " ".join(SENTENCES)
HELD = 8
"""The word before which the model waits: the first sentence is checked by then, the second one begun."""
MOONS = "Which moons does Kurabar have?"


@pytest.fixture
def model():
    found = WritingModel(lambda _: ANSWER)
    found.holds = HELD
    return found


@pytest.fixture
def served(tmp_path, model):
    with page_over(tmp_path, model, llm="local") as found:
        found.put("news", NEWS)
        yield found
        model.gate.set()  # a failed test leaves it shut


def begun(page) -> None:
    """Wait until the first sentence is checked and the second one begun."""
    page.wait_for_selector("#answered .sentence .mark")
    expect(page.locator("#answered .pending")).to_have_text("The minister")


def partial(page) -> None:
    """Look at an answer of which the first sentence alone is there."""
    expect(page.locator("#answered .said")).to_have_text(SENTENCES[:1])


def whole(page) -> None:
    """Wait for both sentences, and the end."""
    expect(page.locator("#answered .said")).to_have_text(SENTENCES)
    answered(page)


def test_stop_keeps_what_is_checked(served, model):
    with opened(served.url, leaves=True, **MIDDLE) as page:
        ask(page)
        page.wait_for_selector("#asked .quote")
        begun(page)
        status = page.locator("#answered .status")
        expect(status).to_contain_text("Writing…")
        keep(page, "1024-light-busy")
        button(page, "Stop")
        answered(page)
        partial(page)
        expect(status).to_have_text("Stopped. Every sentence above has been checked.")
        at_the_question(page)
        page.reload()
        answered(page)
        partial(page)
        expect(status).to_have_text("Stopped. Every sentence above has been checked.")
        [turn] = served.conversations.turns(conversation(page), "")
        assert (turn.state, turn.answer.text) == ("stopped", "The plane came on 26 October.")
        model.gate.set()
        with asking(page):
            button(page.locator("#answered"), "Retry")
        whole(page)


def test_an_answer_goes_on_while_the_page_is_loaded_again(served, model):
    with opened(served.url, leaves=True) as page:
        ask(page)
        begun(page)
        page.reload()
        begun(page)
        partial(page)
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        model.gate.set()
        whole(page)
        expect(page.get_by_role("button", name="Ask", exact=True).last).to_be_visible()
        [turn] = served.conversations.turns(conversation(page), "")
        assert (turn.state, turn.answer.text) == ("answered", ANSWER)


def test_an_answer_is_written_where_it_was_asked_and_nowhere_else(served, model):
    with opened(served.url, leaves=True) as page:
        ask(page)
        begun(page)
        first = conversation(page)
        button(page, "New question")
        fresh(page)
        asked(page, MOONS)
        second = conversation(page)
        assert first != second
        page.wait_for_timeout(1200)  # a turn that is not finished is shown anew every second
        shows(page, MOONS)
        assert page.locator("#answered .said").count() == 0
        listed(page, MOONS, QUESTION)

        button(page, QUESTION)
        begun(page)
        partial(page)
        button(page, MOONS)
        shows(page, MOONS)
        model.gate.set()
        page.wait_for_timeout(300)
        shows(page, MOONS)
        assert page.locator("#answered .said").count() == 0
        button(page, QUESTION)
        whole(page)
        shows(page, QUESTION)
        page.reload()
        whole(page)
    assert [turn.question for turn in served.conversations.turns(first, "")] == [QUESTION]
    assert [turn.question for turn in served.conversations.turns(second, "")] == [MOONS]


def test_after_a_reload_another_conversation_is_shown_at_once(served, model):
    with opened(served.url, leaves=True) as page:
        asked(page, MOONS)
        button(page, "New question")
        fresh(page)
        ask(page)
        begun(page)
        page.reload()
        begun(page)
        button(page, MOONS)
        shows(page, MOONS)
        asked(page, "Which zebras does Kurabar have?")
        shows(page, MOONS, "Which zebras does Kurabar have?")
        assert page.locator("#answered .said").count() == 0


def test_two_tabs_show_the_same_answer(served, model):
    with opened(served.url, leaves=True) as page:
        ask(page)
        begun(page)
        other = page.context.new_page()
        other.goto(page.url)
        begun(other)
        partial(other)
        model.gate.set()
        for each in (page, other):
            whole(each)
        asked(other, MOONS)
        page.reload()
        settled(page)
        shows(page, QUESTION, MOONS)
        assert conversation(page) == conversation(other)


def test_who_asks_while_another_answer_is_written_sees_the_place_in_the_queue(served, model):
    with opened(served.url) as page:
        ask(page)
        begun(page)
        others = [page.context.new_page() for _ in range(2)]
        for place, other in enumerate(others, 1):
            other.goto(served.url)
            settled(other)
            ask(other)
            noun = "answer" if place == 1 else "answers"
            other.get_by_text(f"The model is busy: {place} {noun} before yours…").wait_for()
            other.locator("#asked .quote").first.wait_for()  # the quotes are there already
        keep(others[0], "1440-light-queue")
        button(others[0], "Stop")
        answered(others[0])
        others[1].get_by_text("The model is busy: 1 answer before yours…").wait_for()
        model.gate.set()
        whole(others[1])
        expect(others[0].locator("#answered .status")).to_have_text("Stopped.")
        page.bring_to_front()
        whole(page)


def test_a_model_that_dies_while_it_writes_is_told_and_the_next_question_works(served, model):
    model.holds, model.breaks = None, HELD
    with opened(served.url) as page:
        asked(page)
        told = "its process has ended, ask again to start another"
        expect(page.locator("#answered .failed")).to_contain_text(told)
        assert page.locator("#asked .quote").count() > 0, "the quotes stay"
        keep(page, "1440-light-died")
        model.breaks = None
        with asking(page):
            button(page.locator("#answered"), "Retry")
        whole(page)
        shows(page, QUESTION)


def test_the_same_question_sent_twice_at_once_is_one(served, model):
    model.gate.set()
    with opened(served.url) as page:
        box = page.locator("#question textarea")
        box.fill(QUESTION)
        page.evaluate(
            """() => [1, 2].forEach(() => document.querySelector("#question textarea").dispatchEvent(
              new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true })))"""
        )
        whole(page)
        assert len(served.conversations.turns(conversation(page), "")) == 1


def test_what_was_lost_when_the_stream_closed_comes_after_all(served, model):
    model.gate.set()
    closed = []

    def close(route):
        closed.append(route.request.url)
        route.fulfill(content_type="text/event-stream", body='data: {"msg": "close_stream"}\n\n')

    with opened(served.url) as page:
        page.route("**/queue/data*", close, times=1)
        ask(page)
        whole(page)
        page.route("**/queue/data*", close, times=1)
        button(page, "New question")
        fresh(page)
        assert len(closed) == 2

"""Asking in a real Chromium over a scripted model: what the unit tests cannot see."""

from __future__ import annotations

import pytest
from browsers import MIDDLE, PHONE, WIDE, keep, visit
from hands import (
    NEWS,
    QUESTION,
    SAID,
    answered,
    ask,
    asked,
    asking,
    at_the_question,
    conversation,
    questions,
    width,
)
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_answer_is_read_with_the_keyboard_alone(served):
    served.put("news", NEWS)
    served.model.answers = [SAID]
    with visit(served.url, **WIDE) as seen:
        page = seen.page
        page.wait_for_selector(".welcome h1")
        keep(page, "1440-light-empty")
        at_the_question(page)
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        answered(page)
        assert questions(page) == [QUESTION]
        assert page.inner_text(".sentence.supported .said") == "The plane came on 26 October."
        assert page.inner_text(".sentence.unsupported .verdict").strip() == "“Everyone”: not in any source"
        expect(page.locator("body > .unseen[aria-live]")).to_contain_text("The plane came on 26 October.")
        keep(page, "1440-light-answered")

        reached = []
        while "mark" not in reached:
            page.keyboard.press("Shift+Tab")
            reached.append(
                page.evaluate("document.activeElement.className || document.activeElement.tagName")
            )
            assert len(reached) < 12, reached
        page.keyboard.press("Enter")
        page.wait_for_selector("#quote")
        assert page.locator("#quote").text_content() == "A plane came from Libya on 26 October."
        assert page.locator(".reader-text").text_content() == NEWS
        assert page.evaluate("document.querySelector('#reader').contains(document.activeElement)")
        keep(page, "1440-light-reader")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        expect(page.locator("#answered .mark")).to_be_focused()
        assert (seen.strangers, seen.complaints) == ([], [])


def test_a_refusal_shows_the_nearest_passages(served):
    served.put("news", NEWS)
    with visit(served.url, **PHONE, color_scheme="dark") as seen:
        page = seen.page
        page.wait_for_selector(".welcome h1")
        keep(page, "390-dark-empty")
        asked(page, "Which moons does Kurabar have?")
        assert page.inner_text(".refused .notice-title") == "The documents do not answer this question."
        assert page.locator(".nearest").count() > 0
        keep(page, "390-dark-refused")
        page.click(".nearest >> nth=0")
        page.wait_for_selector("#quote")
        assert page.locator("#quote").text_content() in NEWS
        keep(page, "390-dark-reader")
        assert width(page) == 390
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert (seen.strangers, seen.complaints) == ([], [])


@pytest.mark.parametrize("words", ["Retry", "Edit"])
def test_a_failure_is_told_and_the_question_can_be_asked_again(served, words):
    served.put("news", NEWS)
    served.model.answers = [SAID]
    served.model.error = RuntimeError("boom")
    with visit(served.url, **MIDDLE) as seen:
        page = seen.page
        asked(page)
        assert "FOOTNOTE_LLM" in page.inner_text("#answered .failed")
        keep(page, "1024-light-failed")
        served.model.error = None
        with asking(page):
            page.get_by_role("button", name=words, exact=True).click()
            if words == "Edit":
                assert page.input_value("#question textarea") == QUESTION
                page.press("#question textarea", "Enter")
        assert page.locator("#answered .supported").count() == 1
        assert questions(page) == [QUESTION]
        expect(page.locator("#editing")).to_be_hidden()
        [turn] = served.conversations.turns(conversation(page), "")
        assert (turn.question, turn.state) == (QUESTION, "answered")
        assert seen.complaints == []


def test_an_empty_library_leads_to_the_documents(served):
    with visit(served.url, **WIDE) as seen:
        page = seen.page
        page.wait_for_selector(".welcome h1")
        expect(page.locator("#welcome h1")).to_have_text("Start with your documents")
        keep(page, "1440-light-nothing")
        ask(page)
        page.wait_for_selector("#answered .failed")
        page.click("nav [data-view=ask]")
        page.click("nav [data-view=library]")
        page.wait_for_selector("#library-page .nothing h2")
        assert seen.complaints == []


def test_a_view_chosen_before_the_script_has_come_is_the_one_that_is_shown(served):
    held = []
    with visit("about:blank", **WIDE) as seen:
        page = seen.page
        page.route("**/ui/footnote.js", lambda route: held.append(route))  # a method of a list is refused
        page.goto(served.url, wait_until="commit")
        page.locator("nav [data-view=library]").dispatch_event("click")
        page.wait_for_url("**#library", wait_until="commit")
        held[0].continue_()
        page.wait_for_selector("#library-page .nothing h2")
        expect(page.locator("nav [data-view][aria-current]")).to_have_text("Documents")


def test_what_is_typed_while_an_answer_is_written_stays(served):
    served.put("news", NEWS)
    served.model.answers = [SAID]
    with visit(served.url) as seen:
        page = seen.page
        asked(page)
        page.fill("#question textarea", "And the minister?")
        page.wait_for_timeout(300)
        assert page.input_value("#question textarea") == "And the minister?"
        assert (seen.strangers, seen.complaints) == ([], [])

"""The page by keyboard alone, in a real Chromium: what can be reached, and where the focus goes."""

from __future__ import annotations

import pytest
from fakes import WritingModel
from hands import NEWS, QUESTION, act, asked, asking, at_the_question, button, fresh, listed, opened
from playwright.sync_api import expect
from serving import page_over

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path):
    model = WritingModel(lambda _: "The plane came from Libya on 26 October.")
    with page_over(tmp_path, model) as found:
        found.put("news", NEWS)
        yield found


STOP = """() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const name = node.getAttribute("aria-label") || node.textContent.trim() || node.placeholder || node.tagName;
  return [name, (ringed || node.matches("#question textarea")) && node.getBoundingClientRect().width > 0];
}"""
"""What has the focus, and whether that can be seen: the question's own border is coloured."""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(served):
    with opened(served.url) as page:
        asked(page)
        listed(page, QUESTION)
        page.focus("[data-side-switch]")
        page.keyboard.press("Shift+Tab")
        stops = []
        for _ in range(60):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(STOP))
            if page.evaluate("document.activeElement === document.body"):
                break
        names = [name for name, _ in stops]
        wanted = [
            "Conversations",
            "Ask",
            "Documents",
            "Settings",
            "Switch between light and dark",
            "A plane came from Libya on 26 October.News",
            "3 passages found",
            "Source 1: News",
            "Copy",
            "Retry",
            "Edit",
            "Feedback",
            "Ask your documents",
            "Searching all documents",
            "New question",
            "Search conversations",
            QUESTION,
            f"More for {QUESTION}",
        ]
        at = [next((i for i, name in enumerate(names) if name == each), each) for each in wanted]
        assert all(isinstance(each, int) for each in at), (at, names)
        assert at == sorted(at), names
        assert [name for name, seen in stops[:-1] if not seen] == []


def test_the_focus_is_never_lost(served):
    with opened(served.url) as page:

        def at(selector: str) -> None:
            expect(page.locator(selector)).to_be_focused()

        at_the_question(page)
        asked(page)
        at_the_question(page)
        with asking(page):
            button(page.locator("#answered"), "Retry")
        at_the_question(page)
        button(page.locator("#answered"), "Edit")
        at_the_question(page)
        button(page, "Cancel")
        at_the_question(page)

        page.focus("#answered .mark")
        page.keyboard.press("Enter")
        page.wait_for_selector("#quote")
        at(".reader-page")
        page.click("#question .scope")
        page.wait_for_selector("#scope [name=document]")
        page.wait_for_function("() => document.activeElement.closest('#scope')")
        page.keyboard.press("Escape")
        expect(page.locator("#scope")).to_be_hidden()
        expect(page.locator("#reader")).to_be_visible()  # one at a time
        at_the_question(page)
        page.keyboard.press("Escape")
        at("#answered .mark")
        expect(page.locator("#reader")).to_be_hidden()

        listed(page, QUESTION)
        page.focus("#side summary")
        page.keyboard.press("Enter")
        page.wait_for_selector(".side-menu >> nth=0")
        page.keyboard.press("Tab")
        at("#side [data-act=rename]")
        page.keyboard.press("Escape")
        expect(page.locator(".side-menu")).to_be_hidden()
        at("#side summary")
        act(page, QUESTION, "Rename")
        at("#side li input")
        page.keyboard.type("Planes")
        page.keyboard.press("Enter")
        listed(page, "Planes")
        at("#side .side-open")
        page.click("#answered .opinion summary")
        page.get_by_label("Right", exact=True).check()
        page.keyboard.press("Enter")
        page.get_by_text("Kept. Thank you.").wait_for()
        page.wait_for_function("() => document.activeElement.closest('form')")
        act(page, "Planes", "Delete")
        button(page, "Delete for good?")
        page.wait_for_selector("#side .side-empty")
        at(".side-new")
        fresh(page)
        page.focus("nav [data-view=settings]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".settings-value")
        at("nav [data-view=settings]")
        page.focus("nav [data-view=ask]")
        page.keyboard.press("Enter")
        at_the_question(page)

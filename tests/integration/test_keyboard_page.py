"""The page by keyboard alone, in a real Chromium: what can be reached, and where the focus goes."""

from __future__ import annotations

import pytest
from fakes import WritingModel
from hands import NEWS, QUESTION, act, answered, asked, button, conversation, opened
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


def focus(page) -> str:
    """Return what has the focus, in words."""
    return page.evaluate(
        """() => {
          const node = document.activeElement;
          return node.getAttribute("aria-label") || node.placeholder || node.className || node.textContent;
        }"""
    )


def test_the_focus_is_never_lost(served):
    box = "Ask your documents"
    with opened(served.url) as page:
        page.wait_for_function("() => document.activeElement !== document.body")
        assert focus(page) == box
        asked(page)
        assert focus(page) == box
        button(page.locator("#answered"), "Retry")
        page.wait_for_timeout(400)
        answered(page)
        assert focus(page) == box
        button(page.locator("#answered"), "Edit")
        assert focus(page) == box
        button(page, "Cancel")
        assert focus(page) == box

        page.focus("#answered .mark")
        page.keyboard.press("Enter")
        page.wait_for_selector("#quote")
        assert focus(page) == "reader-page"
        page.click("#question .scope")
        page.wait_for_selector("#scope [name=document]")
        assert page.evaluate("document.activeElement.closest('#scope') !== null")
        page.keyboard.press("Escape")
        assert page.locator("#scope").is_hidden()
        assert page.locator("#reader").is_visible(), "one at a time"
        assert focus(page) == box
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.activeElement.matches('#answered .mark')")
        assert page.locator("#reader").is_hidden()

        page.focus("#side summary")
        page.keyboard.press("Enter")
        page.wait_for_selector(".side-menu >> nth=0")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Rename"
        page.keyboard.press("Escape")
        assert page.locator(".side-menu").is_hidden()
        assert focus(page) == f"More for {QUESTION}"
        act(page, QUESTION, "Rename")
        assert focus(page) == "Title"
        page.keyboard.type("Planes")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Planes", exact=True).wait_for()
        page.wait_for_timeout(200)
        assert page.evaluate("document.activeElement.textContent") == "Planes"
        page.click("#answered .opinion summary")
        page.get_by_label("Right", exact=True).check()
        page.keyboard.press("Enter")
        page.get_by_text("Kept. Thank you.").wait_for()
        assert page.evaluate("document.activeElement.closest('form') !== null")
        act(page, "Planes", "Delete")
        button(page, "Delete for good?")
        page.wait_for_selector("#side .side-empty")
        assert page.evaluate("document.activeElement.textContent") == "New question"
        page.wait_for_selector("#welcome h1")
        assert conversation(page) == ""
        page.focus("nav [data-view=settings]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".settings-value")
        assert page.evaluate("document.activeElement.textContent") == "Settings"
        page.focus("nav [data-view=ask]")
        page.keyboard.press("Enter")
        assert focus(page) == box

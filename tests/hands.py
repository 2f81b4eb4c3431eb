"""What a person does at the page, for the tests in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsers import WIDE, visit
from playwright.sync_api import expect

NEWS = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
QUESTION = "When did the plane come from Libya?"
SAID = "The plane came on 26 October. Everyone cheered."

LEFT = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out")
"""What Gradio says in a page that is left while it waits for an answer."""


@contextmanager
def opened(url: str, *, leaves: bool = False, **options) -> Iterator:
    """Open the page, in a wide window unless told otherwise; nothing may have gone wrong by the end.

    With `leaves`, it is left or loaded again, when Gradio may still wait for something.
    """
    with visit(url, **(WIDE | options)) as seen:
        settled(seen.page)
        yield seen.page
        complaints = serious(seen.complaints) if leaves else seen.complaints
        assert not seen.strangers + complaints + seen.dialogs, seen


def serious(complaints: list[str]) -> list[str]:
    """Return the complaints without those of a page that was left while it waited."""
    return [said for said in complaints if not said.startswith(LEFT)]


def settled(page) -> None:
    """Wait until the page shows the conversation of its address, or a new one."""
    page.wait_for_selector("[data-opened]", state="attached")


def ask(page, question: str = QUESTION) -> None:
    """Type a question and press Enter; nothing is waited for."""
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")


FINISHED = """([question, before]) => {
  const asked = document.querySelector("#asked .asked"), turn = asked?.dataset.turn || "";
  return asked?.querySelector(".question").textContent === question && !(before && turn === before)
    && document.querySelector("#answered .actions [data-again]")?.dataset.turn === turn
    && (!turn || location.hash.startsWith("#c/"));
}"""
"""Whether what came of a question is there, not of an earlier turn; both halves of it, and its address."""


def answered(page, question: str = QUESTION) -> None:
    """Wait until what came of a question is there: an answer, a refusal or a failure."""
    page.wait_for_function(FINISHED, arg=[question, ""])


@contextmanager
def asking(page, question: str = QUESTION) -> Iterator[None]:
    """Wait for what comes of a question that is asked meanwhile, be it the same as the one before."""
    before = page.evaluate("() => document.querySelector('#asked .asked')?.dataset.turn || ''")
    yield
    page.wait_for_function(FINISHED, arg=[question, before])


def asked(page, question: str = QUESTION) -> str:
    """Ask, wait for the answer, and return the id of the conversation."""
    with asking(page, question):
        ask(page, question)
    return conversation(page)


def conversation(page) -> str:
    """Return the id of the conversation that the address names; empty where it names none."""
    found = re.search(r"#c/([0-9a-f]{32})$", address(page))
    return found[1] if found else ""


def address(page) -> str:
    """Return the address as the page has it; `page.url` hears of changes later."""
    return page.evaluate("() => location.href")


def questions(page) -> list[str]:
    """Return the questions on the page, from the top."""
    return page.locator("#ask .question").all_text_contents()


def shows(page, *wanted: str) -> None:
    """Wait until these are the questions on the page, and what came of the last one is there."""
    expect(page.locator("#ask .question")).to_have_text(wanted)
    answered(page, wanted[-1])


def fresh(page) -> None:
    """Wait until the page shows a conversation in which nothing was asked."""
    page.wait_for_selector("#welcome h1")
    expect(page.locator("#ask .question")).to_have_count(0)
    page.wait_for_function("() => !location.hash")


def at_the_question(page) -> None:
    """Wait until the question box has the focus."""
    expect(page.locator("#question textarea")).to_be_focused()


def button(page, words: str) -> None:
    """Press the button with these words."""
    page.get_by_role("button", name=words, exact=True).click()


def listed(page, *titles: str) -> None:
    """Wait until these are the titles of the conversations beside the page."""
    expect(page.locator("#side .side-open")).to_have_text(titles)


def act(page, title: str, words: str) -> None:
    """Choose something from the menu of a conversation."""
    row = page.locator("#side li", has=page.get_by_role("button", name=title, exact=True))
    row.hover()
    row.locator("summary").click()
    row.get_by_text(words, exact=True).click()


def saved(page, title: str, words: str) -> tuple[str, str]:
    """Choose an export from the menu of a conversation; return the name of the file and what is in it."""
    with page.expect_download() as download:
        act(page, title, words)
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def width(page) -> int:
    """Return the width that the page takes; more than the window's where something sticks out."""
    return page.evaluate("document.documentElement.scrollWidth")

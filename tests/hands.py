"""What a person does at the page, for the tests in a browser."""

from __future__ import annotations

import re

NEWS = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
QUESTION = "When did the plane come from Libya?"
SAID = "The plane came on 26 October. Everyone cheered."


def ask(page, question: str = QUESTION) -> None:
    """Type a question and press Enter; nothing is waited for."""
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")


def answered(page, question: str = QUESTION) -> None:
    """Wait until the answer to a question is there, whatever it is."""
    page.wait_for_function(
        """(question) => document.querySelector("#asked .question")?.textContent === question
          && document.querySelector("#answered .actions")""",
        arg=question,
    )


def asked(page, question: str = QUESTION) -> str:
    """Ask, wait for the answer, and return the id of the conversation."""
    ask(page, question)
    answered(page, question)
    return conversation(page)


def conversation(page) -> str:
    """Return the id of the conversation that the address names; empty where it names none."""
    found = re.search(r"#c/([0-9a-f]{32})$", page.url)
    return found[1] if found else ""


def questions(page) -> list[str]:
    """Return the questions on the page, from the top."""
    return page.locator("#ask .question").all_text_contents()


def listed(page) -> list[str]:
    """Return the titles of the conversations beside the page."""
    return page.locator("#side .side-open").all_text_contents()


def act(page, title: str, words: str) -> None:
    """Choose something of the menu of a conversation."""
    row = page.locator("#side li", has=page.get_by_role("button", name=title, exact=True))
    row.hover()
    row.locator("summary").click()
    row.get_by_text(words, exact=True).click()


def width(page) -> int:
    """Return the width that the page takes; more than the window's where something sticks out."""
    return page.evaluate("document.documentElement.scrollWidth")

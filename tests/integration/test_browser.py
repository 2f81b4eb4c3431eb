"""The whole product as a user meets it: the command, the models, and a real Chromium."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsers import visit
from playwright.sync_api import expect

pytestmark = [pytest.mark.models, pytest.mark.browser]

CHECKOUT = Path(__file__).parent.parent.parent
SEEDS = [CHECKOUT / "seeds" / "hmeimim" / name for name in ("brief.md", "briefing.pdf", "flights.html")]
QUESTION = "When did Russian military planes come back to Hmeimim?"
PATIENCE_MS = 240_000
"""The model writes about ten words a second on two idle cores, and a fraction of that on busy ones."""


def footnote(*arguments: str, library: Path) -> list[str]:
    return [sys.executable, "-m", "ui.cli", *arguments, "--library", str(library)]


@pytest.fixture
def chat(tmp_path) -> Iterator[str]:
    library = tmp_path / "seeds"
    added = subprocess.run(
        footnote("add", *map(str, SEEDS), library=library), cwd=CHECKOUT, capture_output=True, text=True
    )
    assert added.returncode == 0, added.stdout + added.stderr
    process = subprocess.Popen(
        footnote("chat", "--port", "0", library=library), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found.group()
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_question_is_answered_and_its_citation_opened(chat):
    documents = {document["id"]: document for document in httpx.get(f"{chat}/documents", timeout=300).json()}
    with visit(chat, viewport={"width": 1440, "height": 900}) as seen:
        page = seen.page
        box = page.locator("#question textarea")
        box.fill(QUESTION)
        box.press("Enter")
        quote = page.locator("#asked .quote").first
        quote.wait_for(timeout=PATIENCE_MS)
        words = quote.locator(".words").text_content()
        assert documents[quote.get_attribute("data-document")]["n_passages"] > 0

        quote.click()
        expect(page.locator("#quote")).to_have_text(words)
        assert words in page.locator(".reader-text").text_content()
        assert page.locator(".reader-title").text_content() == quote.locator(".title").text_content()
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()

        page.wait_for_selector("#answered [data-copy]", timeout=PATIENCE_MS)
        mark = page.locator("#answered .mark").first
        mark.click()
        cited = page.locator("#answered .source .words").first.text_content()
        page.wait_for_function("words => document.querySelector('#quote')?.textContent === words", arg=cited)
        assert cited in page.locator(".reader-text").text_content()
        assert (seen.strangers, seen.complaints) == ([], [])

"""The page of a person whose replica is killed, in a real Chromium: it goes on at the other one by itself."""

from __future__ import annotations

import json
import re

import pytest
from browsers import WIDE, visit
from hands import ask, conversation, settled, shows
from playwright.sync_api import Page, expect
from replicas import PASSWORD, Replica, Replicas, replicas

from rag.people.conversations import Conversations

pytestmark = [pytest.mark.browser, pytest.mark.shared]

QUESTION = "When did the plane come from Libya?"
AGAIN = "When did the embassy reopen?"


@pytest.fixture
def running(catalog_url, tmp_path):
    with replicas(tmp_path, catalog_url, ["anna"]) as both:
        yield both


def home_of(running: Replicas, path: str) -> Replica:
    """Return the replica that nginx sent the last call of a route to."""
    lines = [line for line in running.log.read_text().splitlines() if f'{path}" 200' in line]
    port = re.search(r"127\.0\.0\.1:(\d+) [\d.]+$", lines[-1])
    return next(replica for replica in running.both if replica.port == int(port[1]))


def sign_in(page: Page) -> None:
    page.fill("#name", "anna")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    settled(page)


def test_a_page_goes_on_at_another_replica_and_comes_back(running, tmp_path) -> None:
    kept = Conversations(running.library.catalog)
    file = tmp_path / "harbour.txt"
    file.write_text("The harbour froze in May.")
    with visit(running.url, ignore_https_errors=True, **WIDE) as seen:
        page = seen.page
        sign_in(page)
        running.hold.touch()
        ask(page, QUESTION)
        expect(page.locator("#answered .sentence").first).to_be_visible()
        home = home_of(running, "/gradio_api/queue/join")
        home.kill()
        running.hold.unlink()
        shows(page, QUESTION)
        talk = conversation(page)
        assert [(turn.question, turn.state) for turn in kept.turns(talk, "anna")] == [(QUESTION, "answered")]
        # the other one is as good: it answers, and takes files
        ask(page, AGAIN)
        shows(page, QUESTION, AGAIN)
        page.click("nav [data-view=library]")
        page.set_input_files("[data-chosen=files]", [file])
        page.wait_for_selector("[data-part=ledger] .line.done")
        # the first one is there again while the page waits for an answer of the other
        page.click("nav [data-view=ask]")
        running.hold.touch()
        ask(page, QUESTION)
        home.start()
        home.until_ready()
        running.hold.unlink()
        shows(page, QUESTION, AGAIN, QUESTION)
        ask(page, AGAIN)
        shows(page, QUESTION, AGAIN, QUESTION, AGAIN)
        states = [turn.state for turn in kept.turns(talk, "anna")]
        assert states == ["answered"] * 4
        assert (
            json.loads(page.evaluate("() => fetch('/me').then((answer) => answer.text())"))["name"] == "anna"
        )

"""What comes late, twice or not at all, in a real Chromium: no click, choice, word or question is lost."""

from __future__ import annotations

import pytest
from browsers import WIDE, visit
from fakes import WritingModel
from hands import (
    NEWS,
    QUESTION,
    act,
    answered,
    ask,
    asked,
    button,
    conversation,
    fresh,
    listed,
    opened,
    settled,
    shows,
)
from papers import story_pdf
from playwright.sync_api import expect
from serving import page_over

from ingest.pipeline import add
from rag.people.collections import Collections

pytestmark = pytest.mark.browser

EMBASSY = "What happened to the embassy?"
SAID = "The plane came on 26 October. The minister spoke about oil."


@pytest.fixture
def model():
    return WritingModel(lambda _: SAID)


@pytest.fixture
def served(tmp_path, model):
    with page_over(tmp_path, model) as found:
        found.put("news", NEWS)
        yield found
        model.gate.set()  # a failed test leaves it shut


class Late:
    """Answers of the server that are held back until they are let go."""

    def __init__(self, page, pattern: str) -> None:
        self.page = page
        self.held: list = []
        page.route(pattern, lambda route: self.held.append(route), times=1)

    def awaited(self) -> None:
        while not self.held:
            self.page.wait_for_timeout(20)

    def let_go(self) -> None:
        self.awaited()
        self.held.pop().continue_()


def two(page) -> str:
    """Ask a question in each of two conversations, the second of which stays open; return the first."""
    first = asked(page)
    button(page, "New question")
    fresh(page)
    asked(page, EMBASSY)
    listed(page, EMBASSY, QUESTION)
    return first


def test_an_address_that_is_followed_while_the_page_is_drawn_is_not_lost(served):
    with opened(served.url) as page:
        first = two(page)
        page.evaluate("there => { location.hash = `c/${there}`; document.body.append(' '); }", first)
        shows(page, QUESTION)
        assert conversation(page) == first


def test_a_mark_that_is_drawn_anew_under_the_mouse_is_opened(served, model):
    model.holds = 8
    with opened(served.url) as page:
        ask(page)
        mark = page.locator("#answered .mark").first
        mark.hover()
        page.evaluate("() => (window.before = document.querySelector('#answered .mark'))")
        page.mouse.down()
        model.gate.set()
        page.wait_for_function("() => !window.before.isConnected")
        answered(page)
        mark.hover()
        page.mouse.up()
        expect(page.locator("#quote")).to_have_text(NEWS.split("\n")[0])
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        mark.click()
        expect(page.locator("#reader")).to_be_visible()


def test_the_conversation_that_was_chosen_last_is_shown(served):
    with opened(served.url) as page:
        first = two(page)
        late = Late(page, f"**/conversations/{first}")
        button(page, QUESTION)
        late.awaited()
        button(page, EMBASSY)
        shows(page, EMBASSY)
        late.let_go()
        page.wait_for_timeout(300)
        shows(page, EMBASSY)
        assert conversation(page) != first


def test_a_question_is_of_the_conversation_that_was_chosen_before_it(served):
    with opened(served.url) as page:
        first = two(page)
        late = Late(page, f"**/conversations/{first}")
        button(page, QUESTION)
        late.awaited()
        ask(page, "And the minister?")
        page.wait_for_timeout(300)
        late.let_go()
        shows(page, QUESTION, "And the minister?")
        assert conversation(page) == first
    assert [turn.question for turn in served.conversations.turns(first, "")] == [
        QUESTION,
        "And the minister?",
    ]


@pytest.mark.parametrize("at", ["its beginning", "a question"])
def test_a_page_that_was_cut_off_comes_to_itself_and_keeps_what_was_typed(served, at):
    with visit("about:blank", **WIDE) as seen:
        page = seen.page
        if at == "its beginning":
            page.route("**/queue/join*", lambda route: route.abort(), times=1)
        page.goto(served.url)
        if at == "a question":
            settled(page)
            page.route("**/queue/join*", lambda route: route.abort(), times=1)
        with page.expect_navigation():
            ask(page)
        settled(page)
        expect(page.locator("#question textarea")).to_have_value(QUESTION)
        page.press("#question textarea", "Enter")
        shows(page, QUESTION)


def test_names_that_cannot_be_listed_are_asked_for_once(served):
    collections = Collections(served.library.catalog)
    made = collections.create("Moons", "")
    collections.add(made.id, ["news"], "")
    tries = []

    def refuse(route) -> None:
        tries.append(route)
        route.abort()

    with visit(served.url, **WIDE) as seen:
        page = seen.page
        page.click("#question .scope")
        page.locator("#scope").get_by_label("Moons").check()
        button(page, "Done")
        asked(page)
        page.route("**/view/scopes", refuse)
        page.reload()
        answered(page)
        expect(page.locator("#question .scope")).to_have_text("Searching a collection")
        page.wait_for_timeout(500)
        assert len(tries) == 1


def test_the_view_that_was_chosen_last_is_shown(served, tmp_path):
    path = tmp_path / "harbour.pdf"
    path.write_bytes(story_pdf())
    add(served.library, [path], served.assistant.embedder)
    with opened(served.url) as page:
        late = Late(page, "**/documents/*/pages")
        page.click("nav [data-view=library]")
        page.click("[data-part=documents] .document >> text=Harbour log")
        late.awaited()
        page.click("[data-as=text]")
        expect(page.locator("[data-as=text]")).to_have_attribute("aria-pressed", "true")
        late.let_go()
        page.wait_for_timeout(300)
        expect(page.locator("[data-as=text]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".reader-text")).to_be_visible()


def test_a_title_that_is_being_typed_and_what_is_selected_stay_while_files_are_added(served, tmp_path):
    path = tmp_path / "moons.txt"
    path.write_text("The moon is far.")
    with opened(f"{served.url}#library") as page:
        page.check("[data-select=news]")
        page.hover("[data-id=news]")
        page.click("[data-id=news] [data-rename]")
        page.keyboard.type("Fli")
        page.set_input_files("[data-chosen=files]", [path])
        page.wait_for_selector("[data-part=ledger] .line.done")
        expect(page.locator(".glance")).to_contain_text("2 documents")
        page.keyboard.type("ghts")
        page.keyboard.press("Enter")
        expect(page.locator("[data-part=documents] .document")).to_have_text(["Flights", "moons"])
        expect(page.locator("[data-select=news]")).to_be_checked()
        expect(page.locator(".n-selected")).to_have_text("1 selected")


def test_the_button_of_a_file_that_is_sent_keeps_the_focus_while_others_come(served, tmp_path):
    slow, quick = tmp_path / "slow.txt", tmp_path / "quick.txt"
    slow.write_text("The moon is far.")
    quick.write_text("The river is long.")
    with opened(f"{served.url}#library") as page:
        late = Late(page, "**/uploads?path=slow.txt*")
        page.set_input_files("[data-chosen=files]", [slow])
        late.awaited()
        cancel = page.get_by_role("button", name="Cancel: slow.txt")
        cancel.focus()
        page.set_input_files("[data-chosen=files]", [quick])
        page.wait_for_selector("[data-part=ledger] .line.done")
        expect(cancel).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-part=sending] .line", state="detached")


def test_a_deletion_is_confirmed_without_haste_and_forgotten_with_its_menu(served):
    with opened(served.url) as page:
        asked(page)
        listed(page, QUESTION)
        act(page, QUESTION, "Delete")
        page.wait_for_timeout(4500)
        expect(page.get_by_role("button", name="Delete for good?")).to_be_visible()
        page.keyboard.press("Escape")
        page.click("#side summary")
        expect(page.locator("#side [data-act=delete]")).to_have_text("Delete")
        act_again = page.locator("#side [data-act=delete]")
        act_again.click()
        button(page, "Delete for good?")
        page.wait_for_selector("#side .side-empty")

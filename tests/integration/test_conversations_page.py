"""Conversations in a real Chromium: kept, listed, opened again, renamed, exported, deleted, edited."""

from __future__ import annotations

import json

import pytest
from browsers import PHONE, WIDE, keep, visit
from fakes import WritingModel
from hands import (
    NEWS,
    QUESTION,
    act,
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
    questions,
    saved,
    settled,
    shows,
    width,
)
from playwright.sync_api import expect
from serving import page_over

from rag.people.collections import Collections

pytestmark = pytest.mark.browser

MINISTER, EMBASSY = "What did the minister speak about?", "What happened to the embassy?"
SENTENCES = {
    QUESTION: "The plane came on 26 October.",
    MINISTER: "The minister spoke about oil.",
    EMBASSY: "The embassy reopened.",
}


def say(prompt: str) -> str:
    return next(said for question, said in SENTENCES.items() if f"Question: {question}" in prompt)


@pytest.fixture
def served(tmp_path):
    with page_over(tmp_path, WritingModel(say)) as found:
        found.put("news", NEWS)
        yield found


def test_a_conversation_is_kept_listed_and_opened_again(served):
    with opened(served.url, leaves=True) as page:
        first = asked(page)
        assert conversation(page) == first
        listed(page, QUESTION)
        page.reload()
        answered(page)
        assert page.inner_text("#answered .said") == "The plane came on 26 October."
        assert conversation(page) == first

        asked(page, MINISTER)
        assert conversation(page) == first
        assert questions(page) == [QUESTION, MINISTER]
        listed(page, QUESTION)
        keep(page, "1440-light-conversation")

        button(page, "New question")
        fresh(page)
        at_the_question(page)
        second = asked(page, EMBASSY)
        assert second != first
        listed(page, EMBASSY, QUESTION)
        expect(page.locator("#side [aria-current]")).to_have_text([EMBASSY])

        button(page, QUESTION)
        answered(page, MINISTER)
        assert questions(page) == [QUESTION, MINISTER]
        assert conversation(page) == first
        expect(page.locator("#side [aria-current]")).to_have_text([QUESTION])
    assert [turn.question for turn in served.conversations.turns(first, "")] == [QUESTION, MINISTER]
    assert [turn.question for turn in served.conversations.turns(second, "")] == [EMBASSY]


def test_a_follow_up_is_put_with_what_was_asked_before(served):
    prompts = []
    served.model.say = lambda prompt: prompts.append(prompt) or "The plane came on 26 October."
    with opened(served.url) as page:
        asked(page)
        asked(page, "And why did it come?")
        assert questions(page) == [QUESTION, "And why did it come?"]
    assert any(f"Earlier question: {QUESTION}" in prompt for prompt in prompts)


def test_a_conversation_is_renamed_in_its_place(served):
    with opened(served.url, leaves=True) as page:
        asked(page)
        act(page, QUESTION, "Rename")
        field = page.locator("#side li input")
        assert field.input_value() == QUESTION
        field.fill("Planes of October")
        field.press("Enter")
        listed(page, "Planes of October")
        act(page, "Planes of October", "Rename")
        field.fill("Something else")
        field.press("Escape")
        listed(page, "Planes of October")
        expect(page.locator("#side li input")).to_have_count(0)
        act(page, "Planes of October", "Rename")
        field.fill("   ")
        field.press("Enter")
        expect(field).to_have_count(0)
        listed(page, "Planes of October")
        assert questions(page) == [QUESTION]
        page.reload()
        listed(page, "Planes of October")


def test_conversations_are_searched_by_their_words(served):
    with opened(served.url) as page:
        asked(page)
        button(page, "New question")
        fresh(page)
        asked(page, EMBASSY)
        listed(page, EMBASSY, QUESTION)
        page.fill("#side input[type=search]", "october plane")
        listed(page, QUESTION)
        page.fill("#side input[type=search]", "no such words")
        expect(page.locator("#side .side-empty")).to_have_text("No conversation has these words.")
        page.fill("#side input[type=search]", "")
        listed(page, EMBASSY, QUESTION)


def test_a_conversation_is_exported(served):
    with opened(served.url) as page:
        asked(page)
        name, markdown = saved(page, QUESTION, "Export as Markdown")
        assert name == "When did the plane come from Libya.md"
        assert markdown.startswith(
            f"# {QUESTION}\n\n**{QUESTION}**\n\n> A plane came from Libya on 26 October. [1]"
        )
        assert (
            "The plane came on 26 October. [1]\n\n[1] News: “A plane came from Libya on 26 October.”"
            in markdown
        )
        page.keyboard.press("Escape")
        name, text = saved(page, QUESTION, "Export as JSON")
        assert name == "When did the plane come from Libya.json"
        [turn] = json.loads(text)["turns"]
        assert (turn["question"], turn["state"]) == (QUESTION, "answered")
        assert (
            turn["answer"]["sentences"][0]["citations"][0]["quote"]
            == "A plane came from Libya on 26 October."
        )


def test_a_conversation_is_deleted_by_two_clicks(served):
    with opened(served.url) as page:
        asked(page)
        button(page, "New question")
        fresh(page)
        asked(page, EMBASSY)
        listed(page, EMBASSY, QUESTION)
        act(page, QUESTION, "Delete")
        assert len(served.conversations.latest("")) == 2
        keep(page, "1440-light-menu")
        button(page, "Delete for good?")
        listed(page, EMBASSY)
        shows(page, EMBASSY)  # another one stays open
        act(page, EMBASSY, "Delete")
        button(page, "Delete for good?")
        page.wait_for_selector("#side .side-empty")
        fresh(page)
    assert served.conversations.latest("") == []


def test_an_earlier_question_is_edited(served):
    with opened(served.url) as page:
        first = asked(page)
        asked(page, MINISTER)
        asked(page, EMBASSY)
        page.locator(".turn", has_text=QUESTION).get_by_role("button", name="Edit", exact=True).click()
        expect(page.locator("#question textarea")).to_have_value(QUESTION)
        told = "Asking again takes the place of this question and the 2 after it."
        expect(page.locator("#editing")).to_contain_text(told)
        keep(page, "1440-light-editing")
        button(page, "Cancel")
        expect(page.locator("#editing")).to_be_hidden()
        expect(page.locator("#question textarea")).to_have_value("")
        at_the_question(page)

        page.locator(".turn", has_text=MINISTER).get_by_role("button", name="Edit", exact=True).click()
        expect(page.locator("#editing")).to_contain_text("this question and the one after it.")
        with asking(page, EMBASSY):
            ask(page, EMBASSY)
        shows(page, QUESTION, EMBASSY)
        expect(page.locator("#editing")).to_be_hidden()
        served.model.say = lambda _: "The embassy reopened. Everyone cheered."
        button(page.locator("#answered"), "Retry")
        page.wait_for_selector("#answered .unsupported")
        shows(page, QUESTION, EMBASSY)
    assert [turn.question for turn in served.conversations.turns(first, "")] == [QUESTION, EMBASSY]


def test_what_is_searched_is_chosen_and_kept(served):
    served.put("other", "The moon is far.\nThe river is long.")
    collections = Collections(served.library.catalog)
    moons = collections.create("Moons", "")
    collections.add(moons.id, ["other"], "")
    with opened(served.url, leaves=True) as page:
        page.click("#question .scope")
        page.locator("#scope").get_by_label("Other").check()
        expect(page.locator("#scope [role=status]")).to_have_text("1 chosen")
        keep(page, "1440-light-scope")
        button(page, "Done")
        searched = page.locator("#question .scope")
        expect(searched).to_have_text("Searching one document")
        at_the_question(page)
        asked(page)
        assert page.locator("#answered .refused").count() == 1
        assert set(page.locator("#answered .nearest .title").all_text_contents()) == {"Other"}
        page.reload()
        answered(page)
        expect(searched).to_have_text("Searching one document")

        page.click("#question .scope")
        page.locator("#scope").get_by_label("All documents").check()
        page.keyboard.press("Escape")
        expect(searched).to_have_text("Searching all documents")
        asked(page)
        assert page.locator("#answered .sources").count() == 1
        assert served.conversations.get(conversation(page), "").scope.documents == ()

        button(page, "New question")
        fresh(page)
        page.click("#question .scope")
        page.locator("#scope").get_by_label("Moons").check()
        button(page, "Done")
        expect(searched).to_have_text("Searching Moons")
        asked(page, MINISTER)
        assert set(page.locator("#answered .nearest .title").all_text_contents()) == {"Other"}
        collections.delete(moons.id, "")
        asked(page, EMBASSY)
        assert "may have been deleted" in page.inner_text("#answered .failed")


def test_an_opinion_is_kept_and_exported_as_a_question(served):
    with opened(served.url, leaves=True) as page:
        asked(page)
        page.click("#answered .opinion summary")
        button(page, "Keep")
        expect(page.locator("#answered .opinion [role=status]")).to_have_text("Choose one of the four.")
        page.get_by_label("Wrong", exact=True).check()
        page.get_by_label("What would be right?").fill("27 October")
        button(page, "Keep")
        page.get_by_text("Kept. Thank you.").wait_for()
        keep(page, "1440-light-opinion")
        page.reload()
        answered(page)
        expect(page.locator("#answered .opinion summary")).to_have_text("Feedback: Wrong")
        page.click("nav [data-view=settings]")
        with page.expect_download() as download:
            page.get_by_text("save it as questions").click()
        assert download.value.suggested_filename == "questions.jsonl"
        with open(download.value.path(), encoding="utf-8") as file:
            assert [json.loads(line) for line in file] == [{"question": QUESTION, "answers": ["27 October"]}]


def test_an_answer_is_copied_with_its_sources(served):
    with opened(served.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        asked(page)
        page.evaluate(
            """() => {
              window.said = [];  // it says so for a moment only
              const note = (changes) => changes.forEach(({ target }) => window.said.push(target.textContent));
              new MutationObserver(note).observe(document.querySelector("[data-copy]"), { childList: true });
            }"""
        )
        button(page, "Copy")
        page.wait_for_function("() => window.said.length === 2")
        assert page.evaluate("() => window.said") == ["Copied", "Copy"]
        assert page.evaluate("navigator.clipboard.readText()") == (
            f"**{QUESTION}**\n\n> A plane came from Libya on 26 October. [1]\n\n"
            "The plane came on 26 October. [1]\n\n[1] News: “A plane came from Libya on 26 October.”"
        )


def test_on_a_phone_the_conversations_are_in_a_drawer(served):
    with opened(served.url, **PHONE, color_scheme="dark") as page:
        asked(page)
        keep(page, "390-dark-answered")
        side = page.locator("#side")
        expect(side).to_be_hidden()
        button(page, "Conversations")
        listed(page, QUESTION)
        expect(page.get_by_role("button", name="New question")).to_be_focused()
        keep(page, "390-dark-drawer")
        page.keyboard.press("Escape")
        expect(side).to_be_hidden()
        expect(page.get_by_role("button", name="Conversations")).to_be_focused()
        button(page, "Conversations")
        button(page, "New question")
        fresh(page)
        expect(side).to_be_hidden()
        asked(page, EMBASSY)
        button(page, "Conversations")
        button(page, QUESTION)
        answered(page)
        expect(side).to_be_hidden()
        button(page, "Conversations")
        expect(side).to_be_visible()
        page.mouse.click(380, 400)
        expect(side).to_be_hidden()
        assert width(page) == 390


def test_a_conversation_that_is_gone_begins_anew(served):
    gone = "a" * 32
    with visit(f"{served.url}/#c/{gone}", **WIDE) as seen:
        page = seen.page
        settled(page)
        expect(page.locator("#welcome h1")).to_have_text("Ask your documents")
        asked(page)
        assert questions(page) == [QUESTION]
        [complaint] = seen.complaints
        assert f"conversations/{gone})" in complaint

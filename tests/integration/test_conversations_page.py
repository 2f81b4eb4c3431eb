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
    button,
    conversation,
    listed,
    opened,
    questions,
    saved,
    settled,
    shows,
    width,
)
from serving import page_over

from rag.collections import Collections

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
    with opened(served.url) as page:
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
        page.wait_for_selector("#welcome h1")
        assert questions(page) == []
        assert conversation(page) == ""
        assert page.evaluate("document.activeElement.matches('#question textarea')")
        second = asked(page, EMBASSY)
        assert second != first
        listed(page, EMBASSY, QUESTION)
        assert page.locator("#side [aria-current]").all_text_contents() == [EMBASSY]

        button(page, QUESTION)
        answered(page, MINISTER)
        assert questions(page) == [QUESTION, MINISTER]
        assert conversation(page) == first
        assert page.locator("#side [aria-current]").all_text_contents() == [QUESTION]
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
    with opened(served.url) as page:
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
        assert page.locator("#side li input").count() == 0
        act(page, "Planes of October", "Rename")
        field.fill("   ")
        field.press("Enter")
        listed(page, "Planes of October")
        assert questions(page) == [QUESTION]
        page.reload()
        listed(page, "Planes of October")


def test_conversations_are_searched_by_their_words(served):
    with opened(served.url) as page:
        asked(page)
        button(page, "New question")
        asked(page, EMBASSY)
        listed(page, EMBASSY, QUESTION)
        page.fill("#side input[type=search]", "october plane")
        listed(page, QUESTION)
        page.fill("#side input[type=search]", "no such words")
        page.wait_for_selector("#side .side-empty")
        assert page.inner_text("#side .side-empty") == "No conversation has these words."
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
        asked(page, EMBASSY)
        listed(page, EMBASSY, QUESTION)
        act(page, QUESTION, "Delete")
        assert len(served.conversations.latest("")) == 2
        keep(page, "1440-light-menu")
        button(page, "Delete for good?")
        listed(page, EMBASSY)
        assert questions(page) == [EMBASSY], "another one stays open"
        act(page, EMBASSY, "Delete")
        button(page, "Delete for good?")
        page.wait_for_selector("#side .side-empty")
        page.wait_for_selector("#welcome h1")
        assert questions(page) == []
        assert conversation(page) == ""
    assert served.conversations.latest("") == []


def test_an_earlier_question_is_edited(served):
    with opened(served.url) as page:
        first = asked(page)
        asked(page, MINISTER)
        asked(page, EMBASSY)
        page.locator(".turn", has_text=QUESTION).get_by_role("button", name="Edit", exact=True).click()
        assert page.input_value("#question textarea") == QUESTION
        told = page.inner_text("#editing")
        assert told.startswith("Asking again takes the place of this question and the 2 after it.")
        keep(page, "1440-light-editing")
        button(page, "Cancel")
        assert page.locator("#editing").is_hidden()
        assert page.input_value("#question textarea") == ""
        assert page.evaluate("document.activeElement.matches('#question textarea')")

        page.locator(".turn", has_text=MINISTER).get_by_role("button", name="Edit", exact=True).click()
        assert "this question and the one after it." in page.inner_text("#editing")
        ask(page, EMBASSY)
        shows(page, QUESTION, EMBASSY)
        assert page.locator("#editing").is_hidden()
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
    with opened(served.url) as page:
        page.click("#question .scope")
        page.locator("#scope").get_by_label("Other").check()
        assert page.inner_text("#scope [role=status]") == "1 chosen"
        keep(page, "1440-light-scope")
        button(page, "Done")
        assert page.inner_text("#question .scope").startswith("Searching one document")
        assert page.evaluate("document.activeElement.matches('#question textarea')")
        asked(page)
        assert page.locator("#answered .refused").count() == 1
        assert set(page.locator("#answered .nearest .title").all_text_contents()) == {"Other"}
        page.reload()
        answered(page)
        assert page.inner_text("#question .scope").startswith("Searching one document")

        page.click("#question .scope")
        page.locator("#scope").get_by_label("All documents").check()
        page.keyboard.press("Escape")
        assert page.inner_text("#question .scope").startswith("Searching all documents")
        asked(page)
        page.wait_for_selector("#answered .sources")
        assert served.conversations.get(conversation(page), "").scope.documents == ()

        button(page, "New question")
        page.wait_for_selector("#welcome h1")
        page.click("#question .scope")
        page.locator("#scope").get_by_label("Moons").check()
        button(page, "Done")
        assert page.inner_text("#question .scope").startswith("Searching Moons")
        asked(page, MINISTER)
        assert set(page.locator("#answered .nearest .title").all_text_contents()) == {"Other"}
        collections.delete(moons.id, "")
        asked(page, EMBASSY)
        assert "may have been deleted" in page.inner_text("#answered .failed")


def test_an_opinion_is_kept_and_exported_as_a_question(served):
    with opened(served.url) as page:
        asked(page)
        page.click("#answered .opinion summary")
        button(page, "Keep")
        assert page.inner_text("#answered .opinion [role=status]") == "Choose one of the four."
        page.get_by_label("Wrong", exact=True).check()
        page.get_by_label("What would be right?").fill("27 October")
        button(page, "Keep")
        page.get_by_text("Kept. Thank you.").wait_for()
        keep(page, "1440-light-opinion")
        page.reload()
        answered(page)
        assert page.inner_text("#answered .opinion summary") == "Feedback: Wrong"
        page.click("nav [data-view=settings]")
        with page.expect_download() as download:
            page.get_by_text("save it as questions").click()
        assert download.value.suggested_filename == "questions.jsonl"
        with open(download.value.path(), encoding="utf-8") as file:
            assert [json.loads(line) for line in file] == [{"question": QUESTION, "answers": ["27 October"]}]


def test_an_answer_is_copied_with_its_sources(served):
    with opened(served.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        asked(page)
        button(page, "Copy")
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == (
            f"**{QUESTION}**\n\n> A plane came from Libya on 26 October. [1]\n\n"
            "The plane came on 26 October. [1]\n\n[1] News: “A plane came from Libya on 26 October.”"
        )
        page.get_by_role("button", name="Copy", exact=True).wait_for()


def test_on_a_phone_the_conversations_are_in_a_drawer(served):
    with opened(served.url, **PHONE, color_scheme="dark") as page:
        asked(page)
        keep(page, "390-dark-answered")
        assert page.locator("#side").is_hidden()
        button(page, "Conversations")
        listed(page, QUESTION)
        assert page.evaluate("document.activeElement.textContent") == "New question"
        keep(page, "390-dark-drawer")
        page.keyboard.press("Escape")
        assert page.locator("#side").is_hidden()
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Conversations"
        button(page, "Conversations")
        button(page, "New question")
        page.wait_for_selector("#welcome h1")
        assert page.locator("#side").is_hidden()
        asked(page, EMBASSY)
        button(page, "Conversations")
        button(page, QUESTION)
        answered(page)
        assert page.locator("#side").is_hidden()
        button(page, "Conversations")
        page.mouse.click(380, 400)
        assert page.locator("#side").is_hidden()
        assert width(page) == 390


def test_a_conversation_that_is_gone_begins_anew(served):
    gone = "a" * 32
    with visit(f"{served.url}/#c/{gone}", **WIDE) as seen:
        page = seen.page
        settled(page)
        assert page.inner_text("#welcome h1") == "Ask your documents"
        asked(page)
        assert questions(page) == [QUESTION]
        [complaint] = seen.complaints
        assert f"conversations/{gone})" in complaint

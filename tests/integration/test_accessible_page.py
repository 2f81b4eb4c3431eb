"""How accessible the page is, by axe-core and by hand, in a real Chromium."""

from __future__ import annotations

import secrets

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browsers import PHONE, WIDE, keep, visit
from fakes import WritingModel
from hands import NEWS, QUESTION, answered, asked, at_the_question, button, fresh, settled
from papers import story_pdf
from playwright.sync_api import expect
from serving import page_over

from ingest.pipeline import add
from rag.people.collections import Collections
from rag.people.conversation import Scope
from rag.people.users import Users
from rag.types import Answer, Citation, Conflict, FoundPassage, Sentence

pytestmark = pytest.mark.browser

WINDOWS = pytest.mark.parametrize(
    ("window", "scheme"),
    [
        pytest.param(window, scheme, id=f"{window['viewport']['width']}-{scheme}")
        for window in (WIDE, PHONE)
        for scheme in ("light", "dark")
    ],
)
GRAVE = ("serious", "critical")


class Judge:
    """Lets axe-core look at one page after the other, and keeps what it finds."""

    def __init__(self, page, name: str) -> None:
        self.page = page
        self.name = name
        self.found: list[str] = []

    def look(self, state: str) -> None:
        """Look at the page as it is; what is moving is waited for."""
        page = self.page
        page.evaluate(
            "() => Promise.all(document.getAnimations()"
            ".filter((each) => each.effect.getTiming().iterations === 1)"
            ".map((each) => each.finished.catch(() => null)))"
        )
        keep(page, f"{self.name}-{state}")
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        result = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        self.found += [
            f"{state}: {each['id']}: {node['target']}: {node['html'][:200]}: {node['failureSummary'][:300]}"
            for each in result["violations"]
            if each["impact"] in GRAVE
            for node in each["nodes"]
        ]


def say(prompt: str) -> str:
    return "The plane came from Libya on 26 October. Everyone cheered."


@pytest.fixture
def served(tmp_path):
    with page_over(tmp_path, WritingModel(say)) as found:
        yield found


def stock(served, tmp_path) -> None:
    """Add a text, a paper of pages, one that cannot be read, and a collection."""
    served.put("news", NEWS)
    good, bad = tmp_path / "harbour.pdf", tmp_path / "broken.pdf"
    good.write_bytes(story_pdf())
    bad.write_bytes(b"no pdf")
    outcomes = add(served.library, [good, bad], served.assistant.embedder)
    assert {outcome.kind for outcome in outcomes} == {"added", "failed"}
    collections = Collections(served.library.catalog)
    made = collections.create("Harbours", "")
    collections.add(made.id, ["news"], "")


def disagreeing() -> Answer:
    """Return an answer whose sources disagree."""
    words = NEWS.split("\n", 1)[0]
    passage = FoundPassage("p" * 24, "news", words, 0, len(words), title="News")
    cited = Citation(passage.id, "news", "file:///news.txt", "News", None, 0, len(words), words)
    other = Citation(passage.id, "news", "file:///blog.txt", "Blog", 2, 0, 5, "It came on 27 October.")
    sentences = (Sentence(words, (cited,), "supported", 1.0), Sentence("So it did.", (cited,), "partly", 0.4))
    conflict = Conflict("27 October", other, cited)
    return Answer(
        QUESTION, QUESTION, (cited,), words, sentences, (passage,), False, 0.9, "scripted", {}, (conflict,)
    )


def stored(served, question: str, *came, **more) -> str:
    identity = secrets.token_hex(16)
    turn, _ = served.conversations.ask(identity, "", question, Scope())
    served.conversations.finish(turn, *came, **more)
    return identity


def reach(page, served, identity: str, question: str) -> None:
    page.goto(f"{served.url}/#c/{identity}")
    page.wait_for_selector(f"[data-opened='{identity}']", state="attached")
    answered(page, question)


@WINDOWS
def test_axe_finds_nothing_grave(served, tmp_path, window, scheme):
    name = f"{window['viewport']['width']}-{scheme}"
    with visit(served.url, **window, color_scheme=scheme) as seen:
        page = seen.page
        judge = Judge(page, name)
        page.wait_for_selector("#welcome h1")
        judge.look("nothing")
        page.click("nav [data-view=library]")
        page.wait_for_selector("#library-page .nothing")
        judge.look("library-empty")
        stock(served, tmp_path)
        page.goto(served.url)
        page.reload()
        settled(page)
        judge.look("empty")

        asked(page)
        judge.look("answered")
        page.click("#answered .opinion summary")
        judge.look("opinion")
        page.click("#answered .opinion summary")
        page.click("#asked .passages summary")
        page.locator("#answered [data-again]:not([data-now])").click()
        judge.look("editing")
        button(page, "Cancel")
        at_the_question(page)

        page.click("#answered .mark >> nth=0")
        page.wait_for_selector("#reader .reader-text, #reader .sheet")
        judge.look("reader")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()

        if window is PHONE:
            button(page, "Conversations")
        row = page.locator("#side li").first
        row.hover()
        row.locator("summary").click()
        judge.look("conversations")
        page.keyboard.press("Escape")
        if window is PHONE:
            page.keyboard.press("Escape")

        page.click("#question .scope")
        page.wait_for_selector("#scope [name=document]")
        page.wait_for_selector("#scope [name=scope]")
        judge.look("scope")
        page.keyboard.press("Escape")
        expect(page.locator("#scope")).to_be_hidden()

        page.click("nav [data-view=settings]")
        page.wait_for_selector(".settings-value")
        judge.look("settings")

        page.click("nav [data-view=library]")
        page.wait_for_selector(".documents .document")
        judge.look("library")
        page.click(".documents .ready .document >> text=Harbour log")
        page.wait_for_selector(".sheet.drawn")
        judge.look("reader-pages")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        page.click("#library-page [data-tab=map]")
        page.wait_for_selector("#shelf-map canvas")
        judge.look("map")

        reach(page, served, stored(served, QUESTION, "answered", disagreeing()), QUESTION)
        judge.look("conflicts")
        failed = stored(served, "Why?", "failed", error="the model is gone: ask again")
        reach(page, served, failed, "Why?")
        judge.look("failed")
        button(page, "New question") if window is WIDE else page.goto(served.url)
        fresh(page)
        asked(page, "Which moons does Kurabar have?")
        judge.look("refused")
        assert not judge.found, "\n".join(judge.found)


@WINDOWS
def test_axe_finds_nothing_grave_in_signing_in(tmp_path, window, scheme):
    def enlist(library):
        Users(library.catalog).add("anna", "a long password")

    with page_over(tmp_path, prepare=enlist, auth=True) as served:
        with visit(served.url, **window, color_scheme=scheme) as seen:
            judge = Judge(seen.page, f"{window['viewport']['width']}-{scheme}")
            judge.look("sign-in")
            seen.page.fill("#name", "anna")
            seen.page.fill("#password", "wrong")
            button(seen.page, "Sign in")
            seen.page.wait_for_selector("#error")
            judge.look("sign-in-refused")
            assert not judge.found, "\n".join(judge.found)

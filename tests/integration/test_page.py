"""The page in a real Chromium over a scripted model: what the unit tests cannot see."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from browsers import visit
from fakes import AngleEmbedder, ScriptedModel, put

from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings
from ui.listen import address, listen
from ui.server import create_app

pytestmark = pytest.mark.browser

NEWS = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
QUESTION = "When did the plane come from Libya?"
HOSTILE = [
    "<script>document.title='caught'</script>",
    "<img src='https://example.com/x.png' onerror=\"document.title='caught'\">",
    "![plane](https://example.com/plane.png)",
    "[plane](javascript:document.title='caught')",
    "<style>@import url('https://example.com/x.css');</style>",
    "<svg onload=\"document.title='caught'\"><a href='https://example.com'>plane</a></svg>",
    "</section></article></div><iframe src='https://example.com'></iframe>",
    "<form action='https://example.com'><button>plane</button></form>",
    "{{constructor.constructor('document.title=1')()}}${document.title='caught'}",
]


class Served:
    """A library, a scripted model and the page over them, at an address."""

    def __init__(self, assistant: Assistant, model: ScriptedModel, url: str) -> None:
        self.assistant = assistant
        self.model = model
        self.url = url

    def put(self, name: str, text: str, **facts) -> None:
        put(self.assistant.library, name, text, self.assistant.embedder, **facts)


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    model, embedder = ScriptedModel(), AngleEmbedder()
    settings = Settings(library=tmp_path / "library", llm="none")
    library = Library.open(settings.library, create=True)
    with Assistant(library, embedder, model, settings) as assistant, listen("127.0.0.1", 0) as listener:

        async def run() -> None:
            app = create_app(assistant, settings)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
            stop.append(lambda: setattr(server, "should_exit", True))
            stop.append(app.state.end_streams)
            await server.serve(sockets=[listener])

        stop: list = []
        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            yield Served(assistant, model, address(listener))
        finally:
            for each in stop:
                each()
            thread.join(20)
            assert not thread.is_alive()


def ask(page, question: str) -> None:
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")


def test_an_answer_is_read_with_the_keyboard_alone(served):
    served.put("news", NEWS)
    served.model.answers = ["The plane came on 26 October. Everyone cheered."]
    with visit(served.url, viewport={"width": 1440, "height": 900}) as seen:
        page = seen.page
        ask(page, QUESTION)
        page.wait_for_selector("#answered .sources")
        assert page.inner_text("#asked .question") == QUESTION
        assert page.inner_text(".sentence.supported .said") == "The plane came on 26 October."
        assert page.inner_text(".sentence.unsupported .verdict").strip() == "no source found"
        assert "The plane came on 26 October." in page.inner_text(".unseen[aria-live]")

        page.focus("#answered .mark")
        page.keyboard.press("Enter")
        page.wait_for_selector("#quote")
        assert page.locator("#quote").text_content() == "A plane came from Libya on 26 October."
        assert page.locator(".reader-text").text_content() == NEWS
        assert page.evaluate("document.querySelector('#reader').contains(document.activeElement)")
        page.keyboard.press("Escape")
        assert page.locator("#reader").is_hidden()
        assert page.evaluate("document.activeElement.className") == "mark"
        assert (seen.strangers, seen.complaints) == ([], [])


def test_a_refusal_shows_the_nearest_passages(served):
    served.put("news", NEWS)
    with visit(served.url, viewport={"width": 390, "height": 844}, color_scheme="dark") as seen:
        page = seen.page
        ask(page, "Which moons does Kurabar have?")
        page.wait_for_selector("#answered .refused")
        assert page.locator(".nearest").count() > 0
        page.click(".nearest >> nth=0")
        page.wait_for_selector("#quote")
        assert page.locator("#quote").text_content() in NEWS
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert (seen.strangers, seen.complaints) == ([], [])


def test_a_failure_is_told_and_the_next_question_works(served):
    served.put("news", NEWS)
    served.model.answers = ["The plane came on 26 October."]
    served.model.error = RuntimeError("boom")
    with visit(served.url) as seen:
        page = seen.page
        ask(page, QUESTION)
        page.wait_for_selector("#answered .failed")
        assert "FOOTNOTE_LLM" in page.inner_text("#answered .failed")
        served.model.error = None
        page.click("#answered [data-again]")
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#answered .supported")
        assert page.locator("#past .turn").count() == 1


def test_hostile_words_do_nothing(served):
    lines = [f"The plane {words} came." for words in HOSTILE]
    served.put("evil", "\n".join(lines), title=HOSTILE[1], media_type="text/markdown")
    served.model.answers = [" ".join(lines[:4])]
    with visit(served.url) as seen:
        page = seen.page
        ask(page, f"{HOSTILE[0]} plane {HOSTILE[1]}?")
        page.wait_for_selector("#answered [data-again]")
        if page.locator("#asked .quote").count():
            page.click("#asked .quote >> nth=0")
        else:
            page.click("#answered .nearest >> nth=0")
        page.wait_for_selector("#quote")
        assert page.locator(".reader-text").text_content() == "\n".join(lines)
        page.keyboard.press("Escape")
        page.click("nav [data-view=library]")
        page.wait_for_selector(".documents .document")
        assert page.inner_text(".documents .document") == HOSTILE[1]
        time.sleep(0.5)
        assert page.title() == "Footnote"
        assert page.locator(".view :is(img, svg, iframe, form, script, style, a)").count() == 0
        assert (seen.strangers, seen.complaints) == ([], [])

"""Hostile words wherever the page shows words, in a real Chromium: nothing runs, leaves or moves."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from urllib.parse import quote

import numpy as np
import pytest
from browsers import PHONE, WIDE, keep, visit
from fakes import TOPICS, WritingModel
from hands import NEWS, QUESTION, answered, asked, button, serious, settled, width
from hostile import HOSTILE
from playwright.sync_api import expect
from serving import page_over

from rag.people.collections import LONGEST, Collections
from rag.people.conversation import TITLE_CHARS, Scope, clipped
from rag.types import Answer, Citation, Conflict, Document, FoundPassage, Passage, Sentence, Text

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("window", [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone")])
ADDRESS = "http://caught.example/<script>window.caught=1</script>"
FRAME = ["#top", ".masthead", "#side", "#question"]
FOREIGN = (
    "img, svg, math, iframe, frame, object, embed, video, audio, script, style, link, base, meta, marquee, "
    "form:not([data-feedback]), input[type=image], [style*=url], custom-tag, xmp, plaintext"
)
"""What hostile words would make, and our own markup never does where words are shown."""


@pytest.fixture
def served(tmp_path):
    """The page over a library in a folder with a hostile name, by a model with another."""
    folder = tmp_path / "<img src=x onerror=window.caught=1> ![x](http:"
    folder.mkdir()
    model = WritingModel(lambda _: "The plane came on 26 October. " + " ".join(HOSTILE))
    model.name = "<img src=x onerror=window.caught=1>"
    with page_over(
        folder, model, llm_base_url="http://caught.example/<script>window.caught=1</script>"
    ) as found:
        found.put("news", NEWS)
        yield found


@contextmanager
def watched(served, address="", *, window=WIDE):
    """Open the page; by the end nothing has run, left or moved, and nothing stands there that is no words."""
    with visit(served.url + address, **window) as seen:
        page = seen.page
        asked_for = []
        page.on("request", lambda request: asked_for.append(request.url))
        settled(page)
        page.wait_for_selector(".masthead-facts", state="attached")  # a phone does not show them
        before = resting(page)
        yield page
        page.wait_for_timeout(200)
        assert page.evaluate("window.caught") is None
        assert page.title() == "Footnote"
        assert not seen.strangers + serious(seen.complaints) + seen.dialogs, seen
        assert [url for url in asked_for if "caught" in url] == []
        assert page.locator(f":is(.view, #side, #reader, #scope, #settings) :is({FOREIGN})").count() == 0
        assert width(page) == window["viewport"]["width"]
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        assert resting(page) == pytest.approx(before, abs=2)


def resting(page) -> list[float]:
    """Return where the frame of the page stands once it rests, and whether anything lies over it.

    The question box stands by its foot, as it grows upwards.
    """
    return page.evaluate(
        """async (frame) => {
          const places = () => frame.flatMap((name) => {
            const node = document.querySelector(name), box = node.getBoundingClientRect();
            const inside = document.elementFromPoint(box.x + box.width / 2, box.bottom - 12);
            const top = name === "#question" ? 0 : box.y, height = name === "#question" ? 0 : box.height;
            return [box.x, top, box.width, height, box.bottom, Number(!box.width || node.contains(inside))];
          });
          let before = "", same = 0;
          while (same < 5) {
            await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50));
            const now = JSON.stringify([places(), scrollY]);
            same = now === before ? same + 1 : 0;
            before = now;
          }
          return places();
        }""",
        FRAME,
    )


def read(page, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def as_shown(words: str) -> str:
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}")


def answer_of(words: str) -> Answer:
    """Return an answer that has the words wherever an answer has words."""
    passage = FoundPassage("p" * 24, "news", words, 0, len(words), headings=(words, "Plain"), title=words)
    cited = Citation(passage.id, "news", "file:///news.txt", words, 1, 0, len(words), words)
    other = Citation(passage.id, "news", "file:///news.txt", "Other", None, 0, 5, "other")
    sentences = (
        Sentence(words, (cited,), "supported", 1.0),
        Sentence(words, (), "unsupported", 0.0, (words,)),
    )
    conflict = Conflict(words, other, cited)
    return Answer(words, words, (cited,), words, sentences, (passage,), False, 0.9, words, {}, (conflict,))


def kept(served, words: str, **came) -> str:
    """Keep a turn of a conversation of its own that asks the words; return the conversation."""
    conversation = secrets.token_hex(16)
    turn, _ = served.conversations.ask(conversation, "", words, Scope())
    if came:
        served.conversations.finish(turn, **came)
    return conversation


def test_the_words_do_harm_where_they_are_taken_for_markup(served):
    with visit(served.url) as seen:
        page = seen.page.context.new_page()
        page.goto("about:blank")
        page.set_content("".join("<iframe></iframe>" for _ in HOSTILE))
        page.evaluate(
            "(all) => document.querySelectorAll('iframe').forEach((frame, at) => (frame.srcdoc = all[at]))",
            HOSTILE,
        )
        count = """() => [...Array(frames.length).keys()].filter((at) => {
            try { return frames[at].caught; } catch { return false; }  // one has gone to another site
        }).length"""
        end = time.monotonic() + 120  # the frames load when the machine lets them
        while (ran := page.evaluate(count)) <= 12 or len(_caught(seen)) <= 5:
            assert time.monotonic() < end, (ran, _caught(seen))
            page.wait_for_timeout(100)


def _caught(seen) -> set[str]:
    """Return the addresses that hostile words asked for."""
    return {url for url in seen.strangers if "caught" in url}


@BOTH
def test_in_answers_and_questions(served, window):
    conversation = secrets.token_hex(16)
    for words in HOSTILE:
        turn, _ = served.conversations.ask(conversation, "", words, Scope())
        served.conversations.finish(turn, "answered", answer_of(words))
    turn, _ = served.conversations.ask(conversation, "", HOSTILE[0], Scope())
    served.conversations.finish(turn, "failed", error=HOSTILE[0])
    with watched(served, f"/#c/{conversation}", window=window) as page:
        wanted = [as_shown(words) for words in HOSTILE]
        answered(page, wanted[0])
        page.wait_for_selector("#side .side-open", state="attached")
        assert read(page, "#ask .question") == [*wanted, wanted[0]]
        assert read(page, ".sentence.supported .said") == wanted
        assert read(page, ".sentence.unsupported .said") == wanted
        assert read(page, ".quotes .words") == wanted
        assert read(page, ".sources .title") == wanted
        assert read(page, ".passages .words") == wanted
        assert read(page, ".side-label strong") == wanted
        assert HOSTILE[0] in page.inner_text("#answered .failed")
        page.evaluate("document.querySelectorAll('#ask details').forEach((each) => (each.open = true))")
        resting(page)
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        resting(page)
        keep(page, f"{window['viewport']['width']}-light-hostile")


@BOTH
def test_in_an_answer_that_is_being_written(served, window):
    with watched(served, window=window) as page:
        asked(page, f"{QUESTION} {HOSTILE[0]}")
        said = " ".join(read(page, "#answered .said"))
        for words in HOSTILE[:20]:
            assert words in said
        page.reload()
        page.wait_for_selector("#answered .actions")


@BOTH
def test_in_titles_of_conversations(served, window):
    for words in HOSTILE:
        kept(served, words)
    with watched(served, window=window) as page:
        if window is PHONE:
            button(page, "Conversations")
        expect(page.locator("#side .side-open")).to_have_count(len(HOSTILE))
        titles = [as_shown(clipped(words)) for words in reversed(HOSTILE)]
        assert max(map(len, titles)) <= TITLE_CHARS
        assert read(page, "#side .side-open") == titles
        row = page.locator("#side li").nth(len(HOSTILE) - 1)
        row.hover()
        row.locator("summary").click()
        row.get_by_text("Rename", exact=True).click()
        assert page.input_value("#side li input") == clipped(HOSTILE[0])
        keep(page, f"{window['viewport']['width']}-light-hostile-list")
        page.keyboard.press("Escape")
        if window is PHONE:
            page.keyboard.press("Escape")


def fill(served) -> None:
    """Add a document for each of the words: in its title, the name of its file, its headings and its text."""
    draw = np.random.default_rng(0)
    for number, words in enumerate(HOSTILE):
        identity = f"hostile{number}"
        document = Document(
            id=identity,
            uri=f"file:///documents/{quote(words[:200], safe='')}.md",
            title=words,
            media_type="text/markdown",
            sha256=f"{number:064x}",
            n_chars=len(words),
            n_pages=None,
            n_passages=1,
            added_at="2026-01-01T00:00:00+00:00",
        )
        passage = Passage(f"{number:024x}", identity, words, 0, len(words), headings=(words, "Plain"))
        vector = draw.normal(size=(1, len(TOPICS) + 4)).astype(np.float32)
        vector /= np.linalg.norm(vector)
        served.library.put(document, Text(words, "text/markdown"), [passage], [words], vector)


def collect(served) -> list[str]:
    """Make a collection named by each of the words, as far as it fits; return the names."""
    collections = Collections(served.library.catalog)
    names = {" ".join(words[:LONGEST].split()).casefold(): words for words in HOSTILE}
    made = [collections.create(words[:LONGEST], "") for words in names.values()]
    for each in made[:3]:
        collections.add(each.id, ["hostile0"], "")
    return [as_shown(each.name) for each in made]


@BOTH
def test_in_the_library(served, window):
    fill(served)
    names = collect(served)
    with watched(served, window=window) as page:
        page.click("nav [data-view=library]")
        expect(page.locator(".documents .document")).to_have_count(len(HOSTILE) + 1)
        assert set(read(page, ".documents .document")) == {as_shown(words) for words in HOSTILE} | {"News"}
        assert set(names) <= set(read(page, "#library-page .collections .name"))
        keep(page, f"{window['viewport']['width']}-light-hostile-library")
        page.click("#library-page [data-tab=map]")
        page.wait_for_selector("#shelf-map canvas, #shelf-map svg, #shelf-map p")
        page.click("#library-page [data-tab=list]")
        page.hover(".documents [data-id=hostile0]")
        page.click(".documents [data-rename=hostile0]")
        assert page.input_value(".documents .typed") == HOSTILE[0]
        page.keyboard.press("Escape")
        page.hover(".documents [data-id=hostile0]")
        page.click(".documents [data-remove=hostile0]")
        expect(page.locator("#sure")).to_be_visible()
        assert HOSTILE[0] in page.inner_text("#sure")
        page.keyboard.press("Escape")
        expect(page.locator("#sure")).to_be_hidden()
        page.click("nav [data-view=ask]")


@BOTH
def test_in_the_reader_and_what_is_searched(served, window):
    fill(served)
    names = collect(served)
    everything = "\n".join(HOSTILE)
    served.put("all", everything, title=HOSTILE[0], media_type="text/markdown")
    with watched(served, window=window) as page:
        page.click("#question .scope")
        page.wait_for_selector("#scope [name=document]")
        page.wait_for_selector("#scope [name=scope]")
        assert set(names) <= set(read(page, "#scope fieldset .scope-name"))
        assert {as_shown(words) for words in HOSTILE} <= set(read(page, "#scope div .scope-name"))
        page.locator("#scope fieldset .scope-name").nth(2).click()
        keep(page, f"{window['viewport']['width']}-light-hostile-scope")
        button(page, "Done")
        expect(page.locator("#question .scope")).to_contain_text("Searching ")
        page.click("nav [data-view=library]")
        page.click(".documents .document[data-document=all]")
        page.wait_for_selector("#reader .reader-text")
        assert page.locator(".reader-text").text_content() == as_shown(everything)
        assert page.locator(".reader-title").text_content() == HOSTILE[0]
        keep(page, f"{window['viewport']['width']}-light-hostile-reader")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        page.click("nav [data-view=ask]")


@BOTH
def test_in_settings_and_in_a_refusal(served, window):
    fill(served)
    with watched(served, window=window) as page:
        asked(page, "Which moons of Kurabar are zebra rivers?")
        assert page.locator("#answered .nearest").count() > 0
        page.click("nav [data-view=settings]")
        page.wait_for_selector(".settings-value")
        shown = read(page, ".settings-value")
        assert ADDRESS in shown
        assert any("<img src=x onerror=window.caught=1>" in value for value in shown)
        page.click("nav [data-view=ask]")
        answered(page, "Which moons of Kurabar are zebra rivers?")

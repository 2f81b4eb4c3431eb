"""Reading a source in a real Chromium: pages with the cited words marked, text, another file, a download."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsers import visit
from fakes import AngleEmbedder, ScriptedModel, put
from papers import long_pdf, story_pdf
from playwright.sync_api import expect
from scanned import scan
from serving import serving

from ingest.pipeline import add
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings

pytestmark = pytest.mark.browser

QUESTION = "When did the plane come and what of the oil?"
WIDE = {"viewport": {"width": 1440, "height": 900}}


class Served:
    def __init__(self, url: str, assistant: Assistant, model: ScriptedModel, folder: Path) -> None:
        self.url = url
        self.assistant = assistant
        self.model = model
        self.folder = folder

    def add(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        [outcome] = add(self.assistant.library, [path], self.assistant.embedder)
        assert outcome.kind == "added"
        return path


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    model, embedder = ScriptedModel(), AngleEmbedder()
    settings = Settings(library=tmp_path / "library", llm="none")
    library = Library.open(settings.library, create=True)
    with Assistant(library, embedder, model, settings) as assistant, serving(assistant, settings) as url:
        (tmp_path / "papers").mkdir()
        yield Served(url, assistant, model, tmp_path / "papers")


@contextmanager
def reading(served: Served, selector: str = "#answered .mark >> nth=0", **options):
    """Ask, and open a source of the answer."""
    served.model.answers = [
        "The plane came from Libya on 26 October. The minister spoke about oil for two hours."
    ]
    with visit(served.url, **(WIDE | options)) as seen:
        box = seen.page.locator("#question textarea")
        box.fill(QUESTION)
        box.press("Enter")
        seen.page.wait_for_selector("#answered .sources")
        seen.page.click(selector)
        yield seen
        assert seen.strangers == []


def marked(page) -> list[str]:
    """Return what is drawn inside each rectangle: the darkest share of its pixels, read from the picture."""
    return page.evaluate(
        """() => Array.from(document.querySelectorAll('.spots div')).map((spot) => {
          const image = spot.closest('.sheet').querySelector('img');
          const [a, b] = [spot.getBoundingClientRect(), image.getBoundingClientRect()];
          const scale = image.naturalWidth / b.width;
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [a.width * scale, a.height * scale];
          const draw = canvas.getContext('2d');
          draw.drawImage(image, (a.x - b.x) * scale, (a.y - b.y) * scale, canvas.width, canvas.height,
            0, 0, canvas.width, canvas.height);
          const dots = draw.getImageData(0, 0, canvas.width, canvas.height).data;
          return dots.filter((value, i) => i % 4 === 0 && value < 128).length / (dots.length / 4);
        })"""
    )


def words_inside(page, path: Path) -> list[str]:
    """Return the words that the file has inside each rectangle that is shown."""
    import pypdfium2

    shown = page.evaluate(
        """() => Array.from(document.querySelectorAll('.spots div')).map((spot) => {
          const [a, b] = [spot, spot.closest('.sheet')].map((each) => each.getBoundingClientRect());
          return [Number(spot.closest('.sheet').dataset.number), (a.left - b.left) / b.width,
            (a.top - b.top) / b.height, (a.right - b.left) / b.width, (a.bottom - b.top) / b.height];
        })"""
    )
    document = pypdfium2.PdfDocument(path)
    found = []
    for number, left, top, right, foot in shown:
        sheet = document[number - 1]
        width, height = sheet.get_size()
        words = sheet.get_textpage()
        found.append(
            words.get_text_bounded(
                left * width + 0.5, height - foot * height + 2, right * width - 0.5, height - top * height - 2
            )
        )
        words.close()
        sheet.close()
    document.close()
    return found


def test_a_mark_opens_the_page_with_its_words_marked(served):
    path = served.add("harbour.pdf", story_pdf())
    with reading(served) as seen:
        page = seen.page
        page.wait_for_selector(".spots div")
        page.wait_for_selector(".sheet.drawn .spots", state="attached")
        assert words_inside(page, path) == ["The plane came from Libya on 26 October in the morning."]
        assert min(marked(page)) > 0.02  # there is ink under the mark
        assert page.locator(".sheet:has(.spots) img").get_attribute("alt") == "Page 1 of Harbour log"
        said = page.locator(".sheet:has(.spots) img").get_attribute("aria-describedby")
        assert page.locator(f"#{said}").text_content() == (
            "The cited words: The plane came from Libya on 26 October in the morning."
        )
        in_view(page, ".spots div")
        expect(page.locator(".reader-tools input")).to_have_value("1")

        expect(page.locator(".reader-count")).to_contain_text("1 of ")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector('.sheet[data-number="2"] .spots div')
        page.wait_for_selector('.sheet[data-number="2"].drawn')
        assert words_inside(page, path) == ["The minister spoke about oil for two hours."]
        in_view(page, ".spots div")
        expect(page.locator(".reader-tools input")).to_have_value("2")

        page.click("[data-as=text]")
        page.wait_for_selector("#quote", state="visible")
        expect(page.locator("#quote")).to_have_text("The minister spoke about oil for two hours.")
        in_view(page, "#quote")
        expect(page.locator(".reader-tools")).to_be_hidden()

        with page.expect_download() as download:
            page.click("[aria-label='Download the original']")
        assert download.value.suggested_filename == "harbour.pdf"
        assert Path(download.value.path()).read_bytes() == path.read_bytes()

        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        expect(page.locator("#answered .mark").first).to_be_focused()
        page.click("#answered .mark >> nth=0")
        page.wait_for_selector("#quote", state="visible")  # the choice is remembered
        assert seen.complaints == []


def in_view(page, selector: str) -> None:
    """Wait until something can be seen in the reader."""
    page.wait_for_function(
        """(selector) => {
          const panel = document.querySelector('.reader-page').getBoundingClientRect();
          const node = document.querySelector(selector).getBoundingClientRect();
          return node.top >= panel.top && node.bottom <= panel.bottom && node.left >= panel.left - 1;
        }""",
        arg=selector,
    )


def test_a_file_that_has_changed_is_read_as_text_and_that_is_said(served):
    path = served.add("harbour.pdf", story_pdf())
    path.write_bytes(story_pdf("Another"))
    with reading(served) as seen:
        page = seen.page
        page.wait_for_selector("#reader .notice")
        expect(page.locator("#reader .notice")).to_contain_text("has changed since it was added")
        expect(page.locator("#quote")).to_be_visible()
        expect(page.locator(".reader-views")).to_be_hidden()
        page.click("[aria-label='Download the original']")
        page.wait_for_selector(".reader-page > .notice:first-child")
        assert "has changed since it was added" in page.inner_text("#reader .notice")


def test_words_that_moved_are_found_and_lost_ones_are_told(served):
    path = served.add("harbour.pdf", story_pdf())
    with reading(served) as seen:
        page = seen.page
        page.wait_for_selector(".spots div")
        expect(page.locator(".sheet:not(.drawn)")).to_have_count(0)  # all that was asked for is answered
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        path.write_bytes(long_pdf(1))
        add(served.assistant.library, [path], served.assistant.embedder)
        page.click("#answered .mark >> nth=0")
        page.wait_for_selector(".reader-notice")
        expect(page.locator(".reader-notice")).to_contain_text("these words do not stand in it any more")
        page.wait_for_selector(".sheet.drawn")
        expect(page.locator(".sheet")).to_have_count(1)
        expect(page.locator(".spots")).to_have_count(0)
        assert seen.complaints == []


def test_a_thousand_pages_open_at_once_and_are_drawn_when_they_come_near(served):
    served.add("long.pdf", long_pdf(1000, lines=3))
    with visit(served.url, **WIDE) as seen:
        page = seen.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.click("nav [data-view=library]")
        page.click("[data-part=documents] .document")
        page.wait_for_selector(".sheet.drawn")
        assert page.locator(".sheet").count() == 1000
        assert sum(".png" in url for url in asked) < 10
        tall = page.evaluate("document.querySelector('.reader-page').scrollHeight")

        page.fill(".reader-tools input", "777")
        page.press(".reader-tools input", "Enter")
        page.wait_for_selector('.sheet[data-number="777"].drawn')
        expect(page.locator(".reader-tools")).to_contain_text("of 1000")
        assert page.evaluate("document.querySelector('.reader-page').scrollHeight") == tall
        page.wait_for_function("() => document.querySelectorAll('.sheet img').length < 12")
        page.focus(".reader-page")
        page.keyboard.press("End")
        page.wait_for_selector('.sheet[data-number="1000"].drawn')
        page.keyboard.press("Home")
        page.wait_for_selector('.sheet[data-number="1"].drawn')
        expect(page.locator(".reader-tools input")).to_have_value("1")
        assert seen.complaints == []


def test_zoom_keeps_its_place_and_fits_again(served):
    served.add("harbour.pdf", story_pdf())
    with reading(served) as seen:
        page = seen.page
        page.wait_for_selector(".sheet.drawn .spots div")
        width = page.evaluate("document.querySelector('.sheet').clientWidth")
        page.keyboard.press("+")
        page.keyboard.press("+")
        expect(page.locator("[aria-label='Fit to width']")).to_have_text("150 %")
        assert page.evaluate("document.querySelector('.sheet').clientWidth") == pytest.approx(
            1.5 * width, abs=2
        )
        in_view(page, ".spots div")
        page.keyboard.press("0")
        assert page.evaluate("document.querySelector('.sheet').clientWidth") == width
        page.keyboard.press("-")
        expect(page.locator("[aria-label='Fit to width']")).to_have_text("80 %")


def test_on_a_phone_the_page_fits_and_closes(served):
    served.add("harbour.pdf", story_pdf())
    with reading(served, viewport={"width": 390, "height": 844}, color_scheme="dark") as seen:
        page = seen.page
        page.wait_for_selector(".sheet.drawn .spots div")
        assert page.evaluate("document.querySelector('.reader-page').scrollWidth") <= 390
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        for name in (
            "Previous source",
            "Next source",
            "Download the original",
            "Close the source",
            "Zoom in",
        ):
            box = page.locator(f"[aria-label='{name}']").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        assert seen.complaints == []


def test_words_whose_place_is_not_known_are_said_above_their_page(served):
    """As with a scan: its text is OCR's, which the file does not have."""
    path = served.folder / "scan.pdf"
    path.write_bytes(scan(None))
    facts = {
        "uri": path.as_uri(),
        "media_type": "application/pdf",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    words = "The plane came from Libya on 26 October.\nThe minister spoke about oil for two hours."
    put(served.assistant.library, "scan", words, served.assistant.embedder, **facts)
    with reading(served) as seen:
        page = seen.page
        page.wait_for_selector(".sheet.drawn")
        said = page.locator(".said-note")
        expect(said).to_contain_text("The place of these words on the page is not known:")
        expect(said).to_contain_text("The plane came from Libya on 26 October.")
        expect(page.locator(".spots")).to_have_count(0)
        path.unlink()
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()
        page.click("#answered .mark >> nth=0")
        page.wait_for_selector("#reader .notice")
        expect(page.locator("#reader .notice")).to_contain_text("The file of 'Scan' cannot be read any more")
        expect(page.locator("#quote")).to_be_visible()

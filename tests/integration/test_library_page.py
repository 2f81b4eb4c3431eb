"""The library's page in a real Chromium over a scripted model: adding, finding, naming, removing, the map."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from browsers import visit
from fakes import AngleEmbedder, ScriptedModel, put
from hands import address, asked, serious
from playwright.sync_api import expect
from serving import serving

import ingest.local_engine
from ingest.worker import Worker
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings

pytestmark = pytest.mark.browser

NEWS = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
WIDE = {"width": 1440, "height": 900}


class Held(Worker):
    """Reads a file that says so only once it is let go."""

    gate = threading.Event()

    def _load(self, name, data, scans, limits, wanted):
        while b"hold" in data and not self.gate.wait(0.02):
            if not wanted():
                raise InterruptedError
        return super()._load(name, data, scans, limits, wanted)


class Served:
    """A library and the page over it, at an address."""

    def __init__(self, assistant: Assistant, url: str) -> None:
        self.assistant = assistant
        self.library = assistant.library
        self.url = url

    def put(self, name: str, text: str, **facts) -> None:
        put(self.library, name, text, self.assistant.embedder, **facts)


@pytest.fixture
def served(tmp_path, monkeypatch) -> Iterator[Served]:
    monkeypatch.setattr(ingest.local_engine, "Worker", Held)
    Held.gate.clear()
    settings = Settings(library=tmp_path / "library", llm="none", max_file_mb=1)
    library = Library.open(settings.library, create=True)
    with (
        Assistant(library, AngleEmbedder(), ScriptedModel(), settings) as assistant,
        serving(assistant, settings) as url,
    ):
        yield Served(assistant, url)


def open_library(page, url: str, query: str = "") -> None:
    page.goto(f"{url}#library{query}")
    page.wait_for_selector("[data-part=documents] > *", state="attached")


def titled(page, *titles: str) -> None:
    """Wait until these are the documents that are listed."""
    expect(page.locator("[data-part=documents] .document")).to_have_text(titles)


def rows(page, n: int) -> None:
    """Wait until so many documents are listed."""
    expect(page.locator(".document-row")).to_have_count(n)


def done(page, n: int) -> None:
    """Wait until so many files are told to be added."""
    expect(page.locator("[data-part=ledger] .line.done")).to_have_count(n)


def test_files_are_added_one_fails_and_is_tried_again(served, tmp_path):
    good, bad, huge = tmp_path / "planes.txt", tmp_path / "empty.txt", tmp_path / "huge.txt"
    good.write_text(NEWS)
    bad.write_text("")
    huge.write_text("x" * 1_000_001)
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        page.click("nav [data-view=library]")
        page.wait_for_selector("text=Your library is empty")
        page.set_input_files("[data-chosen=files]", [good, bad, huge])
        page.wait_for_selector("[data-part=ledger] .line.done")
        page.wait_for_selector("[data-part=ledger] .line.failed")
        failed = page.locator("[data-part=ledger] .line.failed .note")
        expect(failed).to_contain_text("The file is empty")
        expect(page.locator("[data-part=sending] .line.failed .note")).to_contain_text("larger than 1 MB")
        page.click("[data-part=sending] .line.failed button")
        page.wait_for_selector("[data-part=sending] .line", state="detached")
        page.wait_for_selector("[data-part=documents] .failed .note")
        titled(page, "empty", "planes")

        waiting = served.library.path / "uploads" / ".incoming"
        [content] = [file for file in waiting.iterdir() if not file.suffix]
        content.write_text(NEWS)  # as if the reader had been wrong
        page.click("[data-part=ledger] [data-retry]")
        done(page, 2)
        expect(page.locator("[data-part=documents] .ready")).to_have_count(2)
        page.click("[data-clear]")
        page.wait_for_selector("[data-part=ledger] .line", state="detached")
        expect(page.locator(".masthead-facts")).to_contain_text("2 passages")
        assert (seen.strangers, seen.complaints) == ([], [])


def test_a_file_is_cancelled_while_it_is_read_and_others_go_on_without_the_page(served, tmp_path):
    slow, quick = tmp_path / "slow.txt", tmp_path / "quick.txt"
    slow.write_text("hold the plane")
    quick.write_text("hold the oil")
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        open_library(page, served.url)
        page.set_input_files("[data-chosen=files]", [slow])
        page.wait_for_selector("[data-part=ledger] .line.reading")
        page.set_input_files("[data-chosen=files]", [quick])
        page.wait_for_selector("[data-part=ledger] .line.waiting")
        page.click("[aria-label='Cancel: slow.txt']")
        page.wait_for_selector("[data-part=ledger] .line.cancelled")
        page.wait_for_selector("[data-part=ledger] .line.reading")
    Held.gate.set()
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        open_library(page, served.url)
        page.wait_for_selector("[data-part=ledger] .line.done")
        titled(page, "quick")


def test_a_dropped_folder_keeps_its_paths_and_leaves_out_what_is_not_read(served, tmp_path):
    folder = tmp_path / "reports"
    (folder / "may").mkdir(parents=True)
    (folder / "may" / "planes.txt").write_text(NEWS)
    (folder / "river.md").write_text("# The river\n\nThe river is long.")
    (folder / "photo.bin").write_text("?")
    (folder / ".hidden.txt").write_text("hidden")
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        open_library(page, served.url)
        page.set_input_files("[data-chosen=folder]", folder)
        done(page, 2)
        expect(page.locator(".left-out")).to_contain_text("1 file in these folders was left out")
        kept = served.library.path / "uploads" / "reports"
        assert sorted(str(path.relative_to(kept)) for path in kept.rglob("*.*")) == [
            "may/planes.txt",
            "river.md",
        ]

        walked = page.evaluate(
            """async () => {
              const file = (path) => ({ isFile: true, name: path.split("/").pop(), fullPath: path,
                file: (done) => done(new File(["The zebra in " + path], path.split("/").pop())) });
              const folder = (path, ...inside) => ({ isFile: false, name: path.split("/").pop(),
                fullPath: path, createReader: () => ({ readEntries: (done) => done(inside.splice(0, 1)) }) });
              const deep = folder("/d/e", file("/d/e/two.txt"), file("/d/e/.no.txt"));
              const tree = folder("/d", file("/d/one.txt"), deep);
              const drop = new Event("drop", { bubbles: true, cancelable: true });
              drop.dataTransfer = { types: ["Files"], files: [], items: [{ webkitGetAsEntry: () => tree }] };
              document.body.dispatchEvent(drop);
              return drop.defaultPrevented;
            }"""
        )
        assert walked
        done(page, 4)
        found = sorted(str(path.relative_to(kept.parent)) for path in (kept.parent / "d").rglob("*.txt"))
        assert found == ["d/e/two.txt", "d/one.txt"]
        assert (seen.strangers, seen.complaints) == ([], [])


def test_documents_are_found_named_collected_and_removed(served):
    served.put("news", NEWS, uri="file:///d/news.txt", added_at="2026-05-01T00:00:00+00:00")
    served.put("river", "The river is long.", uri="file:///d/river.pdf", added_at="2026-06-01T00:00:00+00:00")
    served.put("moon", "The moon is far.", uri="file:///d/moon.pdf", added_at="2026-07-01T00:00:00+00:00")
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        open_library(page, served.url)
        expect(page.locator(".glance")).to_contain_text("3 documents")
        page.select_option("[data-filter=kind]", "PDF")
        rows(page, 2)
        page.select_option("[data-filter=sort]", "newest")
        expect(page.locator(".document").first).to_have_text("Moon")
        page.fill("[data-filter=q]", "riv")
        rows(page, 1)
        assert address(page).endswith("#library?kind=PDF&sort=newest&q=riv")
        page.reload()
        titled(page, "River")
        expect(page.locator("[data-filter=q]")).to_have_value("riv")
        page.go_back()
        rows(page, 2)
        page.goto(f"{served.url}#library")
        rows(page, 3)

        page.hover("[data-id=news]")
        page.click("[data-id=news] [data-rename]")
        page.keyboard.type("Flights")
        page.keyboard.press("Escape")
        titled(page, "Moon", "News", "River")
        page.click("[data-id=news] [data-rename]")
        page.keyboard.type("Flights")
        page.keyboard.press("Enter")
        titled(page, "Flights", "Moon", "River")

        page.check("[data-select=news]")
        page.check("[data-select=moon]")
        page.select_option("[data-into]", "new")
        page.keyboard.type("Sky")
        page.keyboard.press("Enter")
        expect(page.locator(".collection")).to_have_count(2)
        page.click(".collection:has-text('Sky')")
        rows(page, 2)
        page.check("[data-select=moon]")
        page.click("[data-take]")
        rows(page, 1)
        page.click("[data-rename-collection]")
        page.keyboard.type("Air")
        page.keyboard.press("Enter")
        expect(page.locator(".collection-title")).to_have_text("Air")
        page.click("[data-delete-collection]")
        expect(page.locator("#sure")).to_contain_text("Its documents stay")
        page.click("#sure .primary")
        rows(page, 3)

        page.check("[data-select-all]")
        page.uncheck("[data-select=news]")
        page.click("[data-remove-selected]")
        expect(page.locator("#sure")).to_contain_text("Remove 2 documents")
        page.click("#sure .primary")
        rows(page, 1)
        assert [document.title for document in served.library.documents()] == ["Flights"]
        assert (seen.strangers, serious(seen.complaints)) == ([], [])


def test_the_map_shows_the_passages_and_opens_one(served):
    for n, topic in enumerate(("plane", "oil", "river")):
        served.put(topic, "\n".join(f"The {topic} {topic} number {i}." for i in range(8)), title=f"Doc {n}")
    with visit(served.url, viewport=WIDE, reduced_motion="reduce") as seen:
        page = seen.page
        open_library(page, served.url, "?tab=map")
        expect(page.locator(".map-status")).to_contain_text("24 passages of 3")
        entries = page.locator(".map-legend [data-entry]")
        expect(entries).to_have_text([f"Doc {n} 8 passages" for n in range(3)], use_inner_text=True)
        coloured = """() => {
          const canvas = document.querySelector('#shelf-map canvas');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const spots = [];
          for (let i = 3; i < data.length; i += 4) if (data[i] > 150) spots.push((i - 3) / 4);
          const ratio = canvas.width / canvas.clientWidth;
          const at = spots[Math.floor(spots.length / 2)];
          return [spots.length, (at % canvas.width) / ratio, Math.floor(at / canvas.width) / ratio];
        }"""
        many, x, y = page.evaluate(coloured)
        assert many > 200
        canvas = page.locator("#shelf-map canvas")
        canvas.hover(position={"x": x, "y": y})
        page.wait_for_selector(".map-tip .words")
        words = page.inner_text(".map-tip .words")

        page.focus(".map-legend [data-entry] >> nth=1")
        page.keyboard.press("Enter")
        expect(entries.nth(1)).to_have_attribute("aria-pressed", "true")
        assert page.evaluate(coloured)[0] < many
        page.keyboard.press("Enter")

        canvas.click(position={"x": x, "y": y})
        page.wait_for_selector("#quote")
        assert page.locator("#quote").text_content() == words
        page.keyboard.press("Escape")
        assert (seen.strangers, seen.complaints) == ([], [])


def test_the_passages_of_the_last_answer_are_ringed(served):
    served.put("news", NEWS)
    served.put("other", "The zebra ran.\nThe moon is far.\nThe money is gone.")
    with visit(served.url, viewport=WIDE) as seen:
        page = seen.page
        asked(page, "When did the plane come from Libya?")
        page.click("nav [data-view=library]")
        page.click("[data-tab=map]")
        expect(page.locator(".map-status")).to_contain_text(re.compile("of the last answer (is|are) ringed"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(served, scheme):
    served.put(
        "news", NEWS, title="A title that is long enough to need more than one line on a phone, by far"
    )
    served.put("bad", "", status="failed", error="bad.pdf: it is damaged; save it again " * 3)
    with visit(
        served.url, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True
    ) as seen:
        page = seen.page
        open_library(page, served.url)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.is_visible("[data-id=news] [data-rename]")
        page.click("[data-tab=map]")
        expect(page.locator(".map-status")).to_contain_text("3 passages")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert (seen.strangers, seen.complaints) == ([], [])

"""The built site of the documents: whole, of one piece with the code, and loading nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from browsers import PHONE, WIDE, keep, visit
from lxml import html
from made import examples_of, leaves
from typer.main import get_command
from written import CHECKOUT, Command

import rag
from rag.errors import FootnoteError
from rag.settings import Settings
from ui.cli import app

LOADED = (
    "//script/@src | //img/@src | //@srcset | //source/@src | //iframe/@src | //video/@src | //audio/@src"
    " | //object/@data | //embed/@src | //form/@action | //link[not(@rel='prev' or @rel='next')]/@href"
)
LINKED = "//a/@href | //link/@href | //script/@src | //img/@src"
ASLEEP = ("https://unpkg.com/mermaid", "https://api.github.com/", "https://${", "https://unpkg.com/resize-ob")
"""What the theme's script could load: diagrams, stars of a repository, what very old browsers lack."""
WAKING = ('class="mermaid', 'data-md-component="source"')
"""Marks in a page that make it do so; a browser without ResizeObserver is kept from it by the policy."""


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def pages(site) -> dict[Path, html.HtmlElement]:
    found = {path: html.parse(path).getroot() for path in sorted(site.rglob("*.html"))}
    written = list((CHECKOUT / "docs").rglob("*.md"))
    assert len(found) == len(written) + 1  # and the page for what is not there
    return found


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def is_foreign(address: str) -> bool:
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def test_no_page_loads_anything_from_elsewhere(pages) -> None:
    for path, page in pages.items():
        assert not [each for each in page.xpath(LOADED) if is_foreign(each)], path
        assert not re.findall(r"url\(\s*['\"]?(?:https?:|//)", path.read_text("utf-8")), path
        [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'self';")
        assert "http" not in policy


def test_no_style_loads_anything_from_elsewhere(site) -> None:
    for path in site.rglob("*.css"):
        css = path.read_text("utf-8")
        urls = re.findall(r"url\(\s*['\"]?([^'\")]+)", css) + re.findall(r"@import\s+['\"]([^'\"]+)", css)
        assert not [each for each in urls if is_foreign(each)], path


def test_what_scripts_would_load_is_never_asked_for(site, pages) -> None:
    told = "\n".join(path.read_text("utf-8") for path in site.rglob("*.js"))
    loading = set(re.findall(r"""["'`](https?://[^"'`\s]+)""", told))
    assert {each for each in loading if not each.startswith(ASLEEP)} == set()
    for path in pages:
        assert not [mark for mark in WAKING if mark in path.read_text("utf-8")], path


def test_every_link_leads_somewhere(pages) -> None:
    places = {path: {*page.xpath("//@id"), *page.xpath("//a/@name")} for path, page in pages.items()}
    for path, page in pages.items():
        for link in page.xpath(LINKED):
            file, place = urldefrag(link)
            if is_foreign(link) or path.name == "404.html":
                continue
            target = (path.parent / unquote(urlsplit(file).path)).resolve() if file else path
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), (path, link)
            assert not place or target.suffix != ".html" or unquote(place) in places[target], (path, link)


def test_fonts_and_colours_are_the_products_own(site) -> None:
    for font in ("inter.woff2", "source-serif-4.woff2"):
        own = CHECKOUT / "ui/static/fonts" / font
        assert (site / "assets/fonts" / font).read_bytes() == own.read_bytes()
    assert "--paper" in (site / "assets/tokens.css").read_text("utf-8")
    assert not list((CHECKOUT / "docs").rglob("*.woff2"))
    assert not (site / "making").exists()


def test_the_references_are_complete(site, pages) -> None:
    def ids(name: str) -> set[str]:
        return set(pages[site / "reference" / name].xpath("//@id"))

    assert ids("settings.html") >= set(Settings.model_fields)
    commands = {name for name, _ in leaves(get_command(app))}
    assert ids("commands.html") >= {f"footnote-{name.replace(' ', '-')}" for name in commands}
    errors = pages[site / "reference/errors.html"].xpath("//td[1]/code/text()")
    public = {name: getattr(rag, name) for name in rag.__all__}
    raised = {
        name for name, each in public.items() if isinstance(each, type) and issubclass(each, FootnoteError)
    }
    assert set(errors) == raised
    assert ids("python.html") >= {f"rag.{name}" for name in public.keys() - raised}
    assert not [path for path in pages if "<!-- made" in path.read_text("utf-8")]


@pytest.mark.parametrize(("name", "command"), leaves(get_command(app)), ids=lambda value: str(value))
def test_the_examples_of_every_command_can_be_said(name: str, command) -> None:
    examples = examples_of(command)
    assert examples
    for line in examples:
        [spoken] = [part for part in line.split(" | ") if part.startswith(f"footnote {name}")]
        said = Command(spoken, "").words[len(name.split()) :]
        with command.make_context(name, said) as context:
            assert context.params


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone")])
def test_every_page_fits_and_asks_nobody_else(site, pages, address, window, scheme) -> None:
    width = window["viewport"]["width"]
    with visit(address, **window, color_scheme=scheme) as seen:
        for path in pages:
            name = path.relative_to(site)
            seen.page.goto(f"{address}/{name}")
            keep(seen.page, f"docs-{width}-{scheme}-{str(name).replace('/', '-')}")
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, name
        paper, ink = (
            sum(map(int, re.findall(r"\d+", colour)))
            for colour in seen.page.evaluate(
                "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
            )
        )
        assert (paper < ink) == (scheme == "dark")
        assert seen.page.evaluate("document.fonts.check('16px \"Inter Footnote\"')")
    assert seen.strangers == seen.complaints == []


@pytest.mark.browser
def test_words_are_found(address) -> None:
    with visit(f"{address}/index.html", **WIDE) as seen:
        seen.page.locator(".md-search__input").press_sequentially("llm_timeout_s")
        seen.page.locator(".md-search-result__link[href*='settings.html']").first.wait_for()
    assert seen.strangers == seen.complaints == []

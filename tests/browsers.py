"""A real Chromium, watched: what it asks for, and what it complains of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOW_TO_GET_ONE = (
    "no Chromium on this machine: install the package chromium of your system, "
    "or run 'playwright install chromium', to include this test"
)


@dataclass
class Visit:
    """A page, the addresses it asked for beyond its own origin, and its errors."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def visit(address: str, **context) -> Iterator[Visit]:
    """Open the address in a Chromium of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(playwright), args=OPTIONS)
        try:
            page = browser.new_context(**context).new_page()
            seen = Visit(page)
            page.on("request", lambda request: _note(seen.strangers, request.url, address))
            page.on(
                "console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None
            )
            page.on("pageerror", lambda error: seen.complaints.append(str(error)))
            page.goto(address)
            yield seen
        finally:
            browser.close()


def _note(strangers: list[str], url: str, address: str) -> None:
    if not url.startswith((address, "data:", "blob:")):
        strangers.append(url)


def _chromium(playwright: Playwright) -> str:
    named = os.environ.get("FOOTNOTE_TESTS_CHROMIUM")
    own = playwright.chromium.executable_path
    found = [named, own if Path(own).exists() else None]
    found += [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    path = next((path for path in found if path), None)
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    return path

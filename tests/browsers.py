"""A real Chromium, watched: what it asks for, and what it complains of; and pictures of its pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

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
CHROMIUM, SHOTS = os.environ.get("FOOTNOTE_TESTS_CHROMIUM"), os.environ.get("FOOTNOTE_SHOTS")
SLOWER = float(os.environ.get("FOOTNOTE_TESTS_SLOWER", "1"))
"""The browser, the folder that pictures are kept in, and how many times slower the browser is made, to find
what relies on a quick machine. All are read before a test's own environment is made."""

PATIENCE_MS = 300_000
"""What has not come by then will not: on a busy machine a page takes many times as long as on a quiet one."""
LATENCY_MS = 50
"""What an answer of the server takes longer, for each time that the browser is made slower."""

WIDE, MIDDLE, PHONE = (
    {"viewport": {"width": width, "height": height}}
    for width, height in ((1440, 900), (1024, 768), (390, 844))
)
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visit:
    """A page, the addresses that it or another tab asked for beyond its own origin, errors and dialogs."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def visit(address: str, **context) -> Iterator[Visit]:
    """Open the address in a Chromium of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(playwright), args=OPTIONS)
        try:
            tabs = browser.new_context(**context)
            tabs.set_default_timeout(PATIENCE_MS)
            tabs.on("page", _slow_down)
            seen = Visit(tabs.new_page())
            _watch(tabs, seen, address)
            seen.page.goto(address)
            yield seen
        finally:
            browser.close()


def keep(page: Page, name: str, *, full: bool = False) -> None:
    """Keep a picture of the page in the folder that FOOTNOTE_SHOTS names, if it names one."""
    if SHOTS:
        path = Path(SHOTS, f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=full, animations="disabled")


def _watch(tabs: BrowserContext, seen: Visit, address: str) -> None:
    origin = "{0.scheme}://{0.netloc}/".format(urlsplit(address))

    def note(url: str) -> None:
        if not url.startswith((origin, "data:", "blob:")):
            seen.strangers.append(url)

    def hear(said: ConsoleMessage) -> None:
        seen.complaints.append(f"{said.text} ({said.location['url'].removeprefix(origin[:-1])})")

    def close(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    tabs.on("request", lambda request: note(request.url))
    tabs.on("console", lambda said: hear(said) if said.type == "error" else None)
    tabs.on("weberror", lambda error: seen.complaints.append(str(error.error)))
    tabs.on("dialog", close)


def _slow_down(page: Page) -> None:
    if SLOWER > 1:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        session.send("Network.enable")
        conditions = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
        session.send("Network.emulateNetworkConditions", conditions | {"latency": LATENCY_MS * SLOWER})


def _chromium(playwright: Playwright) -> str:
    own = playwright.chromium.executable_path
    found = [CHROMIUM, own if Path(own).exists() else None]
    found += [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    path = next((path for path in found if path), None)
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    return path

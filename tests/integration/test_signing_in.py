"""Signing in and out in a real Chromium, over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browsers import visit
from fakes import AngleEmbedder, put
from hands import ask, serious, settled
from playwright.sync_api import expect
from serving import serving

from rag.assistant import Assistant
from rag.library import Library
from rag.people.users import Users
from rag.settings import Settings
from rag.storage.tables import sessions

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"  # noqa: S105
NEWS = "A plane came from Libya on 26 October.\nThe minister spoke about oil."


@dataclass
class Served:
    """A library with two users and the page over it, at an address."""

    assistant: Assistant
    url: str

    def expire(self) -> None:
        """End every session, as time does."""
        with self.assistant.library.catalog.transaction(write=True) as connection:
            connection.execute(sessions.update().values(expires_at="2026-01-01T00:00:00+00:00"))


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    embedder = AngleEmbedder()
    settings = Settings(library=tmp_path / "library", llm="none", auth=True)
    library = Library.open(settings.library, create=True)
    for name in ("anna", "bob"):
        Users(library.catalog).add(name, PASSWORD)
    put(library, "news", NEWS, embedder)
    place = (library.path / "uploads/@bob/diary.txt").absolute().as_uri()
    put(library, "diary", "The plane of bob came on 3 May.", embedder, uri=place)
    with Assistant(library, embedder, None, settings) as assistant, serving(assistant, settings) as url:
        yield Served(assistant, url)


def sign_in(page, name: str = "anna", password: str = PASSWORD) -> None:
    page.fill("#name", name)
    page.fill("#password", password)
    page.press("#password", "Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_wrong_password_is_told_and_a_right_one_leads_to_the_page(served, scripts):
    with visit(served.url, viewport={"width": 390, "height": 844}, java_script_enabled=scripts) as seen:
        page = seen.page
        assert page.url == f"{served.url}/sign-in"
        expect(page.locator("#name")).to_be_focused()
        sign_in(page, password="not the password")  # noqa: S106
        refused = "This name and password do not go together."
        expect(page.locator("[role=alert]")).to_contain_text(refused)
        expect(page.locator("#name")).to_have_value("anna")
        expect(page.locator("#password")).to_have_value("")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        sign_in(page)
        page.wait_for_url(f"{served.url}/")
        assert seen.strangers == []
        assert [each for each in seen.complaints if "401" not in each] == []


def test_the_page_stays_open_until_signed_out(served):
    with visit(served.url) as seen:
        page = seen.page
        page.goto(f"{served.url}/?from=mail")
        sign_in(page)
        settled(page)
        assert page.url == f"{served.url}/?from=mail"
        page.reload()
        settled(page)
        assert page.evaluate("fetch('/me').then(answer => answer.json())") == {"name": "anna"}
        assert page.evaluate("document.cookie") == ""

        ask(page, "When did the plane come?")
        page.wait_for_selector("#asked .quote")
        expect(page.locator("#asked")).to_contain_text("26 October")
        assert "3 May" not in page.content()
        page.click("nav [data-view=library]")
        expect(page.locator("[data-part=documents] .document")).to_have_text(["News"])

        assert (seen.strangers, serious(seen.complaints)) == ([], [])
        page.click("nav [data-view=ask]")
        expect(page.locator("#side .side-who span")).to_have_text("anna")
        page.click("#side [data-sign-out]")
        page.wait_for_url(f"{served.url}/sign-in")
        page.go_back()
        page.wait_for_url(lambda address: address.startswith(f"{served.url}/sign-in"))
        expect(page.locator("#name")).to_be_visible()
        assert seen.strangers == []


def test_five_failures_lock(served):
    with visit(served.url) as seen:
        page = seen.page
        for n in range(5):
            sign_in(page, "anna", f"wrong password {n}")
            expect(page.locator("#password")).to_have_value("")
        with page.expect_response(f"{served.url}/sign-in") as caught:
            sign_in(page)
        assert caught.value.status == 429
        assert 0 < int(caught.value.headers["retry-after"]) <= 60
        expect(page.locator("[role=alert]")).to_contain_text("Too many wrong tries. Wait ")
        assert page.url == f"{served.url}/sign-in"


def test_a_session_that_ends_while_the_page_is_open_is_told_and_gone_on_with(served):
    with visit(served.url) as seen:
        page = seen.page
        sign_in(page)
        settled(page)
        served.expire()
        ask(page, "When did the plane come?")
        expect(page.locator("#signed-out")).to_contain_text("Your session has ended")
        with page.context.expect_page() as opened:
            page.click("#signed-out a")
        other = opened.value
        sign_in(other)
        settled(other)
        other.close()
        page.bring_to_front()
        page.evaluate("window.dispatchEvent(new Event('focus'))")
        page.wait_for_selector("#signed-out", state="detached")
        ask(page, "When did the plane come?")
        page.wait_for_selector("#asked .quote")
        assert seen.strangers == []


def test_a_link_from_another_site_opens_the_page_of_who_is_signed_in(served):
    with visit(served.url) as seen:
        page = seen.page
        sign_in(page)
        page.wait_for_selector("#question textarea")
        link = f"<a href='{served.url}/?from=mail'>open</a>"
        page.route("https://mail.example/", lambda route: route.fulfill(body=link, content_type="text/html"))
        page.goto("https://mail.example/")
        page.click("a")
        page.wait_for_url(f"{served.url}/?from=mail")
        page.wait_for_selector("#question textarea")

"""The page while somebody else changes the library: in the terminal, or in another window."""

from __future__ import annotations

import time

import pytest
from browsers import visit
from serving import page_over

pytestmark = pytest.mark.browser


def until(page, condition: str) -> None:
    """Wait for a condition; Playwright's own waiting evaluates words, which the page's policy forbids."""
    end = time.monotonic() + 60
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def titles(page) -> list[str]:
    return page.locator("[data-part=documents] .document").all_inner_texts()


def test_what_others_add_and_remove_is_shown_without_a_reload(tmp_path) -> None:
    with page_over(tmp_path) as served, visit(served.url) as visited:
        page = visited.page
        served.put("news", "A plane came from Libya.")
        page.goto(f"{served.url}#library")
        until(page, "document.querySelector('[data-select=news]')")
        page.evaluate("() => { window.unloaded = false }")
        page.locator("[data-select=news]").check()
        page.wait_for_timeout(3000)  # the page knows by now what there was
        served.put("zoo", "The zebra crossed the river.")
        until(page, "document.querySelector('[data-select=zoo]')")
        assert titles(page) == ["News", "Zoo"]
        assert page.locator("[data-select=news]").is_checked()
        served.library.remove("zoo")
        until(page, "!document.querySelector('[data-select=zoo]')")
        assert page.evaluate("() => window.unloaded") is False
        assert visited.complaints == []

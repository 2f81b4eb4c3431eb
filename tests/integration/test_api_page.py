"""The page of the API in a real Chromium: what it describes can be tried, and no other site is asked."""

from __future__ import annotations

import pytest
from browsers import visit
from serving import page_over

pytestmark = pytest.mark.browser


def test_a_route_can_be_tried_and_nothing_leaves_the_machine(tmp_path) -> None:
    with page_over(tmp_path) as served:
        served.put("news", "A plane came from Libya on 26 October.")
        with visit(f"{served.url.rstrip('/')}/api/v1/docs", color_scheme="dark") as seen:
            page = seen.page
            page.get_by_text("Find passages, best first").click()
            page.get_by_role("button", name="Try it out").click()
            page.get_by_placeholder("q", exact=True).fill("Where did the plane come from?")
            page.get_by_role("button", name="Execute").click()
            page.get_by_text("A plane came from Libya on 26 October.").first.wait_for()
            assert "dark-mode" in page.evaluate("document.documentElement.className")
            assert (seen.strangers, seen.complaints) == ([], [])

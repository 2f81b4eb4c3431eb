"""The page of an evaluation in a real Chromium."""

from __future__ import annotations

import re

import pytest
from browsers import visit
from playwright.sync_api import expect

from rag.evaluation.html import page
from rag.evaluation.report import Case, Curve, Figure, Report

pytestmark = pytest.mark.browser

REPORT = Report(
    (
        Figure("facts", "recall@5", 0.9, 0.85, 0.95, 200, "chance", 0.5),
        Figure("news, from a source with a long name", "accuracy", 0.4, 0.3, 0.5, 90),
    ),
    (
        Curve("facts", "recall", ((1.0, 0.7, 200.0), (100.0, 0.95, 200.0))),
        Curve("facts", "refusal", ((0.0, 0.0, 0.0), (0.02, 0.5, 0.3), (1.0, 1.0, 1.0))),
        Curve("facts", "reliability", ((0.2, 0.25, 40.0), (0.8, 0.75, 10.0))),
    ),
    (
        Case("facts", "recall@5", "q1", "Who came first?", "Ida", "Rollo"),
        Case("facts", "recall@5", "q2", "When was it? <script>alert(1)</script>", "1998", "W" * 500),
        Case("news, from a source with a long name", "accuracy", "q3", "Which is older?", "first", "second"),
    ),
    {"model": "a-model", "settings": {"passages": 6}},
)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(REPORT), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_and_is_readable(address, width, scheme):
    with visit(address, viewport={"width": width, "height": 900}, color_scheme=scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        paper, ink = (
            sum(map(int, re.findall(r"\d+", colour)))
            for colour in seen.page.evaluate(
                "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
            )
        )
        assert abs(paper - ink) > 400
        assert (paper < ink) == (scheme == "dark")
        for figure in seen.page.locator(".plot").all():
            box = figure.bounding_box()
            assert box is not None
            assert 0 < box["width"] <= width
    assert seen.strangers == seen.complaints == []


def test_cases_are_filtered_by_keyboard(address):
    with visit(address) as seen:
        page = seen.page
        page.locator("#filter input").focus()
        page.keyboard.type("rollo first")
        expect(page.locator("output")).to_have_text("1 case")
        expect(page.locator(".group li:visible .question")).to_have_text(["Who came first?"])
        page.locator("#filter input").fill("")
        page.locator("#filter select[name=set]").select_option("news, from a source with a long name")
        expect(page.locator("output")).to_have_text("1 case")
        expect(page.locator(".group:visible")).to_have_count(1)
        page.locator("#filter select[name=set]").select_option("")
        button = page.locator("#filter button")
        for label, cases in (("Close all", 0), ("Open all", 3)):
            expect(button).to_have_text(label)
            button.press("Enter")
            expect(page.locator(".group li:visible")).to_have_count(cases)
        page.locator("summary", has_text="accuracy").press("Enter")
        expect(page.locator(".group li:visible")).to_have_count(2)
    assert seen.strangers == seen.complaints == []


def test_cases_open_without_script(address):
    with visit(address, java_script_enabled=False) as seen:
        expect(seen.page.locator("#filter")).to_be_hidden()
        seen.page.locator("summary", has_text="accuracy").click()
        expect(seen.page.locator("li:visible .question")).to_have_text(["Which is older?"])

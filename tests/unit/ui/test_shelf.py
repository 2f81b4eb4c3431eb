from __future__ import annotations

import pytest
from fakes import document
from markup import Node, parse

from rag.people.collections import Collection
from ui.listing import Filters, Listing
from ui.rows import Marks, day_in_words
from ui.shelf import Shelf, in_words, render_shelf

GOOD = document("log", "x", 7, uri="file:///home/me/my%20log.pdf", n_pages=2, title="The <log>")
BAD = document(
    "bad", "", 0, uri="file:///d/bad.pdf", status="failed", error="bad.pdf: damaged; save it again"
)
OLD = document("old", "x", 2, status="failed", error="old.txt: empty")


def shelf(*documents, filters=Filters(), total=None, pages=1, page=1, **facts) -> dict[str, Node]:  # noqa: B008
    n = len(documents) if total is None else total
    listing = Listing(documents, n, page, pages)
    facts = {"n_documents": n, "n_passages": sum(d.n_passages for d in documents)} | facts
    root = parse(render_shelf(Shelf(listing, filters, **facts)))
    return {node.attributes["data-fill"]: node for node in root.all("div") if "data-fill" in node.attributes}


def test_documents_show_their_facts_and_failures():
    first, second, third = shelf(GOOD, BAD, OLD)["documents"].all(".document-row")
    assert first.one(".document").text == "The <log>"
    assert first.one(".document").attributes["data-document"] == "log"
    assert [span.text for span in first.one(".document-facts").children] == [
        "PDF",
        "2 pages",
        "7 passages",
        "1 Jan 2026",
        "my log.pdf",
    ]
    assert [button.text for button in first.one(".document-actions").all("button")] == ["Rename", "Remove"]
    assert second.one(".document").name == "span"
    assert second.one(".note").text == "Could not be read: damaged; save it again"
    assert third.one(".note").text == "Could not be read: empty; its last version still answers"


def test_at_a_glance():
    glance = shelf(GOOD, changed="2026-11-23T10:00:00+00:00", size=34_200_000)["glance"]
    assert [span.text for span in glance.all("span")] == [
        "1 document",
        "7 passages",
        "34 MB on disk",
        "last change 23 Nov 2026",
    ]
    assert shelf(total=0)["glance"].text == "Nothing in it yet"


def test_who_may_not_change_a_document_is_offered_nothing():
    parts = shelf(GOOD, OLD, marks=Marks(private=frozenset({"old"}), fixed=frozenset({"log"})))
    fixed, own = parts["documents"].all(".document-row")
    assert (fixed.all(".document-actions"), fixed.one(".whose").text) == ([], "everybody’s")
    assert (len(own.all(".document-actions")), own.one(".whose").text) == (1, "private")
    assert "data-fixed" in fixed.one("input").attributes
    assert "data-fixed" not in own.one("input").attributes
    assert shelf(GOOD)["documents"].all(".whose") == []


def test_the_collections_are_listed_and_the_open_one_named():
    known = [Collection("c1", "Flights", "", 2), Collection("c2", "<b>", "", 0)]
    parts = shelf(
        GOOD, collections=known, filters=Filters(collection="c1"), marks=Marks({"log": ("Flights",)})
    )
    buttons = parts["collections"].all(".collection")
    assert [(b.one(".name").text, b.one(".n").text, "aria-current" in b.attributes) for b in buttons] == [
        ("All documents", "1", False),
        ("Flights", "2", True),
        ("<b>", "0", False),
    ]
    assert parts["heading"].one("h2").text == "Flights"
    assert [button.text for button in parts["heading"].all("button")] == ["Rename", "Delete the collection"]
    assert parts["documents"].one(".in-collection").text == "Flights"


def test_kinds_can_be_chosen():
    options = shelf(GOOD, kinds=[("PDF", 3), ("TXT", 1)], filters=Filters(kind="pdf"))["kinds"].all("option")
    assert [(option.text, "selected" in option.attributes) for option in options] == [
        ("All types", False),
        ("PDF (3)", True),
        ("TXT (1)", False),
    ]


@pytest.mark.parametrize(
    ("facts", "words", "button"),
    [
        pytest.param({"total": 0, "starters": True}, "Your library is empty", "data-starter", id="empty"),
        pytest.param(
            {"n_documents": 3, "filters": Filters(q="x")}, "No document fits", "data-reset", id="none"
        ),
    ],
)
def test_an_empty_list_offers_a_way_out(facts, words, button):
    place = shelf(**facts)["documents"]
    assert words in place.text
    assert button in place.one("button").attributes


def test_an_empty_library_without_starters_offers_none_and_an_empty_collection_says_how_to_fill_it():
    assert shelf(total=0)["documents"].all("button") == []
    place = shelf(n_documents=3, filters=Filters(collection="c1"))["documents"]
    assert "Nothing is in this collection yet" in place.text


def test_long_lists_have_pages():
    pager = shelf(GOOD, total=300, pages=3, page=1)["documents"].one(".pager")
    assert pager.one("span").text == "Page 1 of 3"
    previous, following = pager.all("button")
    assert "disabled" in previous.attributes
    assert (following.attributes["data-page"], "disabled" in following.attributes) == ("2", False)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_600, "1.0 MB"),
        (1_540_000, "1.5 MB"),
        (34_000_000, "34 MB"),
        (2.5e9, "2.5 GB"),
        (5e15, "5,000 TB"),
    ],
)
def test_sizes_in_words(size, words):
    assert in_words(int(size)) == words


def test_days_in_words():
    assert day_in_words("2026-01-05T23:00:00+00:00") == "5 Jan 2026"

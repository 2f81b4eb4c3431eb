from __future__ import annotations

from pathlib import Path

from fakes import document
from markup import parse

from ingest.pipeline import Outcome, Progress
from ui.ledger import SHOWN, Ledger, Line, after_outcomes, after_progress, render_documents, render_ledger

LEDGER = Ledger((Line("a.txt"), Line("b.txt")))


def test_a_file_is_read_then_in_work_then_settled():
    ledger = after_progress(LEDGER, Progress("reading", 0, 2, "a.txt"))
    assert [line.state for line in ledger.lines] == ["reading", "waiting"]
    ledger = after_progress(ledger, Progress("reading", 1, 2, "b.txt"))
    assert [line.state for line in ledger.lines] == ["read", "reading"]
    ledger = after_progress(ledger, Progress("embedding", 0, 2, "b.txt"))
    assert ([line.state for line in ledger.lines], ledger.stage) == (["read", "read"], "embedding")
    ledger = after_outcomes(
        ledger,
        [
            Outcome(Path("/u/a.txt"), "added", "A", 1),
            Outcome(Path("/u/b.txt"), "failed", "b", 0, "b.txt: empty"),
        ],
    )
    assert [(line.state, line.note) for line in ledger.lines] == [
        ("added", "1 passage"),
        ("failed", "b.txt: empty"),
    ]
    root = parse(render_ledger(ledger))
    assert root.one(".label").text == "1 file in the library, 1 could not be added"
    assert "b.txt: empty" in root.one(".failed").text


def test_no_upload_shows_nothing():
    assert render_ledger(Ledger()) == ""


def test_an_error_is_shown_above_the_files():
    root = parse(render_ledger(Ledger((Line("<a>.txt", "failed"),), error="no space left: free some")))
    assert "No space left: free some" in root.one(".notice").text
    assert root.one(".title").text == "<a>.txt"


def test_documents_show_their_facts_and_failures():
    good = document("log", "x", 7, uri="file:///home/me/my%20log.pdf", n_pages=2, title="The <log>")
    bad = document("bad", "", 0, status="failed", error="bad.pdf: damaged; save it again")
    old = document("old", "x", 2, status="failed", error="old.txt: empty")
    first, second, third = parse(render_documents([good, bad, old])).all("li")
    assert first.one(".document").text == "The <log>"
    assert first.one(".document").attributes["data-document"] == "log"
    assert first.one(".document-facts").text == "PDF · 2 pages · 7 passages · my log.pdf"
    assert first.one(".remove").attributes["data-remove"] == "log"
    assert second.one(".document").name == "bdi"
    assert second.one(".note").text == "Could not be read: bad.pdf: damaged; save it again"
    assert third.one(".note").text == "Could not be read: old.txt: empty; its last version still answers"


def test_a_long_list_is_cut_and_says_so():
    many = [document(f"d{n}", "x") for n in range(SHOWN + 5)]
    root = parse(render_documents(many))
    assert len(root.all("li")) == SHOWN
    assert "And 5 more" in root.one(".nothing").text


def test_an_empty_list_says_what_to_do():
    assert "Add some above" in parse(render_documents([])).text

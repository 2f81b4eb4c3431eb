from __future__ import annotations

import pytest
from markup import parse

from rag.people.uploads import Upload
from ui.ledger import SHOWN, render_ledger, summary


def job(name: str, state: str, **facts) -> Upload:
    return Upload(name, "", name, state=state, **facts)


JOBS = [
    job("done.txt", "done", n_passages=2),
    job("bad.pdf", "failed", note="it is not a PDF; export it again"),
    job("old.txt", "unchanged"),
    job("no.txt", "cancelled"),
    job("read.txt", "reading"),
    job("next.txt", "waiting"),
]


def test_each_file_says_its_state_and_what_can_be_done():
    lines = parse(render_ledger(JOBS)).all("li")
    shown = [
        (line.one(".title").text, line.one(".state").text, [button.text for button in line.all("button")])
        for line in lines
    ]
    assert shown == [
        ("read.txt", "reading…", ["Cancel"]),
        ("next.txt", "waiting", ["Cancel"]),
        ("bad.pdf", "could not be added", ["Try again", "Dismiss"]),
        ("no.txt", "cancelled", ["Dismiss"]),
        ("old.txt", "there already, unchanged", ["Dismiss"]),
        ("done.txt", "done, 2 passages", ["Dismiss"]),
    ]
    assert lines[2].one(".note").text == "It is not a PDF; export it again"
    assert lines[2].all("button")[0].attributes["data-retry"] == "bad.pdf"
    assert lines[0].one("button").attributes["aria-label"] == "Cancel: read.txt"


def test_the_page_is_told_how_many_are_alive_and_settled():
    root = parse(render_ledger(JOBS)).one("section")
    assert (root.attributes["data-alive"], root.attributes["data-settled"]) == ("2", "3")


@pytest.mark.parametrize(
    ("states", "words"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(["waiting"], "Adding 1 file", id="begun"),
        pytest.param(["reading", "done", "failed"], "Adding 1 file, 1 done, 1 could not be added", id="amid"),
        pytest.param(["done", "unchanged"], "2 files in the library", id="all done"),
        pytest.param(["failed"], "0 files in the library, 1 could not be added", id="all failed"),
        pytest.param(["cancelled"], "Cancelled", id="all cancelled"),
    ],
)
def test_the_summary(states, words):
    assert summary([job(str(n), state) for n, state in enumerate(states)]) == words


def test_nothing_is_shown_of_nothing_but_the_counts():
    root = parse(render_ledger([])).one("section")
    assert (root.text, root.attributes["data-alive"]) == ("", "0")


def test_many_files_are_counted():
    many = [job(f"w{n}", "waiting") for n in range(SHOWN + 1000)] + [job(f"d{n}", "done") for n in range(20)]
    more = [line.text for line in parse(render_ledger(many)).all(".more")]
    assert more == ["and 1,000 more waiting", f"and {20 - SHOWN} more finished"]


def test_what_is_being_stored_can_not_be_ended():
    assert parse(render_ledger([job("a", "storing")])).one("li").all("button") == []


def test_a_hostile_name_is_only_shown():
    root = parse(render_ledger([job("<img src=x>\u202etxt.exe", "waiting")]))
    assert root.all("img") == []
    assert root.one(".title").all(".hidden-run")

"""HTML: what a reader sees, and nothing else."""

from __future__ import annotations

import pytest

from ingest.load import load
from ingest.load.html import visible_text
from rag.errors import BrokenDocument, EmptyDocument

SENTENCES = (
    "The harbour office announced on Tuesday that the northern pier will stay closed until the end of March.",
    "Engineers had inspected the pier in October and reported no damage, which is now called premature.",
    "Ferries leave from the southern pier instead, with two fewer departures a day than in the summer.",
)
ARTICLE = "".join(
    f"<h2>Part {part}</h2>" + "".join(f"<p>{sentence} ({part})</p>" for sentence in SENTENCES)
    for part in range(5)
)
NEWS = f"""<!doctype html><html><head><title>Pier closed | Port News</title></head><body>
<nav>{"".join(f"<a href='/{i}'>Section {i}</a>" for i in range(9))}</nav>
<article><h1>Pier closed</h1>{ARTICLE}</article>
<div class="sidebar"><h3>Related</h3><a href="q">Mayor opens a library</a></div><footer>Imprint</footer>
</body></html>"""
SHORT = """<!doctype html><html><head><title>Ferry times</title><script>var secret = 1</script>
<style>p { color: red }</style></head><body><h1>Ferry times</h1>
<p>The ferry <b>leaves</b>
at nine.<br>Every day.</p><p style="display: none">unseen</p><p hidden>unseen</p><!-- unseen -->after it
<h2>Prices</h2><table><tr><th>Who</th><th>Price</th></tr><tr><td>Adult</td><td>9 <i>EUR</i></td></tr></table>
<ul><li>one</li><li><p>two</p></li></ul><pre>a
  b</pre></body></html>"""


def page(body: str) -> bytes:
    return f"<html><body>{body}</body></html>".encode()


def test_a_short_page_is_kept_whole():
    text = load(SHORT.encode(), "a.html")

    assert text.text == (
        "Ferry times\n\nThe ferry leaves at nine.\nEvery day.\n\nafter it\n\nPrices\n\n"
        "Who | Price\nAdult | 9 EUR\n\n- one\n- two\n\na\n  b"
    )
    assert [(mark.level, mark.title) for mark in text.headings] == [(1, "Ferry times"), (2, "Prices")]
    assert all(text.text[mark.start :].startswith(mark.title) for mark in text.headings)
    assert text.title == "Ferry times"


def test_a_long_page_loses_its_menus():
    text = load(NEWS.encode(), "a.htm")

    assert all(f"{sentence} ({part})" in text.text for sentence in SENTENCES for part in range(5))
    assert not any(word in text.text for word in ("Section 3", "Mayor opens", "Imprint"))
    assert [mark.title for mark in text.headings] == ["Pier closed", *(f"Part {part}" for part in range(5))]
    assert text.title == "Pier closed"


def test_a_long_table_is_not_lost():
    rows = "".join(f"<tr><td>Station {i}</td><td>platform {i}</td></tr>" for i in range(200))
    text = load(page(f"<p>Timetable.</p><table>{rows}</table>"), "a.html").text

    assert all(f"Station {i} | platform {i}" in text for i in range(200))


def test_a_table_that_lays_out_a_page_is_no_table():
    body = "<table><tr><td><h2>News</h2><p>One thing.</p><p>Another.</p></td><td>aside</td></tr></table>"

    assert load(page(body), "a.html").text == "News\n\nOne thing.\n\nAnother.\n\naside"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param('<meta charset="cp1252"><p>Größe'.encode("cp1252"), "Größe", id="charset"),
        pytest.param(
            '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>Мороз'.encode("koi8-r"),
            "Мороз",
            id="http-equiv",
        ),
        pytest.param("\ufeff<p>Größe".encode("utf-16-le"), "Größe", id="byte order mark"),
        pytest.param('<meta charset="no-such"><p>Größe'.encode(), "Größe", id="unknown charset"),
        pytest.param('<meta charset="ascii"><p>Größe'.encode(), "Größe", id="wrong charset"),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><p>xml</p></html>',
            "xml",
            id="xml declaration",
        ),
    ],
)
def test_encodings_are_honoured(data: bytes, expected: str):
    assert load(data, "a.xhtml").text == expected


def test_nesting_beyond_what_most_parsers_take():
    assert load(page("<div>" * 1000 + "inside" + "</div>" * 1000), "a.html").text == "inside"


def test_nesting_too_deep_is_refused_rather_than_lost():
    with pytest.raises(BrokenDocument, match=r"^a\.html: it is nested too deeply"):
        load(page("<div>" * 20_000 + "inside"), "a.html")


@pytest.mark.parametrize("body", ["", "<!-- words -->", "<script>words</script>", "<p>…</p>"])
def test_a_page_without_words_is_empty(body: str):
    with pytest.raises(EmptyDocument, match=r"^a\.html: there is no text in it"):
        load(page(body), "a.html")


def test_fragments_are_read_too():
    assert visible_text("<b>Hello</b> world<script>x</script>") == "Hello world"
    assert visible_text(" ") == ""

from __future__ import annotations

import pytest
from fakes import document
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UsageError
from ui.listing import PAGE, SORTS, Filters, kind_of, kinds, listed

DOCUMENTS = [
    document(
        "a", "x", 5, title="Airports", uri="file:///d/flights%202026.pdf", added_at="2026-03-01T00:00:00"
    ),
    document("b", "x", 9, title="Budget", uri="file:///d/money.xlsx", added_at="2026-05-31T23:59:59"),
    document("c", "x", 1, title="Éclair", uri="file:///d/notes.PDF", added_at="2026-06-01T00:00:00"),
    document("d", "x", 0, title="Draft", uri="file:///d/draft", added_at="2026-01-15T00:00:00"),
]


def ids(filters: Filters, inside=None) -> str:
    return "".join(each.id for each in listed(DOCUMENTS, filters, inside).documents)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(Filters(), "abcd", id="all"),
        pytest.param(Filters(kind="pdf"), "ac", id="kind"),
        pytest.param(Filters(kind="other"), "d", id="no extension"),
        pytest.param(Filters(since="2026-03-01"), "abc", id="since a day"),
        pytest.param(Filters(until="2026-05-31"), "abd", id="until a day"),
        pytest.param(Filters(since="2026-03-01", until="2026-05-31"), "ab", id="between"),
        pytest.param(Filters(q="éCL"), "c", id="part of a title, other letters"),
        pytest.param(Filters(q="flights 2026"), "a", id="words of the file's name"),
        pytest.param(Filters(q="airports money"), "", id="words of two"),
        pytest.param(Filters(q="  "), "abcd", id="spaces"),
        pytest.param(Filters(sort="newest"), "cbad", id="newest"),
        pytest.param(Filters(sort="oldest"), "dabc", id="oldest"),
        pytest.param(Filters(sort="size"), "bacd", id="most passages"),
        pytest.param(Filters(kind="pdf", q="a", sort="newest"), "ca", id="together"),
    ],
)
def test_filters(filters, expected):
    assert ids(filters.checked()) == expected


def test_a_collection_is_what_is_inside():
    assert ids(Filters(collection="c1"), frozenset("bd")) == "bd"
    assert ids(Filters(collection="c1"), frozenset()) == ""


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        pytest.param(
            Filters(since="yesterday"), "'yesterday' is not a day: write it as 2026-01-31", id="day"
        ),
        pytest.param(Filters(until="2026-02-30"), "is not a day", id="no such day"),
        pytest.param(Filters(sort="luck"), "no order 'luck': there are title, newest", id="order"),
    ],
)
def test_what_is_not_understood_is_told(filters, why):
    with pytest.raises(UsageError, match=why):
        filters.checked()


@given(st.integers(0, 450), st.integers(-3, 9), st.sampled_from(sorted(SORTS)))
def test_the_pages_hold_every_document_once(n, page, sort):
    many = [document(f"d{i}", "x", i % 7) for i in range(n)]
    first = listed(many, Filters(sort=sort).checked())
    assert first.pages == max(1, -(-n // PAGE))
    pages = [listed(many, Filters(sort=sort, page=p)).documents for p in range(1, first.pages + 1)]
    assert sorted(each.id for each in sum(pages, ())) == sorted(each.id for each in many)
    asked = listed(many, Filters(sort=sort, page=page).checked())
    assert 1 <= asked.page <= asked.pages


def test_kinds_are_counted():
    assert kinds(DOCUMENTS) == [("OTHER", 1), ("PDF", 2), ("XLSX", 1)]
    assert kind_of(DOCUMENTS[2]) == "PDF"

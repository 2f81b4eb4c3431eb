"""csv, tsv and xlsx: every row is a line that says what its cells are."""

from __future__ import annotations

import csv
import datetime
import io
from bisect import bisect_right

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load import load
from ingest.load.tables import render_rows
from rag.errors import EmptyDocument


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param("city,people\nRome,2800000\nOslo,700000\n", ["city: Rome; people: 2800000"], id="comma"),
        pytest.param("city;people\nRome;2,8\nOslo;0,7\n", ["city: Rome; people: 2,8"], id="semicolon"),
        pytest.param("city\tpeople\nRome\t2800000\n", ["city: Rome; people: 2800000"], id="tab"),
        pytest.param("city|people\nRome|28\nOslo|7\n", ["city: Rome; people: 28"], id="bar"),
        pytest.param('a,b\n"Rome, Italy","two\nlines"\n', ["a: Rome, Italy; b: two lines"], id="quoted"),
        pytest.param("name,city\nAnna,Rome\nBen,Oslo\n", ["name: Anna; city: Rome"], id="words only"),
        pytest.param("1,2\n3,4\n", ["1 | 2", "3 | 4"], id="no header: numbers"),
        pytest.param("a,a\n3,4\n", ["a | a", "3 | 4"], id="no header: twice the same"),
        pytest.param(
            "List of cities\n\ncity,people\nRome,28\n",
            ["List of cities", "city: Rome; people: 28"],
            id="caption",
        ),
        pytest.param(
            "a,b,c\n1,,3\n,,\n4,5,6,7\n", ["a: 1; c: 3", "a: 4; b: 5; c: 6; 7"], id="gaps and extras"
        ),
        pytest.param("Rome;2,8\nOslo;0,7\n", ["Rome | 2,8"], id="decimal commas"),
        pytest.param("Note\nNote\nNote\na,b\n1,2\n", ["Note", "Note", "Note"], id="long caption"),
        pytest.param("word\n", ["word"], id="one cell"),
        pytest.param("name\nAnna\nBen\n", ["name: Anna", "name: Ben"], id="one column"),
    ],
)
def test_rows_of_csv(source: str, lines: list[str]):
    text = load(source.encode(), "a.csv").text

    assert text.endswith("\n")
    assert text.splitlines()[: len(lines)] == lines


def test_tsv_takes_tabs_only():
    assert load(b"a, b\tc\n1\t2\n", "a.tsv").text == "a, b: 1; c: 2\n"


def test_quotation_marks_everywhere_take_no_time():
    source = "lamp;lit\n" + 'north;"no; not"\n' * 9 + 'south;=""' + '=""' * 4000
    assert "lamp: north; lit: no; not\n" in load(source.encode(), "a.csv").text


def test_csv_in_another_encoding():
    assert load("Straße;Größe\nÖlweg;5\nÄcker;7\n".encode("cp1252"), "a.csv").text.startswith(
        "Straße: Ölweg; Größe: 5\n"
    )


@given(st.lists(st.lists(st.text("abc 1,;\"'\n", max_size=8), min_size=1, max_size=4), max_size=8))
def test_rows_are_lines(rows: list[list[str]]):
    lines = list(render_rows(rows))
    filled = [row for row in rows if any(map(str.strip, row))]

    assert len(filled) - len(lines) in (0, 1)
    assert not any("\n" in line for line in lines)
    assert all(" ".join(cell.split()) in lines[-1] for row in filled[-1:] for cell in row)


@given(st.lists(st.tuples(st.text("xyz", min_size=1), st.integers()), min_size=2))
def test_csv_as_python_writes_it(rows: list[tuple[str, int]]):
    out = io.StringIO()
    csv.writer(out).writerows([("name", "score"), *rows])
    text = load(out.getvalue().encode(), "a.csv").text

    assert text.splitlines() == [f"name: {name}; score: {score}" for name, score in rows]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.properties.title = "City register"
    cities = book.active
    cities.title = "Cities"
    for row in (
        ["City list 2024"],
        [],
        ["City", "People", "Share", "Founded"],
        ["Rome", 2800000, 0.25, datetime.date(2020, 1, 2)],
        ["Oslo", 700000.5, None, True],
    ):
        cities.append(row)
    cities["C4"].number_format = "0.0%"
    book.create_sheet("Empty")
    hidden = book.create_sheet("Hidden")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Notes").append([datetime.datetime(2024, 5, 6, 7, 8)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_sheets_are_pages_with_headings():
    text = load(workbook(), "a.xlsx")

    assert text.text == (
        "Cities\n\nCity list 2024\nCity: Rome; People: 2800000; Share: 25%; Founded: 2020-01-02\n"
        "City: Oslo; People: 700000.5; Founded: TRUE\n\nNotes\n\n2024-05-06 07:08\n"
    )
    assert [(mark.title, text.text[mark.start :].startswith(mark.title)) for mark in text.headings] == [
        ("Cities", True),
        ("Notes", True),
    ]
    assert len(text.pages) == 3
    assert bisect_right(text.pages, text.text.index("Oslo")) == 1
    assert bisect_right(text.pages, text.text.index("Notes")) == 3
    assert text.title == "City register"


def test_sheet_names_are_no_titles():
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["words"])
    book.save(out)

    assert load(out.getvalue(), "a.xlsx").title is None


@pytest.mark.parametrize("source", [b"\n\n", b",,,\n,,,\n", b"--,--\n"])
def test_a_table_without_words_is_empty(source: bytes):
    with pytest.raises(EmptyDocument, match=r"^a\.csv: there is no text in it"):
        load(source, "a.csv")

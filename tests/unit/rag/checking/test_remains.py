from __future__ import annotations

import random

import pytest

from rag.catalog import FILE
from rag.checking.remains import Remains
from rag.storage import schema
from rag.storage.schema import SCHEMA_VERSION
from rag.storage.sqlite_files import opened

PAGE = 4096
ROWS = 400
INSERT = "INSERT INTO documents VALUES (?, ?, ?, 'text/plain', '', 0, NULL, 0, 'now', 'ready', NULL)"


@pytest.fixture
def path(tmp_path):
    """A catalogue of many documents without texts, some of whose numbers are missing."""
    made = tmp_path / FILE
    schema.create(made)
    with opened(made) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("BEGIN")
        rows = [(f"id{n}", f"file:///{n}", f"<title{n}>" * 5) for n in range(ROWS)]
        raw.executemany(INSERT, rows)
        raw.execute("DELETE FROM documents WHERE rowid % 7 = 0")
        raw.execute("COMMIT")
    return made


def leaves(data: bytes) -> dict[int, set[str]]:
    """Return the ids of the documents on each page that holds some, by the page's number."""
    found = {}
    for number in range(len(data) // PAGE):
        page = data[number * PAGE : (number + 1) * PAGE]
        if page[0] == 0x0D and b"<title" in page:
            found[number] = {f"id{n}" for n in range(ROWS) if f"<title{n}>".encode() in page}
    return found


def ids(path) -> set[str]:
    with opened(path) as raw:
        return {row["id"] for row in Remains(raw).documents.values()}


def alive() -> set[str]:
    return {f"id{n}" for n in range(ROWS) if (n + 1) % 7}


def spoil(path, numbers) -> None:
    data = bytearray(path.read_bytes())
    for number in numbers:
        data[number * PAGE : (number + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(data)


def test_all_of_a_sound_catalogue_is_read(path) -> None:
    assert ids(path) == alive()
    with opened(path) as raw:
        remains = Remains(raw)
        assert remains.facts == {"schema_version": str(SCHEMA_VERSION), "generation": "0"}
        assert set(remains.names().values()) == {f"file:///{each[2:]}" for each in alive()}
        assert remains.vector_bytes() == 0
        assert remains.ownerless() == set()


@pytest.mark.parametrize("seed", range(20))
def test_bad_pages_cost_what_is_on_them(path, seed: int) -> None:
    pages = leaves(path.read_bytes())
    assert len(pages) >= 10
    bad = random.Random(seed).sample(sorted(pages), 1 + seed % 5)
    spoil(path, bad)
    assert ids(path) == alive() - set().union(*(pages[each] for each in bad))


@pytest.mark.parametrize("at", [0, -1], ids=["the first page", "the last page"])
def test_a_bad_page_at_an_end(path, at: int) -> None:
    pages = leaves(path.read_bytes())
    bad = sorted(pages, key=lambda number: min(int(each[2:]) for each in pages[number]))[at]
    spoil(path, [bad])
    assert ids(path) == alive() - pages[bad]
    with opened(path) as raw:
        assert len(Remains(raw).names()) == len(alive()), "an index still names them"


def test_a_file_cut_short_is_read_as_far_as_it_goes(path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // PAGE * PAGE])
    there = [number for number in leaves(data) if number < len(data) // 2 // PAGE]
    assert ids(path) == alive() & set().union(*(leaves(data)[each] for each in there))


def test_a_text_that_is_no_text_is_a_row_less(path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<title100><title100>", b"<title100>\xff\xffitle100>"))
    assert ids(path) == alive() - {"id100"}


@pytest.mark.parametrize(
    "data", [pytest.param(b"", id="empty"), pytest.param(b"no database " * 500, id="something else")]
)
def test_nothing_is_read_of_what_is_no_catalogue(path, data: bytes) -> None:
    path.write_bytes(data)
    assert ids(path) == set()

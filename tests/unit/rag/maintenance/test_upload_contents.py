from __future__ import annotations

import pytest
import sqlalchemy as sa

from rag.maintenance.contents import PLACE, Contents, is_kept
from rag.people.access import owner_of
from rag.storage.tables import parts
from rag.text.naming import path_of

URI = (PLACE / "@anna/notes/may 1.txt").as_uri()


@pytest.fixture
def contents(library) -> Contents:
    made = Contents(library.catalog)
    for file in ("old", "new"):
        for n, piece in enumerate((b"one ", b"two ", file.encode())):
            made.append(file, n, piece)
    return made


def files(library) -> set[str]:
    with library.catalog.transaction(write=False) as connection:
        return set(connection.scalars(sa.select(parts.c.file)))


def test_the_place_is_on_no_disk_and_says_whose_a_file_is() -> None:
    assert is_kept(URI)
    assert not is_kept("file:///footnote/uploads/@anna/notes/may%201.txt")
    assert path_of(URI) == PLACE / "@anna/notes/may 1.txt"
    assert owner_of(URI) == "anna"


def test_a_file_is_read_as_it_was_kept(contents) -> None:
    assert b"".join(contents.read("new")) == b"one two new"
    assert list(contents.read("other")) == []


def test_the_file_of_a_document_stays_until_another_one_takes_its_place(contents, library) -> None:
    assert contents.file_of(URI) is None
    contents.place("old", URI)
    contents.place("old", URI)  # a second time, after an end in the middle
    contents.drop(["old", "nothing"])
    assert (contents.file_of(URI), files(library)) == ("old", {"old", "new"})
    contents.place("new", URI)
    assert (contents.file_of(URI), files(library)) == ("new", {"new"})
    contents.remove(URI)
    assert (contents.file_of(URI), files(library)) == (None, set())


def test_what_no_document_is_made_from_is_forgotten(contents, library) -> None:
    contents.place("old", URI)
    contents.place("new", f"{URI}2")
    contents.remove_all_but({URI})
    assert files(library) == {"old"}

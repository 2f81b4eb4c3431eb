from __future__ import annotations

import pytest
import sqlalchemy as sa
from fakes import put

from rag.errors import UserError
from rag.people.belongings import Belongings, belongings, remove_belongings
from rag.storage.tables import collected, collections, conversations, turns

MADE = "2026-01-01T00:00:00+00:00"


def give(library, embedder, user: str) -> None:
    folder = library.path / "uploads" / f"@{user}" / "deep"
    folder.mkdir(parents=True)
    file = folder / "notes.txt"
    file.write_text("A plane came.")
    put(library, f"{user}s", "A plane came.", embedder, uri=file.absolute().as_uri())
    rows = {
        collections: {"id": f"c-{user}", "owner": user, "name": "x", "made_at": MADE},
        collected: {"collection_id": f"c-{user}", "document_id": f"{user}s"},
        conversations: {
            "id": f"t-{user}",
            "owner": user,
            "title": "x",
            "scope": {},
            "made_at": MADE,
            "changed_at": MADE,
        },
        turns: {
            "id": f"q-{user}",
            "conversation_id": f"t-{user}",
            "question": "x",
            "state": "x",
            "words": "x",
            "asked_at": MADE,
        },
    }
    with library.catalog.transaction(write=True) as connection:
        for table, row in rows.items():
            connection.execute(table.insert().values(row))


def test_everything_of_one_user_goes_and_nothing_of_others(library, embedder) -> None:
    put(library, "everybodys", "The moon is far.", embedder)
    for user in ("anna", "bob"):
        give(library, embedder, user)
    assert belongings(library, "anna") == Belongings(1, 1, 1)
    assert remove_belongings(library, "anna") == Belongings(1, 1, 1)
    assert belongings(library, "anna") == Belongings(0, 0, 0)
    assert belongings(library, "bob") == Belongings(1, 1, 1)
    assert [document.id for document in library.documents()] == ["bobs", "everybodys"]
    assert [folder.name for folder in (library.path / "uploads").iterdir()] == ["@bob"]
    with library.catalog.transaction(write=False) as connection:
        for table in (collected, turns):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 1
    assert not remove_belongings(library, "anna")


@pytest.mark.parametrize("name", ["..", "", "@bob", "bob/.."])
def test_a_name_that_leads_elsewhere_removes_nothing(library, embedder, name: str) -> None:
    give(library, embedder, "bob")
    with pytest.raises(UserError, match="cannot be the name of a user"):
        remove_belongings(library, name)
    assert belongings(library, "bob") == Belongings(1, 1, 1)


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (Belongings(0, 0, 0), "nothing"),
        (Belongings(1, 0, 0), "1 document"),
        (Belongings(0, 1, 2), "1 collection and 2 conversations"),
        (Belongings(3, 1, 2000), "3 documents, 1 collection and 2,000 conversations"),
    ],
)
def test_how_much_that_is_in_words(theirs: Belongings, words: str) -> None:
    assert str(theirs) == words
    assert bool(theirs) == (words != "nothing")

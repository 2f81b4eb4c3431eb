"""A catalogue does the same on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from fakes import document, passages, put

from rag.catalog import Catalog
from rag.checking import check
from rag.dense.sampling import sample
from rag.errors import ConversationBusy, LibraryIncompatible, LibraryMissing
from rag.library import Library
from rag.maintenance.upkeep import lexical_index_fits, rebuild_lexical_index
from rag.people.api_keys import ApiKeys
from rag.people.belongings import belongings, remove_belongings
from rag.people.collections import Collections
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.people.feedback import Feedback
from rag.people.limits import Limits
from rag.people.sessions import Sessions
from rag.people.titles import Titles
from rag.people.under_way import UnderWay
from rag.people.users import Users
from rag.reindexing import reindex
from rag.types import Text

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.shared)]
LINES = "A zebra ran.\nThe moon rose.\nA river of money froze."


@pytest.fixture(params=ENGINES)
def settings(request, settings):
    """The settings of a library on each engine, which is not there yet."""
    if request.param == "sqlite":
        return settings
    return settings.model_copy(update={"catalog": _secret(request.getfixturevalue("catalog_url"))})


@pytest.fixture
def library(settings):
    with Library.of(settings, create=True) as opened:
        yield opened


@pytest.fixture
def catalog(library) -> Catalog:
    return library.catalog


def _secret(url: str):
    from pydantic import SecretStr

    return SecretStr(url)


def test_there_is_none_before_it_is_made(settings) -> None:
    with pytest.raises(LibraryMissing, match="footnote add"):
        Library.of(settings)


def test_a_newer_one_is_refused(settings) -> None:
    with Library.of(settings, create=True) as made:
        made.catalog.set_meta({"schema_version": "99"})
    with pytest.raises(LibraryIncompatible, match="schema 99"):
        Library.of(settings)


class TestDocuments:
    def test_come_back_as_they_went_in(self, library, embedder) -> None:
        cut = put(library, "notes", LINES, embedder, title="Nötes\0", n_pages=3)
        assert library.text("notes") == LINES
        found = library.catalog.passages([p.id for p in cut])
        assert [(found[p.id].text, found[p.id].start, found[p.id].uri) for p in cut] == [
            (p.text, p.start, "file:///documents/notes.txt") for p in cut
        ]
        [known] = library.documents()
        assert (known.title[:5], known.n_pages, known.n_passages) == ("Nötes", 3, 3)
        assert library.catalog.pages(["notes"]) == {"notes": ()}

    def test_a_zero_in_a_text_moves_nothing(self, library, embedder) -> None:
        cut = put(library, "notes", "A zebra\0 ran.\nThe moon rose.", embedder)
        text, held = library.text("notes"), library.catalog.passages([p.id for p in cut])
        assert all(text[p.start : p.end] == held[p.id].text for p in cut)

    def test_vectors_keep_their_bits_and_their_order(self, library, embedder) -> None:
        cut = put(library, "notes", LINES, embedder)
        ids, vectors = library.catalog.vectors()
        assert ids == [p.id for p in cut] == library.catalog.passage_ids()
        assert np.array_equal(vectors, embedder.embed([f"Notes\n{p.text}" for p in cut]))
        assert len(library.catalog.embedded("notes")) == 3

    def test_a_new_version_replaces_the_old_one(self, library, embedder) -> None:
        kept, gone, _ = put(library, "notes", LINES, embedder)
        before = library.catalog.generation
        put(library, "notes", "A zebra ran.\nThe river froze.", embedder)
        assert library.catalog.search(["moon"], 5) == []
        assert library.catalog.passages([gone.id]) == {}
        assert (len(library), library.catalog.generation) == (2, before + 1)
        assert [i for i, _ in library.catalog.search(["zebra"], 5)] == [kept.id]

    def test_one_that_takes_the_place_of_another_is_one_change(self, library, embedder) -> None:
        catalog = library.catalog
        old = [each.id for each in put(library, "old", "Zebras run.\nThe moon rises.", embedder)]
        held = Collections(catalog).create("Mine", "")
        Collections(catalog).add(held.id, ["old"], "")
        Titles(catalog).give("old", "A title")
        there, contexts = catalog.stored("old")
        new = [replace(each, id=f"new{n}", document_id="new") for n, each in enumerate(there)]
        _, vectors = catalog.vectors(old)
        before = catalog.generation
        text = Text("Zebras run.\nThe moon rises.", "text/plain")
        change = catalog.put(document("new", "", 2), text, new, contexts, vectors, replaces="old")
        assert (set(change.removed), change.added) == (set(old), ("new0", "new1"))
        assert (catalog.generation, [each.id for each in library.documents()]) == (before + 1, ["new"])
        assert Collections(catalog).document_ids(held.id, "") == {"new"}
        assert catalog.given_titles() == {"new": "A title"}
        assert lexical_index_fits(catalog)

    def test_a_failed_version_keeps_the_old_one_answering(self, library, embedder) -> None:
        put(library, "a", "A zebra ran.", embedder)
        library.fail(document("a", "", 0, status="failed", error="a.txt: broken"))
        [found] = library.documents()
        assert (found.status, found.error, found.n_passages) == ("failed", "a.txt: broken", 1)
        assert len(library.catalog.search(["zebra"], 5)) == 1

    def test_a_removed_one_leaves_nothing_and_no_number_comes_again(self, library, embedder) -> None:
        put(library, "a", LINES, embedder)
        last = library.catalog.last_number
        library.remove("a")
        assert (library.documents(), len(library), library.text("a")) == ([], 0, "")
        assert library.catalog.document_frequency(["zebra"]) == {"zebra": 0}
        put(library, "b", "A zebra ran.", embedder)
        assert len(library.catalog.passage_ids(after=last)) == 1 == len(library.catalog.passage_ids())

    def test_are_in_the_order_of_their_titles(self, library, embedder) -> None:
        for name, title in (("a", "beta"), ("b", "Alpha"), ("c", "_x"), ("d", "Zeta")):
            put(library, name, "A zebra ran.", embedder, title=title)
        assert [each.title for each in library.documents()] == ["_x", "Alpha", "beta", "Zeta"]

    def test_vectors_of_another_embedder_are_not_taken(self, library, embedder) -> None:
        put(library, "a", "A zebra ran.", embedder)
        library.catalog.set_meta({"embedder": "another"})
        with pytest.raises(LibraryIncompatible, match="meanwhile"):
            put_plainly(library, embedder)

    def test_a_snapshot_sees_one_generation(self, library, embedder, settings) -> None:
        put(library, "a", "A zebra ran.", embedder)
        with library.catalog.snapshot():
            assert len(library.catalog.search(["zebra"], 5)) == 1
            with ThreadPoolExecutor(1) as other:
                other.submit(library.remove, "a").result()
            assert len(library.catalog.search(["zebra"], 5)) == 1
        assert library.catalog.search(["zebra"], 5) == []

    def test_what_breaks_off_leaves_nothing(self, library, embedder) -> None:
        before = library.catalog.generation
        change = library.catalog.transaction(write=True)
        with pytest.raises(KeyboardInterrupt):
            _break_off(change, "UPDATE meta SET value = '77' WHERE key = 'generation'")
        assert library.catalog.generation == before

    def test_are_sampled(self, library, embedder) -> None:
        put(library, "a", LINES, embedder)
        assert [p.start for p in sample(library.catalog, ["a", "gone"], 10).places] == [0, 13, 28]


def _break_off(change, statement: str) -> None:
    with change as connection:
        connection.exec_driver_sql(statement)
        raise KeyboardInterrupt


def _break_off(change, statement: str) -> None:
    with change as connection:
        connection.exec_driver_sql(statement)
        raise KeyboardInterrupt


def put_plainly(library, embedder) -> None:
    """Store a document without asking first which embedder the library has."""
    cut = passages("b", "The moon rose.")
    vectors = embedder.embed(["The moon rose."])
    library.put(document("b", "", 1), Text("The moon rose.", "text/plain"), cut, [""], vectors)


class TestWords:
    @pytest.mark.parametrize(
        "term",
        ['"', "a OR b", "NEAR(", "*", "^zebra", "-zebra", "ze'bra", "a & !b", "\\", ":A", "'", "x:*"],
    )
    def test_none_is_an_operator(self, library, embedder, term: str) -> None:
        put(library, "a", "A zebra ran.", embedder)
        library.catalog.search([term], 5)
        library.catalog.document_frequency([term])

    def test_meet_by_their_stems(self, library, embedder) -> None:
        put(library, "a", "The flights resumed in Zürich.", embedder)
        assert len(library.catalog.search(["flight"], 5)) == len(library.catalog.search(["zurich"], 5)) == 1
        assert library.catalog.document_frequency(["resume", "zebra"]) == {"resume": 1, "zebra": 0}

    @pytest.mark.parametrize("term", ["1,200.5", "200", "foo_bar", "foo"])
    def test_with_points_are_found_whole_and_in_pieces(self, library, embedder, term) -> None:
        put(library, "a", "It cost 1,200.5 in foo_bar.", embedder)
        assert len(library.catalog.search([term], 5)) == 1

    def test_rare_ones_and_short_passages_count_for_more(self, library, embedder) -> None:
        put(library, "a", "\n".join(f"The moon rose {i}." for i in range(20)), embedder)
        put(library, "b", "A zebra saw the moon.", embedder)
        put(library, "c", f"A zebra saw the river. {'It was cold and wet there. ' * 9}", embedder)
        found = library.catalog.search(["zebra", "moon"], 3)
        assert [library.catalog.passages([i])[i].document_id for i, _ in found] == ["b", "c", "a"]
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)

    def test_of_chosen_documents_only(self, library, embedder) -> None:
        put(library, "a", "A zebra ran.", embedder)
        put(library, "b", "A zebra slept.", embedder)
        [(found, _)] = library.catalog.search(["zebra"], 5, frozenset({"b", "gone"}))
        assert library.catalog.passages([found])[found].document_id == "b"
        assert library.catalog.search(["zebra"], 5, frozenset()) == []
        assert library.catalog.passage_ids_of(["b"]) == {found}

    def test_are_indexed_again(self, library, embedder) -> None:
        put(library, "a", LINES, embedder)
        assert lexical_index_fits(library.catalog)
        rebuild_lexical_index(library.catalog)
        assert lexical_index_fits(library.catalog)
        assert len(library.catalog.search(["zebra"], 5)) == 1

    def test_that_are_extremely_long_do_no_harm(self, library, embedder) -> None:
        put(library, "a", f"{'x' * 5000} zebra {'zebra ' * 700}", embedder)
        assert len(library.catalog.search(["zebra"], 5)) == len(library.catalog.search(["x" * 5000], 5)) == 1


class TestPeople:
    def test_conversations(self, catalog) -> None:
        kept = Conversations(catalog)
        first, _ = kept.ask("c" * 32, "anna", "When did 100% of it end?", Scope())
        kept.finish(first, "failed", error="no model")
        second, before = kept.ask("c" * 32, "anna", "Why?", Scope(documents=("d",)))
        assert ([turn.id for turn in before], second != first) == ([first], True)
        assert [turn.question for turn in kept.turns("c" * 32, "anna")] == [
            "When did 100% of it end?",
            "Why?",
        ]
        assert [each.title for each in kept.latest("anna", "100% END")] == ["When did 100% of it end?"]
        assert kept.latest("anna", "1000") == kept.latest("ben") == []
        Feedback(catalog).rate(first, "anna", "wrong", "so it is")
        assert [turn.note for turn in Feedback(catalog).rated("anna")] == ["so it is"]
        third, _ = kept.ask("c" * 32, "anna", "How?", Scope(), replaces=second)
        assert [turn.id for turn in kept.turns("c" * 32, "anna")] == [first, third]
        kept.remove("c" * 32, "anna")
        assert kept.latest("anna") == []

    def test_of_a_conversation_one_question_is_answered_at_a_time(self, catalog) -> None:
        kept = Conversations(catalog)
        one, other = UnderWay(catalog, "one"), UnderWay(catalog, "other")
        kept.ask("c" * 32, "anna", "When?", Scope(), begin=one.begin)
        with pytest.raises(ConversationBusy):
            kept.ask("c" * 32, "anna", "Why?", Scope(), begin=other.begin)
        assert [turn.question for turn in kept.turns("c" * 32, "anna")] == ["When?"]

    def test_collections(self, library, catalog, embedder) -> None:
        put(library, "a", "A zebra ran.", embedder)
        kept = Collections(catalog)
        made = kept.create("Mine", "anna")
        kept.add(made.id, ["a", "gone", "a"], "anna")
        kept.add(made.id, ["a"], "anna")
        assert kept.of("anna") == [replace(made, n_documents=1)]
        assert kept.holding(["a"], "anna") == {"a": ("Mine",)}
        assert belongings(library, "anna").collections == 1
        remove_belongings(library, "anna")
        assert kept.of("anna") == []

    def test_users_sessions_and_keys(self, catalog) -> None:
        users, sessions, keys = Users(catalog), Sessions(catalog), ApiKeys(catalog)
        users.add("anna", "correct horse battery")
        assert users.verify("anna", "correct horse battery")
        token = sessions.begin("anna")
        secret = keys.add("nightly", "anna")
        assert (sessions.user_of(token), keys.find(secret).user) == ("anna", "anna")
        assert users.remove("anna")
        assert (sessions.user_of(token), keys.find(secret), users.all()) == (None, None, [])

    def test_what_is_counted(self, catalog) -> None:
        limits = Limits(catalog)
        for _ in range(3):
            with limits.changing("k") as counts:
                counts.of["k"].append(counts.now)
        with limits.changing("k") as counts:
            assert len(counts.of["k"]) == 3


def test_the_embedder_is_changed(library, embedder) -> None:
    put(library, "a", LINES, embedder)
    before = library.catalog.vectors()[1].shape

    class Other(type(embedder)):
        fingerprint = "fake:other"

        def embed(self, texts):
            return np.tile(np.float32([0.6, 0.8]), (len(texts), 1))

    assert reindex(library, Other()) == 3
    assert (before[1] > 2, library.catalog.vectors()[1].shape) == (True, (3, 2))
    assert reindex(library, Other()) == 0


def test_a_check_finds_nothing_wrong(library, embedder) -> None:
    put(library, "a", LINES, embedder)
    assert [each.what for each in check(library) if each.area != "sources"] == []


def test_a_purge_leaves_no_word(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    library.remove("a")
    library.purge()
    assert library.catalog.document_frequency(["zebra"]) == {"zebra": 0}

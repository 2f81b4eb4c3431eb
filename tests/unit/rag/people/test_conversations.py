"""Conversations: kept, found, renamed, cut short, deleted, and nobody else's."""

from __future__ import annotations

import pytest
from fakes import TEXT, put

from rag.assistant import Assistant
from rag.errors import ConversationNotFound, StorageError, UsageError
from rag.library import Library
from rag.people.conversation import UNTITLED, Scope
from rag.people.conversations import Conversations
from rag.people.feedback import NOTE_CHARS, VERDICTS, Feedback
from rag.storage.stored import dump_answer, load_answer
from rag.types import Turn

ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def kept(library) -> Conversations:
    library.lock()
    return Conversations(library.catalog)


@pytest.fixture
def answer(library, embedder, scripted, settings):
    put(library, "news", TEXT, embedder)
    scripted.answers = ["The plane came on 26 October. Everyone cheered."]
    return Assistant(library, embedder, scripted, settings).ask("When did the plane come from Libya?")


def test_an_answer_is_kept_as_it_was_given(answer):
    assert answer.sentences
    assert answer.quotes
    assert answer.trace is not None
    assert load_answer(dump_answer(answer)) == answer
    assert load_answer(dump_answer(answer)).trace is None


def test_a_question_begins_a_conversation_and_its_answer_is_kept(kept, answer):
    turn, before = kept.ask(ONE, "anna", " When did\nthe plane come? ", Scope())
    assert before == []
    assert kept.turns(ONE, "anna")[0].state == "asked"
    kept.finish(turn, "answered", answer)
    [conversation] = kept.latest("anna")
    assert (conversation.id, conversation.title, conversation.n_turns) == (ONE, "When did the plane come?", 1)
    [stored] = kept.turns(ONE, "anna")
    assert (stored.id, stored.state, stored.answer) == (turn, "answered", answer)
    assert stored.said == Turn(stored.question, answer.text)


def test_the_next_question_gets_the_turns_before_it(kept, answer):
    first, _ = kept.ask(ONE, "", "One?", Scope())
    kept.finish(first, "answered", answer)
    kept.finish(kept.ask(ONE, "", "Two?", Scope())[0], "failed", error="the model is gone")
    _, before = kept.ask(ONE, "", "Three?", Scope("shelf", ("a", "b")))
    assert [(turn.question, turn.state, turn.said.answer) for turn in before] == [
        ("One?", "answered", answer.text),
        ("Two?", "failed", ""),
    ]
    assert kept.get(ONE, "").scope == Scope("shelf", ("a", "b"))


def test_a_question_asked_again_takes_the_place_of_what_came_after_it(kept):
    turns = [kept.ask(ONE, "", f"{n}?", Scope())[0] for n in range(4)]
    kept.ask(TWO, "", "other", Scope())
    kept.ask(ONE, "", "1 again?", Scope(), replaces=turns[1])
    assert [turn.question for turn in kept.turns(ONE, "")] == ["0?", "1 again?"]
    assert len(kept.turns(TWO, "")) == 1
    with pytest.raises(ConversationNotFound, match="open it again"):
        kept.ask(TWO, "", "x", Scope(), replaces=turns[0])
    assert len(kept.turns(TWO, "")) == 1, "what is refused changes nothing"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("", [TWO, ONE], id="all, the latest first"),
        pytest.param("PLANE", [ONE], id="in an answer, whatever the case"),
        pytest.param("libya cheered", [ONE], id="all the words"),
        pytest.param("libya moon", [], id="not all of them in one"),
        pytest.param("größe", [TWO], id="letters beyond ASCII, in a title"),
        pytest.param("100%", [], id="no pattern"),
        pytest.param("_", [], id="no pattern either"),
    ],
)
def test_conversations_are_found_by_their_words(kept, answer, words: str, found: list[str]):
    kept.finish(kept.ask(ONE, "anna", "When?", Scope())[0], "answered", answer)
    kept.ask(TWO, "anna", "Why?", Scope())
    kept.rename(TWO, "anna", "Die GRÖSSE und Größe")
    kept.ask("3" * 32, "bob", "plane Libya größe", Scope())
    assert [each.id for each in kept.latest("anna", words)] == found


def test_what_is_another_users_is_not_there(kept, library):
    turn, _ = kept.ask(ONE, "anna", "When?", Scope())
    rate = Feedback(library.catalog).rate
    for act in (
        lambda: kept.get(ONE, "bob"),
        lambda: kept.turns(ONE, "bob"),
        lambda: kept.rename(ONE, "bob", "x"),
        lambda: kept.remove(ONE, "bob"),
        lambda: kept.ask(ONE, "bob", "x", Scope()),
        lambda: rate(turn, "bob", "right"),
        lambda: kept.get(TWO, "bob"),
    ):
        with pytest.raises(ConversationNotFound):
            act()
    assert kept.latest("bob") == []
    assert [turn.question for turn in kept.turns(ONE, "anna")] == ["When?"]


def test_a_deleted_conversation_is_gone_with_its_turns(kept, library, answer):
    turn, _ = kept.ask(ONE, "", "When?", Scope())
    Feedback(library.catalog).rate(turn, "", "right")
    kept.remove(ONE, "")
    kept.finish(turn, "answered", answer)
    assert (kept.latest(""), Feedback(library.catalog).rated("")) == ([], [])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_is_kept_changed_and_taken_back(kept, library, answer, verdict: str):
    feedback = Feedback(library.catalog)
    turn, _ = kept.ask(ONE, "", "When?", Scope())
    kept.finish(turn, "answered", answer)
    feedback.rate(turn, "", "wrong", "first")
    feedback.rate(turn, "", verdict, f" {'x' * (NOTE_CHARS + 5)}")
    [rated] = feedback.rated("")
    assert (rated.verdict, rated.note, rated.answer) == (verdict, "x" * NOTE_CHARS, answer)
    assert kept.turns(ONE, "")[0].verdict == verdict
    feedback.rate(turn, "", "")
    assert kept.turns(ONE, "")[0].verdict is None


def test_an_unknown_verdict_and_an_empty_title_are_refused(kept, library):
    turn, _ = kept.ask(ONE, "", "When?", Scope())
    with pytest.raises(UsageError, match="'fine' is no verdict"):
        Feedback(library.catalog).rate(turn, "", "fine")
    with pytest.raises(UsageError, match="needs a title"):
        kept.rename(ONE, "", "  \n")


def test_they_are_there_after_the_library_was_closed(kept, library, answer):
    kept.finish(kept.ask(ONE, "", "When?", Scope())[0], "answered", answer)
    library.close()
    with Library.open(library.path) as again:
        assert Conversations(again.catalog).turns(ONE, "")[0].answer == answer


def test_a_library_that_may_only_be_read_keeps_none(kept, library, monkeypatch):
    monkeypatch.setattr("rag.storage.sqlite_store.may_write", lambda _: False)
    library.close()
    with Library.open(library.path) as again, pytest.raises(StorageError, match="no permission"):
        Conversations(again.catalog).ask(ONE, "", "When?", Scope())


def test_a_purge_forgets_the_answers_that_rest_on_what_was_removed(kept, library, embedder, answer):
    put(library, "moon", "The moon rose over Arden.", embedder)
    kept.finish(kept.ask(ONE, "", "When did the plane come?", Scope())[0], "answered", answer)
    library.remove("news")
    library.purge()
    [turn] = kept.turns(ONE, "")
    assert (turn.state, turn.answer) == ("failed", None)
    assert "removed for good" in turn.error
    assert [each.id for each in kept.latest("", "libya")] == []
    assert [each.id for each in kept.latest("", "plane")] == [ONE]
    library.close()
    assert not [file for file in library.path.rglob("*") if file.is_file() and b"Libya" in file.read_bytes()]


def test_a_purge_leaves_answers_whose_documents_are_there(kept, library, answer):
    kept.finish(kept.ask(ONE, "", "When?", Scope())[0], "answered", answer)
    library.purge()
    assert kept.turns(ONE, "")[0].answer == answer


def test_a_repair_saves_conversations_collections_and_titles(kept, library, embedder, answer):
    from rag.catalog import FILE
    from rag.checking.salvage import salvage
    from rag.people.collections import Collections
    from rag.people.titles import Titles

    put(library, "moon", "The moon rose over Arden.", embedder)
    kept.finish(kept.ask(ONE, "anna", "When?", Scope())[0], "answered", answer)
    shelf = Collections(library.catalog).create("Shelf", "anna")
    Collections(library.catalog).add(shelf.id, ["news", "moon"], "anna")
    Titles(library.catalog).give("news", "Another title")
    library.close()
    data = (library.path / FILE).read_bytes()
    assert data.count(b"The moon rose over Arden.") > 1
    (library.path / FILE).write_bytes(data.replace(b"rose over Arden", b"rose ofer Arden"))
    salvage(library.path)
    with Library.open(library.path) as again:
        assert Conversations(again.catalog).turns(ONE, "anna")[0].answer == answer
        titles = {each.id: each.title for each in again.documents()}
        assert titles.get("news") == "Another title"
        assert Collections(again.catalog).document_ids(shelf.id, "anna") == set(titles)


def test_one_that_was_begun_without_a_question_gets_its_title_from_the_first(kept):
    made = kept.create(ONE, "anna", Scope("shelf"))
    assert (made.title, made.scope, made.n_turns) == (UNTITLED, Scope("shelf"), 0)
    kept.ask(ONE, "anna", "When did it come?", made.scope)
    kept.ask(ONE, "anna", "And then?", made.scope)
    assert kept.get(ONE, "anna").title == "When did it come?"
    kept.create(TWO, "anna", Scope(), " Of\nplanes ")
    kept.ask(TWO, "anna", "When?", Scope())
    assert kept.get(TWO, "anna").title == "Of planes"
    with pytest.raises(ConversationNotFound):
        kept.get(TWO, "bob")

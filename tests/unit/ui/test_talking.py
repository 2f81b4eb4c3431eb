"""A conversation without a terminal: lines in, answers out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, ScriptedModel, put
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.errors import CollectionNotFound
from rag.people.collections import Collections
from rag.types import AnswerFinished, Event, EvidenceFound, Turn
from ui.engine import Engine
from ui.screens import PlainScreen
from ui.talking import COMMANDS, Talk, surroundings

SAID = "A plane came from Libya on 26 October."


class Typist:
    """Reads lines from a list; an exception in it is raised. Keeps what it was prompted with."""

    def __init__(self, *lines: str | type[BaseException]) -> None:
        self.lines = list(lines)
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.prompts.append(prompt)
        if not self.lines:
            raise EOFError
        line = self.lines.pop(0)
        if isinstance(line, str):
            return line
        raise line


class Talking:
    """A conversation over a library with two documents and a collection "My travels" of one of them."""

    def __init__(self, library, embedder: AngleEmbedder, settings, model: ScriptedModel) -> None:
        put(library, "news", TEXT, embedder)
        put(library, "rivers", "The river rose in May.", embedder, title="Rivers of the world")
        kept = Collections(library.catalog)
        kept.add(kept.create("My travels", "").id, ["rivers"], "")
        kept.create("Empty", "")
        chosen = settings.model_copy(update={"llm": "openai:some"})
        self._assistant = Assistant(library, embedder, model, chosen)
        self.model = model
        self.library = library
        self.out = io.StringIO()
        self.asked: list[tuple[str, Sequence[Turn], frozenset[str] | None]] = []
        self.engine = Engine(library, self.events)

    def events(self, question, history, within) -> Iterator[Event]:
        self.asked.append((question, history, within))
        self.model.answers = [SAID, SAID]  # a follow-up is rewritten first
        yield from self._assistant.stream(question, history=history, within=within)

    def talk(self, **options) -> Talk:
        return Talk(self.engine, PlainScreen(self.out), **options)

    def said(self, *lines: str | type[BaseException], **options) -> str:
        """Return what is said to these lines, without the greeting."""
        self.talk(**options).go_on(Typist(*lines))
        return self.out.getvalue().partition("\n")[2]


@pytest.fixture
def talking(library, embedder, settings, monkeypatch) -> Talking:
    monkeypatch.setattr("rag.answering.written_confidence", lambda seen: 0.9)
    return Talking(library, embedder, settings, ScriptedModel())


def test_it_greets_and_prompts_until_the_end(talking) -> None:
    typist = Typist("", "   ")
    talking.talk().go_on(typist)
    greeting = "Ask about 4 passages in 2 documents; /help shows the commands, /quit leaves.\n"
    assert talking.out.getvalue() == greeting
    assert typist.prompts == ["> "] * 3
    assert talking.asked == []


def test_a_follow_up_knows_what_was_said(talking) -> None:
    shown = talking.said(QUESTION, "And when did it leave?")
    assert shown.count("Sources") == 2
    assert [asked[1] for asked in talking.asked] == [(), (Turn(QUESTION, SAID),)]


def test_a_first_question_is_answered_at_once(talking) -> None:
    talking.talk().go_on(Typist(), QUESTION)
    assert talking.asked == [(QUESTION, (), None)]


def test_a_refusal_said_nothing(talking) -> None:
    talking.said("What does mercury boil at?", "And lead?")
    assert talking.asked[1][1] == (Turn("What does mercury boil at?", ""),)


def test_a_new_conversation_has_no_history_and_no_sources(talking) -> None:
    shown = talking.said(QUESTION, "/new", "/sources", QUESTION)
    assert "nothing has been answered yet" in shown
    assert talking.asked[1][1] == ()


def test_sources_are_shown_again(talking) -> None:
    shown = talking.said(QUESTION, "/sources")
    assert shown.count(f"[1] News: “{SAID}”") == 2


@pytest.mark.parametrize("line", ["/quit", "/exit", " /quit ", EOFError])
def test_ways_to_leave(talking, line) -> None:
    assert talking.said(line, QUESTION) == ""
    assert talking.asked == []


def test_help_names_every_command(talking) -> None:
    shown = talking.said("/help")
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("/opne 1", "no command '/opne'", id="unknown-command"),
        pytest.param("/open", "name a source of the last answer by its number, 1 to 1", id="no-number"),
        pytest.param("/open two", "1 to 1", id="no-digits"),
        pytest.param("/open ²", "1 to 1", id="other-digits"),
        pytest.param("/open 0", "1 to 1", id="zero"),
        pytest.param("/open 2", "1 to 1", id="too-high"),
        pytest.param("/scope zebra", "no document 'zebra'", id="no-such-scope"),
        pytest.param("/scope Empty", "no document is in the collection 'Empty'", id="empty-collection"),
        pytest.param('/scope "zebra', "no document '\"zebra'", id="half-a-quotation"),
        pytest.param("x" * 5000, "the question has 5,000 characters", id="long-question"),
    ],
)
def test_what_goes_wrong_is_told_and_ends_nothing(talking, line: str, message: str) -> None:
    shown = talking.said(QUESTION, line, QUESTION)
    assert message in shown
    assert [question for question, *_ in talking.asked if question == QUESTION] == [QUESTION] * 2


def test_a_question_may_begin_with_a_slash(talking) -> None:
    talking.said("/etc/plane: who came from Libya?")
    assert len(talking.asked) == 1


class TestOffered:
    """What Tab makes of the beginning of a line."""

    @pytest.mark.parametrize(
        ("line", "offered"),
        [
            pytest.param("/", ["/new", "/sources", "/open", "/scope", "/help", "/quit"], id="commands"),
            pytest.param("/S", ["/sources", "/scope"], id="in-whatever-case"),
            pytest.param("/open ", ["/open 1"], id="sources"),
            pytest.param("/open 2", [], id="no-such-source"),
            pytest.param(
                "/scope ",
                [f"/scope {name}" for name in ("all", "Empty", "My travels", "news.txt", "rivers.txt")],
                id="scopes",
            ),
            pytest.param("/scope m", ["/scope My travels"], id="a-collection"),
            pytest.param("/scope n", ["/scope news.txt"], id="a-document"),
            pytest.param("When did", [], id="a-question"),
        ],
    )
    def test_a_line(self, talking, line: str, offered: list[str]) -> None:
        talk = talking.talk()
        talk.ask(QUESTION)
        assert talk.offered(line) == offered

    def test_there_are_no_sources_before_the_first_answer(self, talking) -> None:
        assert talking.talk().offered("/open ") == []

    def test_every_name_that_is_offered_is_one(self, talking) -> None:
        lines = [line for line in talking.talk().offered("/scope ") if line != "/scope Empty"]
        for line in lines:
            assert talking.said(line).splitlines()[-1].startswith("Questions search ")


class TestOpen:
    def test_a_quote_with_what_stands_around_it(self, talking) -> None:
        shown = talking.said(QUESTION, "/open 1").partition("The quote:")[2]
        assert shown.startswith(f"\n{SAID}\nWhere it stands:\n{TEXT}\n")

    def test_a_document_that_has_changed(self, talking, embedder) -> None:
        def change(prompt: str) -> str:
            put(talking.library, "news", f"An oil ship. {SAID}", embedder)
            return "/open 1"

        steps = iter([lambda prompt: QUESTION, change])
        talking.talk().go_on(lambda prompt: next(steps, Typist())(prompt))
        shown = talking.out.getvalue()
        assert "The document has changed since the answer: these are its words" in shown
        assert f"An oil ship. {SAID}" in shown

    def test_words_that_are_gone(self, talking, embedder) -> None:
        def change(prompt: str) -> str:
            put(talking.library, "news", "An oil ship.", embedder)
            return "/open 1"

        steps = iter([lambda prompt: QUESTION, change])
        talking.talk().go_on(lambda prompt: next(steps, Typist())(prompt))
        assert "do not stand in it any more" in talking.out.getvalue()

    def test_a_document_that_is_gone(self, talking) -> None:
        def remove(prompt: str) -> str:
            talking.library.remove("news")
            return "/open 1"

        steps = iter([lambda prompt: QUESTION, remove])
        talking.talk().go_on(lambda prompt: next(steps, Typist())(prompt))
        assert "'News' is not in the library any more" in talking.out.getvalue()

    def test_a_refusal_has_none(self, talking) -> None:
        assert "the last answer has no sources" in talking.said("What does mercury boil at?", "/open 1")


class TestScope:
    @pytest.mark.parametrize(
        ("name", "within", "words"),
        [
            pytest.param("news", {"news"}, "News", id="a-document"),
            pytest.param("Rivers of the world", {"rivers"}, "Rivers of the world", id="a-title-of-words"),
            pytest.param("my travels", {"rivers"}, "1 document (my travels)", id="a-collection"),
            pytest.param('news "My travels"', {"news", "rivers"}, "2 documents (My travels)", id="several"),
        ],
    )
    def test_what_is_searched(self, talking, name: str, within: set[str], words: str) -> None:
        shown = talking.said(f"/scope {name}", QUESTION, "/scope all", QUESTION)
        assert f"Questions search {words}." in shown
        assert [asked[2] for asked in talking.asked] == [within, None]

    def test_it_is_told(self, talking) -> None:
        assert talking.said("/scope") == "Questions search 4 passages in 2 documents.\n"

    def test_it_is_given_at_the_start(self, talking) -> None:
        talking.said(QUESTION, collections=["My travels"], documents=["news"])
        assert talking.asked[0][2] == {"rivers", "news"}
        with pytest.raises(CollectionNotFound):
            talking.talk(collections=["none"])

    def test_one_that_cannot_be_leaves_the_old_one(self, talking) -> None:
        talking.said("/scope news", "/scope zebra", QUESTION)
        assert talking.asked[0][2] == {"news"}


class TestCtrlC:
    def test_at_the_prompt_it_says_how_to_leave(self, talking) -> None:
        shown = talking.said(KeyboardInterrupt, QUESTION)
        assert shown.startswith("Ctrl-D or /quit leaves.")
        assert len(talking.asked) == 1

    def test_it_stops_the_answer_which_then_said_nothing(self, talking) -> None:
        closed = []

        def stopped(question, history, within) -> Iterator[Event]:
            if talking.asked:
                yield from talking.events(question, history, within)
                return
            talking.asked.append((question, history, within))
            try:
                yield EvidenceFound((), (), question)
                raise KeyboardInterrupt
            finally:
                closed.append(question)

        talking.engine = replace(talking.engine, ask=stopped)
        shown = talking.said("Stop this.", QUESTION)
        assert "Stopped." in shown
        assert closed == ["Stop this."]
        assert talking.asked[1] == (QUESTION, (), None)

    def test_what_is_stopped_while_it_is_shown_is_closed(self, talking) -> None:
        closed = []

        def events(question, history, within) -> Iterator[Event]:
            try:
                yield EvidenceFound((), (), question)
            finally:
                closed.append(question)

        class Stopped(PlainScreen):
            def answer(self, events, searching):
                next(events)
                raise KeyboardInterrupt

        talk = Talk(replace(talking.engine, ask=events), Stopped(talking.out))
        talk.go_on(Typist(QUESTION))
        assert closed == [QUESTION]


def test_each_answer_is_explained_where_that_was_asked_for(talking) -> None:
    assert talking.said(QUESTION, QUESTION, explain=True).count("What was searched") == 2


def test_answers_are_those_of_the_engine(talking) -> None:
    shown = talking.talk().ask(QUESTION)
    finished = [e.answer for e in talking.events(QUESTION, (), None) if isinstance(e, AnswerFinished)]
    assert replace(shown, timings={}) == replace(finished[0], timings={})


@given(st.text("ab \n", max_size=1500), st.integers(0, 1500), st.integers(0, 300))
def test_surroundings_are_cut_out_of_the_text(text: str, at: int, length: int) -> None:
    start = min(at, len(text))
    end = min(start + length, len(text))
    before, quoted, after = surroundings(text, start, end)
    assert quoted == text[start:end]
    assert text[:start].endswith(before.removeprefix("… "))
    assert text[end:].startswith(after.removesuffix(" …"))
    assert len(before) <= 402
    assert len(after) <= 402
    if start <= 400:
        assert before == text[:start]

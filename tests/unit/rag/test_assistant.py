import pytest
from fakes import QUESTION, TEXT, ScriptedModel, put, says
from langchain_core.callbacks import BaseCallbackHandler

from rag.answering import REFUSAL, UNSUPPORTED
from rag.assistant import Assistant
from rag.errors import LibraryIncompatible, LibraryMissing, ModelUnavailable, QuestionError
from rag.question import MAX_QUESTION_CHARS
from rag.types import Answer, AnswerFinished, EvidenceFound, SentenceChecked, TextWritten, Turn


def test_evidence_comes_first_and_the_answer_last(assistant) -> None:
    events = list(says(assistant, "The plane came on 26 October. The embassy reopened.").stream(QUESTION))
    assert isinstance(events[0], EvidenceFound)
    assert isinstance(events[-1], AnswerFinished)
    assert {type(event) for event in events[1:-1]} == {TextWritten, SentenceChecked}
    assert events[0].quotes[0].quote == "A plane came from Libya on 26 October."


def test_the_answer_holds_what_the_stream_showed(assistant) -> None:
    events = list(says(assistant, "The plane came on 26 October.").stream(QUESTION))
    answer = events[-1].answer
    assert answer.text == "The plane came on 26 October."
    assert answer.sentences == tuple(e.sentence for e in events if isinstance(e, SentenceChecked))
    assert (answer.quotes, answer.passages) == (events[0].quotes, events[0].passages)
    assert answer.model == "scripted"
    assert not answer.refused
    assert 0 <= answer.timings["retrieve_s"] <= answer.timings["first_token_s"] <= answer.timings["total_s"]


def test_every_quote_is_exact(assistant, library) -> None:
    answer = says(assistant, "The plane came on 26 October. The embassy reopened.").ask(QUESTION)
    for citation in answer.sources:
        assert library.text(citation.document_id)[citation.start : citation.end] == citation.quote


def test_weak_evidence_is_refused_without_asking_the_model(assistant) -> None:
    answer = says(assistant).ask("Which moons does Kurabar have?")
    assert (answer.refused, answer.text, answer.quotes, answer.sentences) == (True, REFUSAL, (), ())
    assert answer.passages
    assert answer.timings["first_token_s"] is None


@pytest.mark.parametrize("said", ["The plane came on 3 March.", "The sources do not mention the plane."])
def test_an_answer_that_nothing_supports_is_refused(assistant, said: str) -> None:
    answer = says(assistant, said).ask(QUESTION)
    assert (answer.refused, answer.text, answer.sentences) == (True, UNSUPPORTED, ())


def test_without_a_model_the_quotes_are_the_answer(library, embedder, settings) -> None:
    put(library, "news", TEXT, embedder)
    answer = Assistant(library, embedder, None, settings).ask(QUESTION)
    assert answer.model == "none"
    assert answer.text.startswith("A plane came from Libya on 26 October.")
    assert [s.citations for s in answer.sentences] == [(quote,) for quote in answer.quotes]


def test_json_has_exactly_the_promised_names(assistant) -> None:
    shown = says(assistant, "The plane came on 26 October.").ask(QUESTION).to_dict()
    assert set(shown) == {
        "question", "standalone_question", "answer", "refused", "confidence", "model", "quotes", "sentences",
        "conflicts", "passages", "timings",
    }  # fmt: skip
    citation = {"passage_id", "document_id", "uri", "title", "page", "start", "end", "quote"}
    assert set(shown["quotes"][0]) == citation
    assert set(shown["sentences"][0]) == {"text", "support", "citations", "score", "missing"}
    assert set(shown["sentences"][0]["citations"][0]) == citation
    assert set(shown["passages"][0]) == {
        "id", "document_id", "uri", "title", "page", "start", "end", "text", "score",
    }  # fmt: skip
    assert set(shown["timings"]) == {"retrieve_s", "first_token_s", "total_s"}


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_is_refused(assistant, question: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        assistant.ask(question)


def test_a_question_that_is_too_long_is_refused(assistant) -> None:
    with pytest.raises(QuestionError, match="10,000 characters and may have 4,000"):
        assistant.ask("x" * 10_000)
    assert MAX_QUESTION_CHARS == 4_000


def test_an_empty_library_says_what_to_do(library, embedder, settings) -> None:
    with pytest.raises(LibraryMissing, match="footnote add"):
        Assistant(library, embedder, None, settings).ask(QUESTION)


def test_another_embedder_is_refused(library, embedder, settings) -> None:
    put(library, "news", TEXT, embedder)
    other = type(embedder)()
    other.fingerprint = "other:model"
    with pytest.raises(LibraryIncompatible, match="fake:angles"):
        Assistant(library, other, None, settings)


def test_a_model_that_does_not_answer_is_told_after_the_quotes(assistant) -> None:
    assistant._chat_model.error = ModelUnavailable("the model is gone")
    events = assistant.stream(QUESTION)
    assert next(events).quotes
    with pytest.raises(ModelUnavailable, match="gone"):
        list(events)


@pytest.mark.parametrize(("limit", "index"), [(0, "ChromaIndex"), (20_000, "ExactIndex")])
def test_only_a_large_library_is_opened_with_chroma(
    library, embedder, settings, monkeypatch, limit: int, index: str
) -> None:
    put(library, "news", TEXT, embedder)
    library.close()
    monkeypatch.setattr("rag.assistant_parts.EXACT_LIMIT", limit)
    monkeypatch.setattr("rag.assistant_parts.make_embedder", lambda *_: embedder)
    with Assistant.open(library.path, settings=settings) as assistant:
        assert type(assistant.library._index.current).__name__ == index
        assert assistant.ask(QUESTION).quotes[0].quote == "A plane came from Libya on 26 October."


BEFORE = (Turn("Did a zebra come from Libya?", "Yes, in May."),)
FOLLOW_UP = "When did it see the moon?"
SEEN = "The zebra saw the moon on 26 October."
REWRITE = "When did the zebra see the moon?"


class Asked(BaseCallbackHandler):
    """Keeps the last message of each call of the model."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
        self.seen.append(messages[0][-1].text)


def asks(assistant: Assistant, question: str, history=()) -> tuple[Answer, list[str]]:
    watch = Asked()
    events = list(assistant.stream(question, history=history, config={"callbacks": [watch]}))
    return events[-1].answer, watch.seen


class TestHistory:
    @pytest.fixture
    def local(self, library, embedder, settings) -> Assistant:
        return self._assistant(library, embedder, settings, "local")

    @pytest.fixture
    def served(self, library, embedder, settings) -> Assistant:
        return self._assistant(library, embedder, settings, "openai:some")

    def _assistant(self, library, embedder, settings, llm: str) -> Assistant:
        for n in range(4):
            put(library, f"d{n}", f"The moon rose on 1{n} places far away.", embedder)
        put(library, "news", f"{SEEN}\nOil is cheap.", embedder)
        return Assistant(library, embedder, ScriptedModel(), settings.model_copy(update={"llm": llm}))

    def test_is_searched_beside_the_question(self, local) -> None:
        alone = says(local, "The moon rose.", "Yes").ask(FOLLOW_UP)
        both = says(local, SEEN, "Yes").ask(FOLLOW_UP, history=BEFORE)
        assert alone.passages[0].text.startswith("The moon rose")
        assert both.passages[0].text == SEEN
        assert (both.text, both.refused) == (SEEN, False)
        assert (both.question, both.standalone_question) == (FOLLOW_UP, FOLLOW_UP)

    def test_is_told_to_a_model_that_needs_it(self, local) -> None:
        _, [prompt, *_] = asks(says(local, SEEN, "Yes"), FOLLOW_UP, BEFORE)
        assert f"Earlier question: {BEFORE[0].question}\nQuestion: {FOLLOW_UP}\n" in prompt

    def test_is_not_told_with_a_question_that_stands_alone(self, local) -> None:
        question = "On which day of October did a zebra see the moon?"
        answer, [prompt, *_] = asks(says(local, SEEN, "Yes"), question, BEFORE)
        assert "Earlier question" not in prompt
        assert not answer.refused

    def test_of_nothing_changes_nothing(self, served) -> None:
        says(served, SEEN, SEEN)
        one, other = served.ask(REWRITE), served.ask(REWRITE, history=())
        assert (one.passages, one.quotes, one.text) == (other.passages, other.quotes, other.text)
        assert served._chat_model.answers == []

    def test_a_fast_model_rewrites_the_question_first(self, served) -> None:
        says(served, REWRITE, SEEN)
        answer, [prompt] = asks(served, FOLLOW_UP, BEFORE)
        assert (answer.question, answer.standalone_question) == (FOLLOW_UP, REWRITE)
        assert f"\n\nQuestion: {REWRITE}\nAnswer:" in prompt
        assert answer.text == SEEN

    def test_evidence_comes_with_the_rewritten_question(self, served) -> None:
        says(served, REWRITE, SEEN)
        first = next(served.stream(FOLLOW_UP, history=BEFORE))
        assert first.standalone_question == REWRITE
        assert first.passages[0].text == SEEN

    def test_a_model_that_fails_is_told_after_the_quotes(self, served) -> None:
        served._chat_model.error = ModelUnavailable("the model is gone")
        events = served.stream(FOLLOW_UP, history=BEFORE)
        first = next(events)
        assert (first.standalone_question, bool(first.quotes)) == (FOLLOW_UP, True)
        with pytest.raises(ModelUnavailable, match="gone"):
            list(events)


class TestStandalone:
    @pytest.fixture
    def served(self, assistant) -> Assistant:
        assistant.settings = assistant.settings.model_copy(update={"llm": "openai:some"})
        return assistant

    def test_is_the_rewrite_of_a_served_model(self, served) -> None:
        assert says(served, f"Rewritten question: {REWRITE}\n").standalone(FOLLOW_UP, BEFORE) == REWRITE

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param("", id="nothing"),
            pytest.param("I cannot help.", id="no question"),
            pytest.param("When did Barack Obama see the moon?", id="a name from nowhere"),
            pytest.param("word " * 400 + "?", id="no end"),
        ],
    )
    def test_is_the_question_where_the_rewrite_will_not_do(self, served, said: str) -> None:
        assert says(served, said).standalone(FOLLOW_UP, BEFORE) == FOLLOW_UP

    @pytest.mark.parametrize("error", [ModelUnavailable("gone"), RuntimeError("of a provider"), OSError(5)])
    def test_is_the_question_where_the_model_fails(self, served, error: Exception) -> None:
        served._chat_model.error = error
        assert served.standalone(FOLLOW_UP, BEFORE) == FOLLOW_UP

    @pytest.mark.parametrize(
        ("question", "history"),
        [
            pytest.param(FOLLOW_UP, (), id="no history"),
            pytest.param("On which day of October did a zebra see the moon?", BEFORE, id="stands alone"),
            pytest.param("Thanks!", BEFORE, id="asks nothing"),
        ],
    )
    def test_no_model_is_asked_without_need(self, served, question: str, history) -> None:
        assert says(served, REWRITE).standalone(question, history) == question
        assert served._chat_model.answers == [REWRITE]

    @pytest.mark.parametrize("llm", ["local", "local-small"])
    def test_a_slow_model_is_not_asked(self, assistant, llm: str) -> None:
        assistant.settings = assistant.settings.model_copy(update={"llm": llm})
        assert says(assistant, REWRITE).standalone(FOLLOW_UP, BEFORE) == FOLLOW_UP
        assert assistant._chat_model.answers == [REWRITE]

    def test_without_a_model_is_the_question(self, library, embedder, settings) -> None:
        assert Assistant(library, embedder, None, settings).standalone(FOLLOW_UP, BEFORE) == FOLLOW_UP


class TestSearch:
    def test_finds_the_best_passages_and_asks_no_model(self, assistant) -> None:
        found = assistant.search(f" {QUESTION} ", 2)
        assert [passage.text for passage in found][0] == "A plane came from Libya on 26 October."
        assert len(found) == 2
        assert says(assistant).chat_model.calls == []

    def test_is_kept_to_the_documents_that_are_named(self, assistant, library, embedder) -> None:
        put(library, "zoo", "The zebra came by plane.", embedder)
        assert {passage.document_id for passage in assistant.search(QUESTION, within=["zoo"])} == {"zoo"}
        assert assistant.search(QUESTION, within=[]) == ()

    def test_of_nothing_is_refused(self, assistant) -> None:
        with pytest.raises(QuestionError, match="the question is empty"):
            assistant.search(" ")

    def test_of_an_empty_library_says_what_to_do(self, library, embedder, settings) -> None:
        with pytest.raises(LibraryMissing, match="footnote add"):
            Assistant(library, embedder, None, settings).search("Why?")


def test_closing_stops_the_model(assistant) -> None:
    with assistant:
        pass
    assert assistant._chat_model.closed


def test_a_search_finds_passages_and_asks_no_model(assistant):
    found = assistant.search("When did the plane come?", 2)
    assert found[0].text == "A plane came from Libya on 26 October."
    assert len(found) == 2
    assert assistant.search("plane", within=["nowhere"]) == ()
    assert assistant.chat_model.calls == []
    with pytest.raises(QuestionError, match="the question is empty"):
        assistant.search(" ")

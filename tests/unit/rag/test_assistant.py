import pytest
from fakes import ScriptedModel, put

from rag.assistant import MAX_QUESTION_CHARS, REFUSAL, UNSUPPORTED, Assistant
from rag.errors import LibraryIncompatible, LibraryMissing, ModelUnavailable, QuestionError
from rag.types import AnswerFinished, EvidenceFound, SentenceChecked, TextWritten

TEXT = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
QUESTION = "When did the plane come from Libya?"


@pytest.fixture
def assistant(library, embedder, settings):
    put(library, "news", TEXT, embedder)
    return Assistant(library, embedder, ScriptedModel(), settings)


def says(assistant: Assistant, *answers: str) -> Assistant:
    assistant._chat_model.answers = list(answers)
    return assistant


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
        "passages", "timings",
    }  # fmt: skip
    citation = {"passage_id", "document_id", "uri", "title", "page", "start", "end", "quote"}
    assert set(shown["quotes"][0]) == citation
    assert set(shown["sentences"][0]) == {"text", "support", "citations"}
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
    monkeypatch.setattr("rag.assistant.EXACT_LIMIT", limit)
    monkeypatch.setattr("rag.assistant.make_embedder", lambda *_: embedder)
    with Assistant.open(library.path, settings=settings) as assistant:
        assert type(assistant.library._index.current).__name__ == index
        assert assistant.ask(QUESTION).quotes[0].quote == "A plane came from Libya on 26 October."


def test_closing_stops_the_model(assistant) -> None:
    with assistant:
        pass
    assert assistant._chat_model.closed


class TestLangChain:
    def test_the_retriever_says_where_each_document_stands(self, assistant, library) -> None:
        documents = assistant.as_retriever(k=2).invoke(QUESTION)
        assert len(documents) == 2
        for each in documents:
            where = each.metadata
            assert library.text(where["document_id"])[where["start"] : where["end"]] == each.page_content
            assert {"uri", "page", "start", "end", "title"} <= set(where)

    def test_the_runnable_gives_the_answer(self, assistant) -> None:
        chain = says(assistant, "The plane came on 26 October.").as_runnable()
        assert chain.invoke(QUESTION).text == "The plane came on 26 October."

    def test_it_composes_with_others(self, assistant) -> None:
        chain = says(assistant, "The plane came on 26 October.").as_runnable() | (lambda answer: answer.text)
        assert chain.invoke({"question": QUESTION}) == "The plane came on 26 October."

    def test_its_stream_grows_from_quotes_to_the_whole(self, assistant) -> None:
        answers = list(says(assistant, "The plane came on 26 October.").as_runnable().stream(QUESTION))
        assert (answers[0].text, bool(answers[0].quotes)) == ("", True)
        assert answers[-1].sentences[0].support == "supported"
        texts = [answer.text for answer in answers]
        assert all(b.startswith(a) for a, b in zip(texts, texts[1:], strict=False))

    def test_callbacks_see_the_model(self, assistant) -> None:
        from langchain_core.callbacks import BaseCallbackHandler

        class Watch(BaseCallbackHandler):
            seen: list[str] = []

            def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
                self.seen.append(messages[0][-1].text)

        says(assistant, "The plane came.").as_runnable().invoke(QUESTION, {"callbacks": [Watch()]})
        assert "Question: " + QUESTION in Watch.seen[0]

    async def _answers(self, chain):
        return [answer async for answer in chain.astream(QUESTION)], await chain.ainvoke(QUESTION)

    def test_it_works_without_blocking_too(self, assistant) -> None:
        import asyncio

        chain = says(
            assistant, "The plane came on 26 October.", "The plane came on 26 October."
        ).as_runnable()
        streamed, answer = asyncio.run(self._answers(chain))
        assert streamed[-1].text == answer.text == "The plane came on 26 October."

"""Models that a program brings along: chat models and embeddings of LangChain's."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, put
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from ingest import add
from rag import Assistant, EmbeddingsAdapter
from rag.errors import LibraryIncompatible, ModelError, ModelUnavailable, SettingsError, UsageError
from rag.given import AT_ONCE, GivenChat
from rag.library import Library

ANSWER = "The plane came on 26 October."


class Angles(Embeddings):
    """Embeddings of LangChain's over topics; they keep what they are asked for."""

    model = "angles-v1"

    def __init__(self) -> None:
        self.angles = AngleEmbedder()
        self.documents: list[list[str]] = []
        self.queries: list[str] = []
        self.error: Exception | None = None

    def embed_documents(self, texts):
        if self.error is not None:
            raise self.error
        self.documents.append(list(texts))
        return (3 * self.angles.embed(texts)).tolist()

    def embed_query(self, text):
        if self.error is not None:
            raise self.error
        self.queries.append(text)
        return (3 * self.angles.embed([text])[0]).tolist()


class Speaking(GenericFakeChatModel):
    """A chat model with a name."""

    model: str = "speaker-2"


def speaking(*said: str) -> Speaking:
    return Speaking(messages=iter([AIMessage(each) for each in said]))


# -- embeddings --------------------------------------------------------------------------------------------


def test_embeddings_are_named_by_class_model_and_size() -> None:
    assert EmbeddingsAdapter(Angles()).fingerprint == "langchain:Angles:angles-v1:12"
    assert EmbeddingsAdapter(Angles(), name="mine").fingerprint == "langchain:mine:12"


def test_embeddings_that_nothing_names_have_to_be_named() -> None:
    nameless = DeterministicFakeEmbedding(size=8)
    with pytest.raises(SettingsError, match=r"EmbeddingsAdapter\(embeddings, name="):
        EmbeddingsAdapter(nameless)
    assert EmbeddingsAdapter(nameless, name="fake").fingerprint == "langchain:fake:8"


def test_questions_are_embedded_as_questions_and_the_rest_as_documents(settings, tmp_path) -> None:
    given, file = Angles(), tmp_path / "news.txt"
    file.write_text(TEXT)
    add(settings.library, file, settings=settings, embeddings=given)
    assert given.queries == []
    with Assistant.open(settings=settings, embeddings=given) as assistant:
        assistant.ask(QUESTION)
    assert given.queries == [QUESTION]
    assert not any(QUESTION in texts for texts in given.documents)


def test_large_batches_are_split_and_blank_texts_never_sent() -> None:
    given = Angles()
    adapter = EmbeddingsAdapter(given)
    assert adapter.embed(["", " \n", *("plane",) * AT_ONCE]).shape == (AT_ONCE + 2, adapter.dimensions)
    assert [len(texts) for texts in given.documents] == [1, AT_ONCE, 2]
    assert all(text.strip() for texts in given.documents for text in texts)


def test_a_word_is_near_to_itself_the_nearer_the_more_the_texts_are_alike() -> None:
    adapter = EmbeddingsAdapter(DeterministicFakeEmbedding(size=384), name="fake")
    one, same, other = adapter.embed_tokens(["The planes landed", "The planes landed", "A plane sank"])
    plane = [seen.tokens.index(word) for seen, word in ((one, "planes"), (same, "planes"), (other, "plane"))]
    near = float(one.vectors[plane[0]] @ same.vectors[plane[1]])
    far = float(one.vectors[plane[0]] @ other.vectors[plane[2]])
    none = float(one.vectors[plane[0]] @ other.vectors[other.tokens.index("sank")])
    assert near == pytest.approx(1, abs=1e-5)
    assert near > far > none + 0.15


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        pytest.param(
            TimeoutError("slow"), ModelUnavailable, "angles-v1 does not answer .*slow", id="timeout"
        ),
        pytest.param(
            ValueError("no\nkey"), ModelError, r"angles-v1 failed \(ValueError: no key\)", id="other"
        ),
    ],
)
def test_what_embeddings_raise_is_an_error_of_ours(error, kind, words) -> None:
    given = Angles()
    adapter = EmbeddingsAdapter(given)
    given.error = error
    for call in (adapter.embed, adapter.embed_tokens, adapter.embed_questions):
        with pytest.raises(kind, match=words):
            call(["text"])


def test_a_library_is_asked_with_the_embeddings_that_it_was_made_with(settings, tmp_path) -> None:
    file = tmp_path / "news.txt"
    file.write_text(TEXT)
    [outcome] = add(settings.library, str(file), settings=settings, embeddings=Angles())
    assert (outcome.kind, outcome.title) == ("added", "news")
    with Assistant.open(settings=settings, embeddings=Angles()) as assistant:
        answer = assistant.ask(QUESTION)
        assert answer.quotes[0].quote.startswith("A plane came from Libya")
        place = answer.quotes[0]
        assert assistant.library.text(place.document_id)[place.start : place.end] == place.quote
    with pytest.raises(LibraryIncompatible, match="langchain:Angles:angles-v1:12, not langchain:other:12"):
        Assistant.open(settings=settings, embeddings=EmbeddingsAdapter(Angles(), name="other"))
    assert np.isclose(np.linalg.norm(EmbeddingsAdapter(Angles()).embed([TEXT])), 1)


# -- chat models -------------------------------------------------------------------------------------------


@pytest.fixture
def made(settings, embedder):
    with Library.open(settings.library, create=True) as library:
        put(library, "news", TEXT, embedder)
    return settings


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda model: model, id="model"),
        pytest.param(lambda model: model.with_fallbacks([speaking("No.")]), id="fallbacks"),
        pytest.param(lambda model: model.bind(stop=["?"]), id="bound"),
    ],
)
def test_any_chat_model_writes_the_answer(made, embedder, wrap) -> None:
    model = wrap(speaking(ANSWER))
    with Assistant.open(settings=made, chat_model=model, embeddings=embedder) as assistant:
        answer = assistant.ask(QUESTION)
    assert (answer.text, answer.sentences[0].support) == (ANSWER, "supported")


def test_the_answer_names_the_model(made, embedder) -> None:
    with Assistant.open(settings=made, chat_model=speaking(ANSWER), embeddings=embedder) as assistant:
        assert (assistant.model, assistant.ask(QUESTION).model) == ("speaker-2", "speaker-2")
        assert made.llm == "none"


def test_what_a_chat_model_raises_is_an_error_of_ours(made, embedder) -> None:
    def fail(_):
        raise ConnectionError("refused")

    model = RunnableLambda(fail)
    with (
        Assistant.open(settings=made, chat_model=model, embeddings=embedder) as assistant,
        pytest.raises(ModelUnavailable, match=r"RunnableLambda does not answer \(ConnectionError: refused\)"),
    ):
        assistant.ask(QUESTION)


def test_what_is_no_chat_model_is_refused(made, embedder) -> None:
    with pytest.raises(UsageError, match="this is a str"):
        Assistant.open(settings=made, chat_model="gpt", embeddings=embedder)


def test_it_is_not_ours_to_close() -> None:
    model = speaking(ANSWER)
    chat = GivenChat(model)
    chat.start()
    chat.close()
    assert chat.runnable() is model

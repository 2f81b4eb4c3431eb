"""Footnote as parts of a LangChain program."""

from __future__ import annotations

import asyncio
import time

import pytest
from fakes import QUESTION, put, says
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import ConfigurableField, RunnableParallel, RunnablePassthrough
from langchain_core.tracers import BaseTracer

from rag.assistant import Assistant
from rag.errors import CollectionNotFound, DocumentNotFound, ModelError, QuestionError, UsageError
from rag.people.collections import Collections


class Asked(BaseCallbackHandler):
    """Keeps the last message of each call of the model."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
        self.seen.append(messages[0][-1].text)


def test_the_retriever_says_where_each_document_stands(assistant, library) -> None:
    documents = assistant.as_retriever(k=2).invoke(QUESTION)
    assert len(documents) == 2
    for each in documents:
        where = each.metadata
        assert library.text(where["document_id"])[where["start"] : where["end"]] == each.page_content
        assert {"uri", "page", "start", "end", "title"} <= set(where)


def test_the_runnable_gives_the_answer(assistant) -> None:
    chain = says(assistant, "The plane came on 26 October.").as_runnable()
    assert chain.invoke(QUESTION).text == "The plane came on 26 October."


def test_it_composes_with_others(assistant) -> None:
    chain = says(assistant, "The plane came on 26 October.").as_runnable() | (lambda answer: answer.text)
    assert chain.invoke({"question": QUESTION}) == "The plane came on 26 October."


def test_its_stream_grows_from_quotes_to_the_whole(assistant) -> None:
    answers = list(says(assistant, "The plane came on 26 October.").as_runnable().stream(QUESTION))
    assert (answers[0].text, bool(answers[0].quotes)) == ("", True)
    assert answers[-1].sentences[0].support == "supported"
    texts = [answer.text for answer in answers]
    assert all(b.startswith(a) for a, b in zip(texts, texts[1:], strict=False))


def test_callbacks_see_the_model(assistant) -> None:
    watch = Asked()
    says(assistant, "The plane came.").as_runnable().invoke(QUESTION, {"callbacks": [watch]})
    assert "Question: " + QUESTION in watch.seen[0]


async def _answers(chain):
    return [answer async for answer in chain.astream(QUESTION)], await chain.ainvoke(QUESTION)


def test_it_works_without_blocking_too(assistant) -> None:
    chain = says(assistant, "The plane came on 26 October.", "The plane came on 26 October.").as_runnable()
    streamed, answer = asyncio.run(_answers(chain))
    assert streamed[-1].text == answer.text == "The plane came on 26 October."


class Stages(BaseCallbackHandler):
    """Keeps what begins, ends and fails, in order."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.outputs: dict[str, dict] = {}
        self._names: dict = {}

    def on_chain_start(self, serialized, inputs, *, run_id, name=None, **kwargs) -> None:
        self._names[run_id] = name
        self.runs.append(f"+{name}")

    def on_chain_end(self, outputs, *, run_id, **kwargs) -> None:
        self.runs.append(f"-{self._names[run_id]}")
        self.outputs[self._names[run_id]] = outputs

    def on_chain_error(self, error, *, run_id, **kwargs) -> None:
        self.runs.append(f"!{self._names[run_id]}")

    def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
        self.runs.append("model")


def test_callbacks_see_each_stage_and_what_came_of_it(assistant) -> None:
    stages = Stages()
    says(assistant, "The plane came on 26 October.").as_runnable().invoke(QUESTION, {"callbacks": [stages]})
    assert stages.runs[:6] == ["+AnswerRunnable", "+follow_up", "-follow_up", "+search", "-search", "+answer"]
    assert stages.runs[-2:] == ["-answer", "-AnswerRunnable"]
    assert "model" in stages.runs
    assert stages.outputs["search"]["candidates"][0]["title"] == "News"
    assert stages.outputs["answer"]["written"] == "The plane came on 26 October."
    assert stages.outputs["answer"]["sentences"][0]["support"] == "supported"


def test_callbacks_see_a_stage_that_fails(assistant) -> None:
    stages = Stages()
    assistant._chat_model.error = ModelError("gone")
    with pytest.raises(ModelError):
        assistant.as_runnable().invoke(QUESTION, {"callbacks": [stages]})
    assert stages.runs[-2:] == ["!answer", "!AnswerRunnable"]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([("human", QUESTION), ("ai", "On 26 October.")], id="pairs"),
        pytest.param([{"role": "user", "content": QUESTION}], id="mappings"),
    ],
)
def test_the_runnable_takes_the_turns_before(assistant, history) -> None:
    chain = says(assistant, "It came on 26 October.", "It came.").as_runnable()
    answer = chain.invoke({"question": "And what did it do?", "history": history})
    assert "Libya" in answer.trace.query
    assert chain.invoke({"question": "And what did it do?"}).trace.query == ""


# -- the retriever -----------------------------------------------------------------------------------------


@pytest.fixture
def shelves(library, embedder, settings) -> Assistant:
    """Three documents of which each speaks of the plane, and a collection of two of them."""
    for name in ("alpha", "beta", "gamma"):
        put(library, name, f"A plane came from {name}.\nThe minister spoke about oil.", embedder)
    collections = Collections(library.catalog)
    collections.add(collections.create("Greek", "").id, ["alpha", "gamma"], "")
    return Assistant(library, embedder, None, settings)


CHOICES = [
    pytest.param({"within": ["beta"]}, {"beta"}, id="ids"),
    pytest.param({"within": []}, set(), id="no ids"),
    pytest.param({"titles": ["BETA", "Gamma"]}, {"beta", "gamma"}, id="titles"),
    pytest.param({"collection": "greek"}, {"alpha", "gamma"}, id="collection"),
    pytest.param({"collection": "Greek", "titles": ["Alpha"]}, {"alpha"}, id="both"),
    pytest.param({"collection": "Greek", "within": ["beta"]}, set(), id="nothing left"),
    pytest.param({}, {"alpha", "beta", "gamma"}, id="all"),
]


@pytest.mark.parametrize(("chosen", "expected"), CHOICES)
def test_filters_are_the_retrievers_or_one_calls(shelves, chosen, expected) -> None:
    def names(documents) -> set[str]:
        return {each.metadata["document_id"] for each in documents}

    assert names(shelves.as_retriever(6, **chosen).invoke(QUESTION)) == expected
    assert names(shelves.as_retriever(6).invoke(QUESTION, **chosen)) == expected
    assert names(asyncio.run(shelves.as_retriever(6).ainvoke(QUESTION, **chosen))) == expected


def test_a_call_takes_its_own_number(shelves) -> None:
    retriever = shelves.as_retriever(5)
    assert len(retriever.invoke(QUESTION, k=2)) == 2
    assert [len(each) for each in retriever.batch([QUESTION] * 3, k=1)] == [1, 1, 1]
    configurable = retriever.configurable_fields(k=ConfigurableField("k"))
    assert len(configurable.invoke(QUESTION, {"configurable": {"k": 3}})) == 3


@pytest.mark.parametrize(
    ("chosen", "error", "words"),
    [
        pytest.param({"titles": ["Delta"]}, DocumentNotFound, "title 'Delta'", id="title"),
        pytest.param({"collection": "Latin"}, CollectionNotFound, "collection 'Latin'", id="collection"),
        pytest.param({"titles": "Alpha"}, UsageError, r"write \['Alpha'\]", id="text for several"),
        pytest.param({"within": "alpha"}, UsageError, r"write \['alpha'\]", id="id for several"),
        pytest.param({"k": 0}, UsageError, "give 1 or more", id="none wanted"),
    ],
)
def test_a_filter_that_fits_nothing_is_an_error(shelves, chosen, error, words) -> None:
    with pytest.raises(error, match=words):
        shelves.as_retriever().invoke(QUESTION, **chosen)


def test_the_retriever_does_not_block_the_loop(shelves) -> None:
    seen = shelves.embedder.embed_questions

    def slowly(texts):
        time.sleep(0.2)
        return seen(texts)

    shelves.embedder.embed_questions = slowly

    async def main() -> tuple[int, int]:
        task, beats = asyncio.create_task(shelves.as_retriever(2).ainvoke(QUESTION)), 0
        while not task.done():
            await asyncio.sleep(0.005)
            beats += 1
        return len(task.result()), beats

    found, beats = asyncio.run(main())
    assert found == 2
    assert beats > 5


class Retrieved(BaseCallbackHandler):
    """Keeps what a retriever's runs are called and carry."""

    def __init__(self) -> None:
        self.runs: list[tuple] = []

    def on_retriever_start(self, serialized, query, *, tags=None, metadata=None, name=None, **kwargs) -> None:
        self.runs.append((query, name, tags, metadata))

    def on_retriever_end(self, documents, **kwargs) -> None:
        self.runs.append(("ended", len(documents)))


@pytest.mark.parametrize("wait", [False, True], ids=["invoke", "ainvoke"])
def test_callbacks_see_the_retriever_with_its_tags(shelves, wait) -> None:
    watch = Retrieved()
    retriever = shelves.as_retriever(2, tags=["mine"], metadata={"team": "docs"})
    config = {"callbacks": [watch], "tags": ["call"], "run_name": "look"}
    if wait:
        asyncio.run(retriever.ainvoke(QUESTION, config))
    else:
        retriever.invoke(QUESTION, config)
    (query, name, tags, metadata), ended = watch.runs
    assert (query, name, set(tags)) == (QUESTION, "look", {"mine", "call"})
    assert metadata == {
        "team": "docs",
        "ls_retriever_name": "footnote",
        "ls_embedding_model": shelves.embedder.fingerprint,
    }
    assert ended == ("ended", 2)


# -- the runnable ------------------------------------------------------------------------------------------

ANSWER = "The plane came on 26 October."


def test_its_schemas_say_what_it_takes_and_gives(assistant) -> None:
    chain = assistant.as_runnable()
    asked = chain.get_input_jsonschema()
    text, mapping = asked["anyOf"]
    assert text["type"] == "string"
    assert asked["$defs"][mapping["$ref"].rpartition("/")[2]]["required"] == ["question"]
    given = chain.get_output_jsonschema()
    assert {"question", "text", "sentences", "quotes", "refused", "confidence"} <= set(
        given["$defs"]["Answer"]["properties"]
    )


def test_the_awaited_stream_grows_from_quotes_to_the_whole(assistant) -> None:
    async def main() -> list:
        return [answer async for answer in says(assistant, ANSWER).as_runnable().astream(QUESTION)]

    answers = asyncio.run(main())
    assert answers[:-1] == list(says(assistant, ANSWER).as_runnable().stream(QUESTION))[:-1]
    assert (answers[0].text, bool(answers[0].quotes)) == ("", True)
    assert answers[-1].text == ANSWER
    assert len(answers) > 4


def test_a_larger_chain_streams_through(assistant) -> None:
    chain = RunnablePassthrough() | says(assistant, ANSWER).as_runnable() | (lambda answer: answer.text)
    assert list(chain.stream(QUESTION)) == [ANSWER]
    both = RunnableParallel(answer=says(assistant, ANSWER).as_runnable(), passages=assistant.as_retriever(2))
    made = asyncio.run(both.ainvoke(QUESTION))
    assert made["answer"].text == ANSWER
    assert len(made["passages"]) == 2


async def _told(chain, **options) -> list[dict]:
    return [event async for event in chain.astream_events(QUESTION, version="v2", **options)]


def test_events_tell_the_stages_the_model_and_the_answer_as_it_grows(assistant) -> None:
    chain = says(assistant, ANSWER).as_runnable().with_config(run_name="documents", tags=["mine"])
    events = asyncio.run(_told(chain))
    kinds = [(event["event"], event["name"]) for event in events]
    for name in ("documents", "follow_up", "search", "answer"):
        assert kinds.index(("on_chain_start", name)) < kinds.index(("on_chain_end", name))
    words = [each["data"]["chunk"].text for each in events if each["event"] == "on_chat_model_stream"]
    assert "".join(words) == ANSWER
    grown = [each["data"]["chunk"] for each in events if each["event"] == "on_chain_stream"]
    assert grown[0].quotes
    assert grown[-1].text == events[-1]["data"]["output"].text == ANSWER
    assert all("mine" in each["tags"] for each in events)


def test_a_batch_keeps_its_order_and_gives_back_errors(assistant) -> None:
    questions = [QUESTION, " ", "What did the minister speak about?"]
    quick = Assistant(assistant.library, assistant.embedder, None, assistant.settings).as_runnable()
    first, error, last = quick.batch(questions, {"max_concurrency": 2}, return_exceptions=True)
    assert (first.question, last.question) == (questions[0], questions[2])
    assert isinstance(error, QuestionError)
    first, error, last = asyncio.run(quick.abatch(questions, return_exceptions=True))
    assert (first.question, last.question) == (questions[0], questions[2])
    assert isinstance(error, QuestionError)


@pytest.mark.parametrize("asked", [{"query": "?"}, 7, {"question": None}], ids=repr)
def test_anything_else_is_no_question(assistant, asked) -> None:
    with pytest.raises(UsageError, match="'question'"):
        assistant.as_runnable().invoke(asked)


class Kept(BaseTracer):
    """Keeps each tree of runs when it is whole, as every tracer gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.trees: list = []

    def _persist_run(self, run) -> None:
        self.trees.append(run)


def _names(run) -> dict:
    return {run.name: [_names(child) for child in run.child_runs]}


@pytest.mark.parametrize("wait", [False, True], ids=["invoke", "ainvoke"])
def test_a_tracer_sees_one_tree_with_times_and_outputs(assistant, wait) -> None:
    kept = Kept()
    chain = (says(assistant, ANSWER).as_runnable() | (lambda answer: answer.text)).with_config(run_name="all")
    if wait:
        asyncio.run(chain.ainvoke(QUESTION, {"callbacks": [kept]}))
    else:
        chain.invoke(QUESTION, {"callbacks": [kept]})
    [root] = kept.trees
    answering, plain = root.child_runs
    assert (root.name, answering.name, plain.outputs) == ("all", "AnswerRunnable", {"output": ANSWER})
    assert [run.name for run in answering.child_runs] == ["follow_up", "search", "answer"]
    [model] = answering.child_runs[2].child_runs
    assert model.run_type == "llm"
    assert model.outputs["generations"][0][0]["text"] == ANSWER
    assert all(run.end_time >= run.start_time for run in answering.child_runs)
    assert {run.trace_id for run in (root, answering, model)} == {root.id}

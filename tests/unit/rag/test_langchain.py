"""Footnote as parts of a LangChain program."""

from __future__ import annotations

import asyncio

import pytest
from fakes import QUESTION, says
from langchain_core.callbacks import BaseCallbackHandler

from rag.errors import ModelError


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

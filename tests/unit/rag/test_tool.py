"""The assistant as a tool of an agent: text with marks for the model, the answer itself for the program."""

from __future__ import annotations

import asyncio

import pytest
from fakes import QUESTION, says
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool

from rag.answer.marks import WHAT_TO_DO
from rag.errors import ModelUnavailable
from rag.types import Answer

ANSWER = "The plane came on 26 October."
MARKED = f"{ANSWER} [1]\n\n[1] News: “A plane came from Libya on 26 October.”"


class Calling(GenericFakeChatModel):
    """A chat model that calls tools as it was told to, and keeps which it was given."""

    given: list = []

    def bind_tools(self, tools, **options):
        self.given.extend(tools)
        return self


def calling(question: str) -> Calling:
    call = {"name": "ask_documents", "args": {"question": question}, "id": "1"}
    said = [AIMessage("", tool_calls=[call]), AIMessage("It came on 26 October [1].")]
    return Calling(messages=iter(said), given=[])


def ask(agent, wait: bool) -> list:
    asked = {"messages": [("user", "When did it come?")]}
    return (asyncio.run(agent.ainvoke(asked)) if wait else agent.invoke(asked))["messages"]


@pytest.mark.parametrize("wait", [False, True], ids=["invoke", "ainvoke"])
def test_an_agent_gets_text_and_the_program_the_answer(assistant, wait) -> None:
    model = calling(QUESTION)
    messages = ask(create_agent(model, [says(assistant, ANSWER).as_tool()]), wait)
    [told] = [each for each in messages if isinstance(each, ToolMessage)]
    assert told.content.startswith(MARKED)
    assert isinstance(told.artifact, Answer)
    assert told.artifact.sentences[0].support == "supported"
    assert messages[-1].text == "It came on 26 October [1]."
    assert {(tool.name, *tool.args) for tool in model.given} == {("ask_documents", "question")}


@pytest.mark.parametrize("wait", [False, True], ids=["invoke", "ainvoke"])
def test_a_question_that_will_not_do_is_told_to_the_model(assistant, wait) -> None:
    messages = ask(create_agent(calling(" "), [assistant.as_tool()]), wait)
    [told] = [each for each in messages if isinstance(each, ToolMessage)]
    assert told.status == "error"
    assert "the question is empty" in told.content


def test_a_model_that_is_gone_is_the_programs_to_know(assistant) -> None:
    assistant._chat_model.error = ModelUnavailable("the model is gone")
    with pytest.raises(ModelUnavailable, match="gone"):
        ask(create_agent(calling(QUESTION), [assistant.as_tool()]), wait=False)


def test_its_name_words_and_documents_are_chosen(assistant) -> None:
    tool = assistant.as_tool("news", "Answers from the news of 2024.", within=["another"])
    assert isinstance(tool, BaseTool)
    assert (tool.name, tool.description) == ("news", "Answers from the news of 2024.")
    assert tool.invoke({"question": QUESTION}) == f"The documents do not answer this question. {WHAT_TO_DO}"

"""An assistant as a tool of LangChain's agents."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, Field

from rag.answer.marks import marked
from rag.errors import QuestionError
from rag.langchain import AnswerRunnable
from rag.types import Answer

if TYPE_CHECKING:
    from rag.assistant import Assistant

DESCRIPTION = (
    "Answers a question from the user's own documents. Each sentence of the answer carries marks such as "
    "[1], and the sources follow with their exact words; keep the marks when you pass it on. It says so when "
    "the documents do not answer."
)


class Asked(BaseModel):
    """What the tool is asked."""

    question: str = Field(description="one full question, which makes sense on its own")


def answer_tool(
    assistant: Assistant, name: str, description: str | None, within: Collection[str] | None
) -> BaseTool:
    """Return the tool; see `Assistant.as_tool`."""
    runnable = AnswerRunnable(assistant, within)

    def ask(question: str, config: RunnableConfig) -> tuple[str, Answer]:
        try:
            answer = runnable.invoke(question, config)
        except QuestionError as error:
            raise ToolException(str(error)) from error
        return marked(answer), answer

    async def aask(question: str, config: RunnableConfig) -> tuple[str, Answer]:
        try:
            answer = await runnable.ainvoke(question, config)
        except QuestionError as error:
            raise ToolException(str(error)) from error
        return marked(answer), answer

    return StructuredTool.from_function(
        ask,
        aask,
        name=name,
        description=description or DESCRIPTION,
        args_schema=Asked,
        response_format="content_and_artifact",
        handle_tool_error=True,  # a question that will not do is the model's to put otherwise
    )

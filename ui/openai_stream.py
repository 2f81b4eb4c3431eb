"""A reply as a stream of server-sent events, as OpenAI's clients read it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from rag.marks import Marked
from rag.types import AnswerFinished, Event, SentenceChecked
from ui.answers import Answers, Waiting
from ui.openai_errors import refused
from ui.openai_form import Asked, Form

_END = "data: [DONE]\n\n"
_PULSE = ": the answer is not there yet\n\n"


async def lines(
    answers: Answers,
    asked: Asked,
    within: frozenset[str] | None,
    form: Form,
    *,
    usage: bool = False,
) -> AsyncGenerator[str]:
    """Yield the events of a stream: a part for each sentence as it is checked, then the annotations.

    An error before the first event is raised, so that the reply can have its status; a later one is an event.
    With `usage`, a last part tells the tokens.
    """
    marked = Marked()
    more = {"usage": None} if usage else {}
    begun = False
    try:
        async with aclosing(answers.stream(asked.question, history=asked.history, within=within)) as events:
            async for event in events:
                if isinstance(event, Waiting):
                    if begun:
                        yield _PULSE
                    continue
                if not begun:
                    yield _line(form.chunk({"role": "assistant", "content": ""}, **more))
                    begun = True
                for part in _parts(event, form, marked):
                    yield _line(part | more)
    except Exception as error:  # the border of a request: its client reads only this form
        if not begun:
            raise
        yield _line(refused(error).form)
    else:
        if usage:
            yield _line(form.usage())
    yield _END


async def begun(all_lines: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """Return the same events once the first of them is there.

    Raises:
        FootnoteError: what the first of them raises.
    """
    first = await anext(all_lines)

    async def joined() -> AsyncGenerator[str]:
        async with aclosing(all_lines):
            yield first
            async for line in all_lines:
                yield line

    return joined()


def _parts(event: Event, form: Form, marked: Marked) -> list[dict[str, Any]]:
    if isinstance(event, SentenceChecked):
        return [form.chunk({"content": marked.add(event.sentence)})]
    if not isinstance(event, AnswerFinished):
        return []
    rest = marked.end(event.answer)
    annotations = form.annotations(marked.marks)
    last = form.chunk({"annotations": annotations}, "stop", footnote=event.answer.to_dict())
    return [form.chunk({"content": rest}), last] if rest else [last]


def _line(value: object) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"

"""A reply as a stream of server-sent events, as OpenAI's clients read it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from rag.answer.marks import Marked
from rag.types import AnswerFinished, Event, SentenceChecked
from ui.answers import Waiting
from ui.event_stream import Source
from ui.openai_errors import refused
from ui.openai_form import Form

_END = "data: [DONE]\n\n"
_PULSE = ": the answer is not there yet\n\n"


async def lines(source: Source, form: Form, *, usage: bool = False) -> AsyncGenerator[str]:
    """Yield the events of a stream: a part for each sentence as it is checked, then the annotations.

    An error is an event as well; what is wrong with a question has been told before, by `opened`. With
    `usage`, a last part tells the tokens.
    """
    marked = Marked()
    more = {"usage": None} if usage else {}
    yield _line(form.chunk({"role": "assistant", "content": ""}, **more))
    try:
        async with aclosing(source) as events:
            async for event in events:
                if isinstance(event, Waiting):
                    yield _PULSE
                    continue
                for part in _parts(event, form, marked):
                    yield _line(part | more)
    except Exception as error:  # the border of a request: its client reads only this form
        yield _line(refused(error).form)
    else:
        if usage:
            yield _line(form.usage())
    yield _END


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

"""``footnote ask``: opens what answers, and shows or tells the answer."""

from __future__ import annotations

from dataclasses import dataclass

from rag.retrieval.choosing import choose
from rag.settings import Settings
from rag.types import Answer, AnswerFinished
from rag.wire import event_to_dict
from ui.engine import Engine, opened
from ui.options import print_json, print_json_line
from ui.screens import Screen, screen_for, whole
from ui.talking import Talk
from ui.waiting import aside


@dataclass(frozen=True, slots=True)
class Request:
    """A question, the names of the collections and documents to search, and whether to explain the answer."""

    question: str
    collections: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    explain: bool = False


def show(settings: Settings, request: Request, *, plain: bool) -> Answer:
    """Show the answer to a person, and return it.

    Raises:
        FootnoteError: it cannot be answered.
    """
    screen = screen_for(plain=plain)
    with opened(settings, screen.notes) as engine:
        return _talk(engine, screen, request).ask(request.question)


def tell(settings: Settings, request: Request, *, stream: bool) -> Answer:
    """Print the answer for other programs, and return it: as JSON, or its events as lines of JSON.

    Raises:
        FootnoteError: it cannot be answered.
    """
    answer = None
    with opened(settings, aside(plain=False)) as engine:
        within = choose(engine.library, request.collections, request.documents)
        for event in engine.ask(request.question, (), within):
            if stream:
                print_json_line(event_to_dict(event))
            if isinstance(event, AnswerFinished):
                answer = event.answer
    told = whole(answer)
    if not stream:
        trace = told.trace if request.explain else None
        print_json(told.to_dict() | ({"trace": trace.to_dict()} if trace is not None else {}))
    return told


def talk(settings: Settings, request: Request, *, plain: bool) -> None:
    """Hold a conversation, which begins with the question of the request if there is one.

    Raises:
        FootnoteError: the library or a model cannot be opened.
    """
    from ui.prompting import line_reader

    screen = screen_for(plain=plain)
    with opened(settings, screen.notes, warm=True) as engine:
        conversation = _talk(engine, screen, request)
        conversation.go_on(line_reader(conversation.offered, plain=screen.plain), request.question)


def _talk(engine: Engine, screen: Screen, request: Request) -> Talk:
    return Talk(
        engine,
        screen,
        collections=request.collections,
        documents=request.documents,
        explain=request.explain,
    )

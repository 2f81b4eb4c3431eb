"""What the page's events call; each yields or returns values for its outputs, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import ConversationNotFound, FootnoteError
from rag.types import Document
from ui.asked import parse_context
from ui.asking import Asking
from ui.frame import EXAMPLES, fitting_examples, library_facts, welcome
from ui.html import element
from ui.parts import Facts, render_error
from ui.render import render_conversation, render_question, render_written
from ui.turn import Turn
from ui.visitors import documents_for, user_of

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from ui.runs import Followed


class Callbacks:
    """The events of the page over one assistant; who calls is in the request."""

    def __init__(self, assistant: Assistant, asking: Asking) -> None:
        self._assistant = assistant
        self._asking = asking
        self._latest: dict[str, object] = {}  # what each page shows, by its session

    def answer(self, question: str, sent: str, request: gr.Request) -> Iterator[list[Any]]:
        """Answer a question, showing each step."""
        user = user_of(request)
        if not question.strip():
            yield _step()
            return
        try:
            context = parse_context(sent)
            run, before = self._asking.begin(user, context, question.strip())
        except FootnoteError as error:
            facts = self._facts(user)
            turn = Turn(question.strip(), error=str(error))
            yield _step(asked=render_question(turn), answered=render_written(turn, facts), busy=False)
            return
        yield from self._followed(
            request, self._enter(request), run, before, empties=run.turn.question == question.strip()
        )

    def resume(self, sent: str, request: gr.Request) -> Iterator[list[Any]]:
        """Show a conversation, and follow what is being answered in it; a new one is empty.

        What the library holds comes with it: Gradio's browser part can lose one of two events that overlap.
        """
        user = user_of(request)
        facts = self._facts(user)
        for step in self._resumed(user, sent, request, facts):
            yield [*step, library_facts(facts)]

    def _resumed(self, user: str, sent: str, request: gr.Request, facts: Facts) -> Iterator[list[Any]]:
        me = self._enter(request)
        try:
            conversation = parse_context(sent).conversation
            turns, run = self._asking.resume(user, conversation)
        except ConversationNotFound:
            turns, run = [], None
        except FootnoteError as error:
            self._leave(request, me)
            yield _step(past="", asked="", answered=render_error(str(error)), busy=False, greeting="")
            return
        if run is not None:
            yield from self._followed(request, me, run, turns)
            return
        step = self._left(conversation, turns, facts) if turns else self._new(user, conversation, facts)
        yield step if self._leave(request, me) else _step()

    def stop(self, sent: str, request: gr.Request) -> None:
        """End the answer that a page waits for; without one there is nothing to end."""
        try:
            self._asking.stop(user_of(request), parse_context(sent).conversation)
        except FootnoteError:
            return

    def overview(self, request: gr.Request) -> Any:
        """Show what is in the library."""
        return library_facts(self._facts(user_of(request)))

    def _left(self, conversation: str, turns: Sequence[Turn], facts: Facts) -> list[Any]:
        """Return a conversation in which nothing is being answered."""
        *before, last = turns
        return _step(
            past=render_conversation(before, facts),
            asked=render_question(last),
            answered=render_written(last, facts),
            busy=False,
            greeting="",
            opened=conversation,
        )

    def _new(self, user: str, conversation: str, facts: Facts) -> list[Any]:
        """Return a conversation in which nothing was asked."""
        fitting = set(fitting_examples(self._documents(user)))
        return _step(
            past="",
            asked="",
            answered="",
            busy=False,
            greeting=welcome(facts),
            examples=fitting,
            opened=conversation,
        )

    def _followed(
        self, request: gr.Request, me: object, run: Followed, before: Sequence[Turn], *, empties: bool = False
    ) -> Iterator[list[Any]]:
        """Follow a run until it is finished, or until the same page shows something else."""
        facts = self._facts(user_of(request))
        upper, begun = "", False
        try:
            for turn, seconds in run.follow():
                if not self._shows(request, me):
                    yield _step()  # Gradio sends the last step once more
                    return
                shown, lower = render_question(turn), render_written(turn, facts, seconds)
                step = _step(
                    past=None if begun else render_conversation(before, facts),
                    asked=None if shown == upper else shown,
                    answered=lower,
                    busy=None if begun and not turn.finished else not turn.finished,
                    greeting=None if begun else "",
                    emptied=empties and not begun,
                    opened=run.conversation_id,
                )
                begun, upper = True, shown
                yield step
        finally:  # the page may be gone
            self._leave(request, me)

    def _enter(self, request: gr.Request) -> object:
        """Return what stands for an event that from now on is what its page shows."""
        me = self._latest[request.session_hash or ""] = object()
        return me

    def _shows(self, request: gr.Request, me: object) -> bool:
        return self._latest.get(request.session_hash or "") is me

    def _leave(self, request: gr.Request, me: object) -> bool:
        """Forget an event that has nothing more to show; return whether its page still showed it."""
        if self._shows(request, me):
            del self._latest[request.session_hash or ""]
            return True
        return False

    def _documents(self, user: str) -> list[Document]:
        """Return the documents of a user; a library that cannot be read says so when it is searched."""
        try:
            return documents_for(self._assistant.library, user)
        except FootnoteError:
            return []

    def _facts(self, user: str) -> Facts:
        library, model = self._assistant.library, self._assistant.model
        try:
            if not user:  # who sees all of them needs no list of thousands
                return Facts(library.catalog.n_documents, len(library), model)
        except FootnoteError:
            return Facts(0, 0, model)
        seen = self._documents(user)
        return Facts(len(seen), sum(each.n_passages for each in seen), model)


def _step(
    *,
    past: str | None = None,
    asked: str | None = None,
    answered: str | None = None,
    busy: bool | None = None,
    greeting: str | None = None,
    examples: set[str] | None = None,
    emptied: bool = False,
    opened: str | None = None,
) -> list[Any]:
    """Return the values of the outputs; None leaves one as it is, `busy` offers to stop, else to ask.

    `opened` is the conversation that they are of: the page asks again where it shows another by then.
    """
    stays = gr.skip()
    box: dict[str, Any] = {} if busy is None else _buttons(busy=busy)
    if emptied:
        box["value"] = ""
    fitting = examples if examples is not None else set() if greeting is not None else None
    return [
        *(stays if value is None else value for value in (past, asked, answered)),
        gr.update(**box) if box else stays,
        stays if greeting is None else greeting,
        stays if opened is None else element("span", data_opened=opened),
        *(stays if fitting is None else gr.update(visible=each in fitting) for each in EXAMPLES.values()),
    ]


def _buttons(*, busy: bool) -> dict[str, Any]:
    return {"submit_btn": False, "stop_btn": "Stop"} if busy else {"submit_btn": "Ask", "stop_btn": False}

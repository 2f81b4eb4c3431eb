"""What the running Footnote does for the other commands, in its own library and with its own models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.types import AnswerFinished, Event, Turn
from rag.wire import event_to_dict
from ui.local_forms import (
    hashes_from_dict,
    outcome_to_dict,
    plan_to_dict,
    progress_to_dict,
    survey_from_dict,
)
from ui.turnstile import Turnstile
from ui.ways_in import CHANGES

if TYPE_CHECKING:
    from ingest.limits import Limits
    from ingest.outcomes import Outcome
    from ui.answers import Answers
    from ui.intake import Intake

Line = dict[str, Any]
Tell = Callable[[Line], None]
Stopping = Callable[[], bool]
Work = Callable[[Mapping[str, Any], Tell, Stopping], None]
"""Takes a request, tells what comes of it line by line, and ends early, but well, once it is to stop."""


class LocalWork:
    """The things that can be asked for, by their names in `works`."""

    def __init__(self, answers: Answers, intake: Intake) -> None:
        """Answer with these, and change the library of their assistant, whose uploads `intake` reads."""
        self._answers = answers
        self._assistant = answers.assistant
        self._library = answers.assistant.library
        self._intake = intake
        self._one_at_a_time = Turnstile(1)
        self.works: Mapping[str, Work] = {
            "ask": self.ask,
            "add": self._in_turn(self.add),
            "sync": self._in_turn(self.sync),
            "remove": self.remove,
            "change": self.change,
        }

    def ask(self, request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
        """Answer a question; its events are told as they come, and the place in the queue before the model.

        Raises:
            FootnoteError: as `Assistant.stream` does.
        """
        history = [Turn(**each) for each in request.get("history", ())]
        within = request.get("within")
        events = self._answers.events(
            request["question"],
            history=history,
            within=None if within is None else frozenset(within),
            wanted=lambda: not stopping(),
            on_place=_telling_place(tell),
        )
        with closing(events):
            for event in events:
                tell(_form(event))
                if stopping():
                    return

    def add(self, request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
        """Add files and folders, within the limits that came with them.

        Raises:
            FootnoteError: as `ingest.pipeline.add` does.
        """
        from ingest.pipeline import add

        outcomes = add(
            self._library,
            list(map(Path, request["paths"])),
            self._assistant.embedder,
            limits=_limits(request),
            on_progress=lambda progress: tell(progress_to_dict(progress)),
            on_outcome=self._telling(tell),
            on_step=self._answers.observer.ingest_step,
            stopping=stopping,
        )
        tell(self._end(stopping) | {"outcomes": list(map(outcome_to_dict, outcomes))})

    def sync(self, request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
        """Make the library equal to folders as the command has just seen them.

        Raises:
            FootnoteError: as `ingest.sync.sync` does.
        """
        from ingest.sync import sync

        report = sync(
            self._library,
            survey_from_dict(request["survey"]),
            lambda: self._assistant.embedder,
            limits=_limits(request),
            confirmed=request["confirmed"],
            tried=hashes_from_dict(request["tried"]),
            on_progress=lambda progress: tell(progress_to_dict(progress)),
            on_outcome=self._telling(tell),
            on_step=self._answers.observer.ingest_step,
            stopping=stopping,
        )
        tell(
            self._end(stopping)
            | {
                "outcomes": list(map(outcome_to_dict, report.outcomes)),
                "plan": plan_to_dict(report.plan),
                "whole": not report.stopped,
            }
        )

    def remove(self, request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
        """Remove documents by their ids; one that is gone already is told as well.

        Raises:
            StorageError: the library cannot be changed.
        """
        for document_id in request["documents"]:
            if stopping():
                break
            document = self._library.document(document_id)
            if document is not None:
                self._intake.remove(document)
            tell({"type": "removed", "id": document_id})
        tell(self._end(stopping))

    def change(self, request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
        """Change who may come in; see `ui.ways_in`.

        Raises:
            UserError, ApiKeyError: as the change does.
        """
        change = CHANGES[request["change"]]
        tell({"type": "changed", "value": change(self._library, **request["values"])})

    def _telling(self, tell: Tell) -> Callable[[Outcome], None]:
        def told(outcome: Outcome) -> None:
            self._answers.observer.ingested(outcome)
            tell(outcome_to_dict(outcome))

        return told

    def _end(self, stopping: Stopping) -> Line:
        return {"type": "end", "stopped": stopping(), "n_passages": len(self._library)}

    def _in_turn(self, work: Work) -> Work:
        """Let one such work at a time read files: two would only share the processor and the memory."""

        def in_turn(request: Mapping[str, Any], tell: Tell, stopping: Stopping) -> None:
            with self._one_at_a_time.passed(lambda: not stopping(), _telling_place(tell)):
                work(request, tell, stopping)

        return in_turn


def _form(event: Event) -> Line:
    """Return an event with what the terminal can show beside the answer: how it came about."""
    form = event_to_dict(event)
    if isinstance(event, AnswerFinished) and event.answer.trace is not None:
        form["trace"] = event.answer.trace.to_dict()
    return form


def _telling_place(tell: Tell) -> Callable[[int], None]:
    return lambda place: tell({"type": "place", "place": place})


def _limits(request: Mapping[str, Any]) -> Limits:
    from ingest.limits import Limits

    return Limits(**request["limits"])

"""Who is told what a server does, for its figures; and a question as figures see it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING, Literal, get_args

from rag.stopwatch import Stage
from rag.types import AnswerFinished, Event, EvidenceFound, TextWritten

if TYPE_CHECKING:
    from ingest.outcomes import Outcome, Step

Moment = Literal["quotes", "first_word", "answer"]
Ending = Literal["answered", "refused", "failed", "left"]

STAGES = (*get_args(Stage), "wait", "read", "write")
"""Of a question: after the quotes it waits in the line before the model, which reads it, then writes."""


class Observer:
    """Is told what a server does; this one keeps nothing of it. Any thread may tell it."""

    def stage(self, name: str, seconds: float) -> None:
        """A question went through one of `STAGES`."""

    def moment(self, name: Moment, seconds: float) -> None:
        """So long after a question, its asker saw the quotes, the first word or the whole answer."""

    def ended(self, how: Ending, error: BaseException | None = None) -> None:
        """A question came to an end; one is ``left`` whose asker went away or stopped it."""

    def ingest_step(self, name: Step, seconds: float) -> None:
        """Reading documents took a step."""

    def ingested(self, outcome: Outcome) -> None:
        """Something became of a file."""

    def responded(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request got the first of its answer, so long after it came."""


class Asked:
    """A question under way: tells an observer what becomes of it."""

    def __init__(self, observer: Observer) -> None:
        """Begin: the question is asked now."""
        self._observer = observer
        self._began = self._lap = perf_counter()
        self._writing = False

    def follow(self, events: Generator[Event]) -> Generator[Event]:
        """Yield the events of its answer, and tell what each means."""
        how: Ending = "left"
        failure: BaseException | None = None
        try:
            with closing(events):
                for event in events:
                    how = self._ending(event) or how
                    yield event
        except Exception as error:
            how, failure = "failed", error
            raise
        finally:
            self._observer.ended(how, failure)

    def admitted(self) -> None:
        """Tell that its turn at the model has come, after the quotes."""
        self._stage("wait")

    def _ending(self, event: Event) -> Ending | None:
        match event:
            case EvidenceFound(seconds=seconds):
                for name, took in seconds.items():
                    self._observer.stage(name, took)
                self._lap = perf_counter()
                self._moment("quotes")
            case TextWritten() if not self._writing:
                self._writing = True
                self._stage("read")
                self._moment("first_word")
            case AnswerFinished(answer):
                if self._writing:
                    self._stage("write")
                self._moment("answer")
                return "refused" if answer.refused else "answered"
        return None

    def _stage(self, name: str) -> None:
        last, self._lap = self._lap, perf_counter()
        self._observer.stage(name, self._lap - last)

    def _moment(self, name: Moment) -> None:
        self._observer.moment(name, perf_counter() - self._began)

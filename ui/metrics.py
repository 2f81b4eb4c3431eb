"""Figures of a server for Prometheus. Labels hold names of ours alone: no words of people or documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from ingest.outcomes import Kind, Step
from rag.errors import FootnoteError
from ui.local_file import own_version
from ui.observer import STAGES, Ending, Moment, Observer

if TYPE_CHECKING:
    from ingest.outcomes import Outcome
    from ui.answers import Answers
    from ui.readiness import Readiness

BUCKETS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
)  # fmt: skip
"""Seconds: from a search by words in a small library to the longest that a model may take."""

_UNEXPECTED = "Unexpected"


class Metrics(Observer):
    """Counts what it is told, in a registry of its own."""

    media_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge("footnote_info", "1, with the version that runs.", ["version"], registry=registry).labels(
            own_version()
        ).set(1)
        self._stages = Histogram(
            "footnote_question_stage_seconds",
            "Time that a stage of a question took.",
            ["stage"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._moments = Histogram(
            "footnote_question_seconds",
            "Time from a question until its key quotes, the first word and the whole answer.",
            ["until"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._questions = Counter(
            "footnote_questions", "Questions by how they ended.", ["outcome"], registry=registry
        )
        self._errors = Counter(
            "footnote_question_errors", "Questions that failed, by the error.", ["type"], registry=registry
        )
        self._ingest_steps = Histogram(
            "footnote_ingest_step_seconds",
            "Time that a step of reading documents took.",
            ["step"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._documents = Counter(
            "footnote_ingest_documents", "Files by what became of them.", ["outcome"], registry=registry
        )
        self._passages = Counter(
            "footnote_ingest_passages", "Passages of files that were added or changed.", registry=registry
        )
        self._requests = Counter(
            "footnote_http_requests", "Requests.", ["method", "route", "status"], registry=registry
        )
        self._responses = Histogram(
            "footnote_http_seconds",
            "Time until the first of the answer to a request.",
            ["route"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._begin_at_zero()
        self.open_requests = Gauge(
            "footnote_http_open", "Requests that are being answered.", registry=registry
        )

    def _begin_at_zero(self) -> None:
        """Tell of what has not happened yet: Prometheus sees the first of a kind only as a step from 0."""
        for stage in STAGES:
            self._stages.labels(stage)
        for moment in get_args(Moment):
            self._moments.labels(moment)
        for how in get_args(Ending):
            self._questions.labels(how)
        for error in _family(FootnoteError):
            self._errors.labels(error.__name__)
        self._errors.labels(_UNEXPECTED)
        for step in get_args(Step):
            self._ingest_steps.labels(step)
        for kind in get_args(Kind):
            self._documents.labels(kind)

    def watch(self, answers: Answers, readiness: Readiness) -> None:
        """Tell how long the line before the model is, and whether the chat drains, as they are when read."""
        line = answers.turnstile
        for name, about, read in (
            ("footnote_line_waiting", "Answers that wait for the model.", lambda: line.waiting),
            ("footnote_line_writing", "Answers that the model writes.", lambda: line.passing),
            ("footnote_draining", "1 once the chat was told to end.", lambda: readiness.draining),
        ):
            Gauge(name, about, registry=self.registry).set_function(read)

    def page(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)

    def stage(self, name: str, seconds: float) -> None:
        """Count a stage of a question."""
        self._stages.labels(name).observe(seconds)

    def moment(self, name: Moment, seconds: float) -> None:
        """Count how long somebody waited for a part of an answer."""
        self._moments.labels(name).observe(seconds)

    def ended(self, how: Ending, error: BaseException | None = None) -> None:
        """Count a question."""
        self._questions.labels(how).inc()
        if error is not None:
            self._errors.labels(_name_of(error)).inc()

    def ingest_step(self, name: Step, seconds: float) -> None:
        """Count a step of reading documents."""
        self._ingest_steps.labels(name).observe(seconds)

    def ingested(self, outcome: Outcome) -> None:
        """Count a file, and its passages where they are new."""
        self._documents.labels(outcome.kind).inc()
        if outcome.kind in ("added", "changed"):
            self._passages.inc(outcome.n_passages)

    def responded(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._responses.labels(route).observe(seconds)


def _family(error: type[FootnoteError]) -> Iterator[type[FootnoteError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def _name_of(error: BaseException) -> str:
    """Return the name of an error of ours; all others have one together."""
    return type(error).__name__ if isinstance(error, FootnoteError) else _UNEXPECTED

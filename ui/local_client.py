"""Asks the Footnote that runs on a library, as whoever runs it; nothing heavy is loaded for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.types import AnswerFinished, Event, Turn
from rag.wire import event_from_dict
from ui.local_calls import Calls, gone
from ui.local_file import Door
from ui.local_forms import (
    hashes_to_dict,
    outcome_from_dict,
    plan_from_dict,
    progress_from_dict,
    survey_to_dict,
    trace_from_dict,
)

if TYPE_CHECKING:
    from ingest.limits import Limits
    from ingest.outcomes import Outcome, Progress
    from ingest.sync import Report, Survey


def _never() -> bool:
    return False


def _ignore(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Added:
    """What an `add` came to: the outcomes in the order of the files, and whether it was stopped."""

    outcomes: list[Outcome]
    n_passages: int
    stopped: bool


class Server:
    """A running Footnote."""

    def __init__(self, door: Door) -> None:
        """Ask at this door; nothing is sent yet."""
        self._calls = Calls(door)

    def settings(self) -> Mapping[str, str] | None:
        """Return its settings as `ui.local_forms.marks` tells them; None where it does not answer."""
        return self._calls.settings()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        within: Collection[str] | None = None,
        *,
        on_place: Callable[[int], None] = _ignore,
    ) -> Iterator[Event]:
        """Yield the events of an answer, as `Assistant.stream` does.

        Args:
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all when None.
            on_place: called with the number of answers before this one, when it changes, at last with 0.

        Raises:
            ServerGone: it ended meanwhile.
            FootnoteError: as `Assistant.stream` does.
        """
        asked = {
            "question": question,
            "history": list(map(asdict, history)),
            "within": None if within is None else sorted(within),
        }
        for line in self._calls.lines("ask", asked, _never):
            match line["type"]:
                case "place":
                    on_place(line["place"])
                case "evidence" | "text" | "sentence":
                    yield event_from_dict(line)
                case "answer":
                    yield _with_trace(event_from_dict(line), line.get("trace"))
                    return
        raise gone("ask again")

    def add(
        self,
        paths: Sequence[Path],
        limits: Limits,
        *,
        on_progress: Callable[[Progress], None] = _ignore,
        on_outcome: Callable[[Outcome], None] = _ignore,
        on_place: Callable[[int], None] = _ignore,
        stopping: Callable[[], bool] = _never,
    ) -> Added:
        """Let it add files and folders, which are named from the root; see `ingest.pipeline.add`.

        Raises:
            ServerGone: it ended meanwhile; what was an outcome is in the library.
            FootnoteError: as `ingest.pipeline.add` does.
        """
        asked = {"paths": list(map(str, paths)), "limits": limits.to_dict()}
        end = self._written("add", asked, on_progress, on_outcome, on_place, stopping)
        return Added(list(map(outcome_from_dict, end["outcomes"])), end["n_passages"], end["stopped"])

    def sync(
        self,
        looked: Survey,
        limits: Limits,
        *,
        confirmed: bool = False,
        tried: Mapping[Path, str | None] | None = None,
        on_progress: Callable[[Progress], None] = _ignore,
        on_outcome: Callable[[Outcome], None] = _ignore,
        on_place: Callable[[int], None] = _ignore,
        stopping: Callable[[], bool] = _never,
    ) -> tuple[Report, int]:
        """Let it make the library equal to folders; return the report, and how many passages there are.

        The documents are left out of the report's plan. See `ingest.sync.sync`.

        Raises:
            ServerGone: it ended meanwhile; what was an outcome is in the library.
            FootnoteError: as `ingest.sync.sync` does.
        """
        from ingest.sync import Report

        asked = {
            "survey": survey_to_dict(looked),
            "limits": limits.to_dict(),
            "confirmed": confirmed,
            "tried": hashes_to_dict(tried or {}),
        }
        end = self._written("sync", asked, on_progress, on_outcome, on_place, stopping)
        outcomes = tuple(map(outcome_from_dict, end["outcomes"]))
        return Report(plan_from_dict(end["plan"]), outcomes, stopped=not end["whole"]), end["n_passages"]

    def remove(self, document_ids: Sequence[str], on_removed: Callable[[str], None]) -> None:
        """Let it remove documents; each id is told when it is done.

        Raises:
            ServerGone: it ended meanwhile; what was told is removed.
            StorageError: the library cannot be changed.
        """
        for line in self._calls.lines("remove", {"documents": list(document_ids)}, _never):
            if line["type"] == "removed":
                on_removed(line["id"])
            elif line["type"] == "end" and not line["stopped"]:
                return
        raise gone("run the same command again for the rest")

    def change(self, name: str, values: Mapping[str, Any]) -> Any:
        """Let it make one of the changes of `ui.ways_in`, and return what came of it.

        Raises:
            ServerGone: it ended meanwhile.
            FootnoteError: as the change does.
        """
        for line in self._calls.lines("change", {"change": name, "values": dict(values)}, _never):
            if line["type"] == "changed":
                return line["value"]
        raise gone("look by 'list' whether it was, and run the same command again")

    def _written(
        self,
        name: str,
        asked: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        on_outcome: Callable[[Outcome], None],
        on_place: Callable[[int], None],
        stopping: Callable[[], bool],
    ) -> dict[str, Any]:
        for line in self._calls.lines(name, asked, stopping):
            match line["type"]:
                case "progress":
                    on_progress(progress_from_dict(line))
                case "outcome":
                    on_outcome(outcome_from_dict(line))
                case "place":
                    on_place(line["place"])
                case "end":
                    if line["stopped"] and not stopping():
                        break
                    return line
        raise gone("what is listed is in the library; run the same command again for the rest")


def _with_trace(event: Event, trace: Mapping[str, Any] | None) -> Event:
    if not isinstance(event, AnswerFinished) or trace is None:
        return event
    return replace(event, answer=replace(event.answer, trace=trace_from_dict(trace)))

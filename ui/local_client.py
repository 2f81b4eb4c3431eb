"""Asks the Footnote that runs on a library, as whoever runs it; nothing heavy is loaded for that.

It uses the standard library's HTTP client, which loads ten times as fast as httpx.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.errors import FootnoteError, ServerGone
from rag.types import AnswerFinished, Event, Turn
from rag.wire import event_from_dict
from ui.local_file import Door
from ui.local_forms import (
    error_from_dict,
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

CONNECT_S = 2.0
SILENCE_S = 60.0
"""Seconds without a sign of life after which the other side counts as gone; it gives one twice a second."""

_HELLO_S = 10.0


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
        self._door = door

    def settings(self) -> Mapping[str, str] | None:
        """Return its settings as `ui.local_forms.marks` tells them; None where it does not answer."""
        try:
            with closing(self._connected(_HELLO_S)) as connection:
                response = self._send(connection, "GET", "hello")
                told = json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            return None
        return told["settings"] if response.status == 200 else None

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
        for line in self._lines("ask", asked, _never):
            match line["type"]:
                case "place":
                    on_place(line["place"])
                case "evidence" | "text" | "sentence":
                    yield event_from_dict(line)
                case "answer":
                    yield _with_trace(event_from_dict(line), line.get("trace"))
                    return
        raise _gone("ask again")

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
        for line in self._lines("remove", {"documents": list(document_ids)}, _never):
            if line["type"] == "removed":
                on_removed(line["id"])
            elif line["type"] == "end" and not line["stopped"]:
                return
        raise _gone("run the same command again for the rest")

    def change(self, name: str, values: Mapping[str, Any]) -> Any:
        """Let it make one of the changes of `ui.ways_in`, and return what came of it.

        Raises:
            ServerGone: it ended meanwhile.
            FootnoteError: as the change does.
        """
        for line in self._lines("change", {"change": name, "values": dict(values)}, _never):
            if line["type"] == "changed":
                return line["value"]
        raise _gone("look by 'list' whether it was, and run the same command again")

    def _written(
        self,
        name: str,
        asked: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        on_outcome: Callable[[Outcome], None],
        on_place: Callable[[int], None],
        stopping: Callable[[], bool],
    ) -> dict[str, Any]:
        for line in self._lines(name, asked, stopping):
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
        raise _gone("what is listed is in the library; run the same command again for the rest")

    def _lines(
        self, name: str, asked: Mapping[str, Any], stopping: Callable[[], bool]
    ) -> Iterator[dict[str, Any]]:
        """Yield what is told, errors apart; at the first time that `stopping` is true, say so there."""
        errand, told_to_stop = "", False
        try:
            with closing(self._connected(SILENCE_S)) as connection:
                response = self._send(connection, "POST", name, asked)
                if response.status != 200:
                    raise _refused(response)
                for raw in iter(response.readline, b""):
                    line = json.loads(raw)
                    if line["type"] == "error":
                        raise error_from_dict(line)
                    errand = line["id"] if line["type"] == "begun" else errand
                    if stopping() and not told_to_stop:
                        told_to_stop = True
                        self._stop(errand)
                    yield line
        except (OSError, HTTPException, ValueError) as error:
            raise _gone("try again") from error

    def _stop(self, errand: str) -> None:
        with closing(self._connected(_HELLO_S)) as connection:
            self._send(connection, "POST", "stop", {"id": errand}).read()

    def _connected(self, silence_s: float) -> HTTPConnection:
        parts = urlsplit(self._door.address)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=CONNECT_S)
        connection.connect()
        connection.sock.settimeout(silence_s)
        return connection

    def _send(
        self, connection: HTTPConnection, method: str, name: str, asked: Mapping[str, Any] | None = None
    ) -> HTTPResponse:
        body = None if asked is None else json.dumps(asked).encode()
        headers = {"Authorization": f"Bearer {self._door.secret}", "Content-Type": "application/json"}
        connection.request(method, f"/local/{name}", body, headers)
        return connection.getresponse()


def _with_trace(event: Event, trace: Mapping[str, Any] | None) -> Event:
    if not isinstance(event, AnswerFinished) or trace is None:
        return event
    return replace(event, answer=replace(event.answer, trace=trace_from_dict(trace)))


def _gone(what_to_do: str) -> ServerGone:
    return ServerGone(f"the Footnote that runs on the library ended before this was done: {what_to_do}")


def _refused(response: HTTPResponse) -> FootnoteError:
    try:
        detail = str(json.loads(response.read())["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"it answered {response.status}"
    return ServerGone(f"the Footnote that runs on the library did not do it: {detail}")

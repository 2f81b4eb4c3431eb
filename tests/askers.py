"""People who ask the chat at the same time, by the calls that its page makes."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

PATIENCE_S = 300
_ASKED = 1
"""The place of the question with its key quotes among the values that the page is sent."""

_PLACE = re.compile(r"The model is busy: (\d+) answers? before yours")


@dataclass
class Heard:
    """What came of a question: all that the page was shown, as HTML, and when, in seconds."""

    question: str
    steps: list[str] = field(default_factory=list)
    quoted_s: float | None = None
    answered_s: float = 0.0

    @property
    def places(self) -> list[int]:
        """The numbers of answers before this one that were told, in their order."""
        return [int(found[1]) for step in self.steps if (found := _PLACE.search(step))]


class Asker:
    """One page with one conversation."""

    def __init__(self, url: str, on_step: Callable[[str], object] = lambda _: None) -> None:
        self._on_step = on_step
        self.conversation = secrets.token_hex(16)
        self._session = secrets.token_hex(6)
        self._client = httpx.Client(base_url=url, timeout=PATIENCE_S)
        self._box, self._event = self._submit()

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def ask(self, question: str) -> Heard:
        """Ask, and return what was heard until the answer was there."""
        heard, began = Heard(question), time.perf_counter()
        sent = {
            "data": [question, json.dumps({"conversation": self.conversation, "replaces": None})],
            "event_data": None,
            "fn_index": self._event,
            "trigger_id": self._box,
            "session_hash": self._session,
        }
        self._client.post("/gradio_api/queue/join", json=sent).raise_for_status()
        for message in self._messages():
            if message["msg"] not in ("process_generating", "process_completed"):
                continue
            if not message["success"]:
                raise RuntimeError(str(message))
            data = message["output"]["data"]
            step = "".join(_words(data))
            heard.steps.append(step)
            self._on_step(step)
            if heard.quoted_s is None and 'class="quote"' in "".join(_words(data[_ASKED : _ASKED + 1])):
                heard.quoted_s = time.perf_counter() - began
        heard.answered_s = time.perf_counter() - began
        return heard

    def _messages(self) -> Iterator[dict]:
        with self._client.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self._session}
        ) as all_:
            for line in all_.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def _submit(self) -> tuple[int, int]:
        """Return the numbers of the question box, and of the event that sends it."""
        page = self._client.get("/config").raise_for_status().json()
        box = next(each["id"] for each in page["components"] if each["props"].get("elem_id") == "question")
        return box, next(each["id"] for each in page["dependencies"] if [box, "submit"] in each["targets"])


def _words(value: object) -> Iterator[str]:
    """Yield the texts in a message's data, which holds values or the changes of values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)


def all_ask(
    url: str, questions: Sequence[Sequence[str]], on_step: Callable[[str], object] = lambda _: None
) -> list[tuple[str, list[Heard]]]:
    """Let people ask their questions, one after the other each, and all at the same time.

    `on_step` is called with all that any of their pages is shown. Returns the id of each one's conversation,
    and what came of each of the questions.
    """

    def one(own: Sequence[str]) -> tuple[str, list[Heard]]:
        with Asker(url, on_step) as asker:
            return asker.conversation, [asker.ask(question) for question in own]

    with ThreadPoolExecutor(len(questions)) as threads:
        return list(threads.map(one, questions))


def percentiles(seconds: list[float]) -> str:
    """Return the median and the 95th percentile in milliseconds."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p95 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95))
    return f"p50 {1000 * p50:,.0f} ms, p95 {1000 * p95:,.0f} ms"

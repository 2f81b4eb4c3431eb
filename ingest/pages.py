"""Pages of PDFs, to be looked at: drawn and measured in a fenced process that keeps the files open."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ingest import answers
from ingest.answers import Box, Size
from ingest.desk import MAX_HEIGHT
from ingest.fenced import Fenced
from ingest.limits import DEFAULT_LIMITS, Limits
from rag.errors import LimitExceeded, LoadError

_T = TypeVar("_T")
_Asked = Callable[[Mapping[str, Any], bytes, int], "bytes | LoadError"]

_OPEN_FILES = 4
_OPEN_BYTES = 128_000_000  # of files, in the child; one may be larger
_KEPT_BYTES = 32_000_000  # of pictures, in this process
_KNOWN_FILES = 64  # whose pages' sizes are remembered
_MOST_FAILURES = 3  # pages of a file that end the child; no more of it is tried
_KNOWN_FAILURES = 256
_ANSWER = 1 << 20  # bytes of an answer beside what it holds for each page or point


@dataclass(frozen=True, slots=True)
class Original:
    """A PDF: `key` stands for its content, `read` returns its bytes when the child needs them."""

    key: str
    name: str
    read: Callable[[], bytes]


class Pages(Fenced):
    """Draws pages of PDFs and finds words on them, one request at a time.

    The child keeps the last few files open, so that only the first page of a file has to wait for it. A page
    that has ended a child is not tried again, nor is the rest of a file with several such pages.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        self._open: OrderedDict[str, int] = OrderedDict()
        self._sizes: OrderedDict[str, tuple[Size, ...]] = OrderedDict()
        self._drawn: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._failed: OrderedDict[tuple[str, int], LoadError] = OrderedDict()
        self._closed = False

    def sizes(self, original: Original) -> tuple[Size, ...]:
        """Return the width and height of every page, in points, as it is shown.

        Raises:
            LoadError: the file does not open, or goes beyond a limit.
        """
        with self._lock:
            if original.key not in self._sizes:
                self._answer(original, 0, None, _ANSWER, bytes)
            self._sizes.move_to_end(original.key)
            return self._sizes[original.key]

    def image(self, original: Original, page: int, width: int) -> bytes:
        """Return a page as a PNG, `width` pixels wide or less.

        Args:
            original: the file.
            page: from 1.
            width: in pixels.

        Raises:
            LoadError: the page cannot be drawn, or goes beyond a limit.
        """
        key = (original.key, page, width)
        with self._lock:
            if key not in self._drawn:
                request = {"do": "draw", "page": page - 1, "width": width}
                most = 4 * width * MAX_HEIGHT + _ANSWER
                self._drawn[key] = self._answer(
                    original,
                    page,
                    request,
                    most,
                    lambda reply: answers.unpack_picture(reply, width, MAX_HEIGHT),
                )
                while len(self._drawn) > 1 and sum(map(len, self._drawn.values())) > _KEPT_BYTES:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]

    def boxes(self, original: Original, page: int, text: str, start: int, end: int) -> tuple[Box, ...] | None:
        """Return where a stretch of a page's text stands: left, top, width, height in shares of the page.

        Args:
            original: the file.
            page: from 1.
            text: of the page, as the loader has made it.
            start: where the stretch begins in it.
            end: where it ends.

        Returns:
            None where the page does not have this text, as one that OCR has read.

        Raises:
            LoadError: the page cannot be read, or goes beyond a limit.
        """
        request = {"do": "find", "page": page - 1, "text": text, "span": [start, end]}
        with self._lock:
            return self._answer(
                original, page, request, 100 * answers.MOST_BOXES + _ANSWER, answers.unpack_boxes
            )

    def close(self) -> None:
        """End the child for good, in the middle of a page if it draws one."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        super().close()

    def _answer(
        self,
        original: Original,
        page: int,
        request: Mapping[str, Any] | None,
        most: int,
        parse: Callable[[bytes], _T],
    ) -> _T:
        """Return what the child answers; asked again in a new one if one that had answered before ends.

        Without a request the file is only opened.
        """
        self._refuse_what_failed(original.key, page)
        deadline = time.monotonic() + self._limits.load_timeout_s
        while True:
            if self._closed:
                raise LoadError(f"{original.name}: Footnote is ending; open the chat again")
            fresh = self._child is None
            try:
                outcome = self._once(original, request, most, parse, deadline)
            except LimitExceeded as error:  # no answer in time: that is nobody else's doing
                outcome, fresh = error, True
            if not isinstance(outcome, LoadError):
                return outcome
            if self._child is not None:
                raise outcome
            self._open.clear()
            if fresh:
                self._remember(original.key, page, outcome)
                raise outcome

    def _remember(self, key: str, page: int, error: LoadError) -> None:
        if not self._closed:
            self._failed[key, page] = error
            while len(self._failed) > _KNOWN_FAILURES:
                self._failed.popitem(last=False)

    def _refuse_what_failed(self, key: str, page: int) -> None:
        failed = [error for (other, _), error in self._failed.items() if other == key]
        if (key, page) in self._failed:
            raise self._failed[key, page]
        if len(failed) >= _MOST_FAILURES:
            raise failed[-1]

    def _once(
        self,
        original: Original,
        request: Mapping[str, Any] | None,
        most: int,
        parse: Callable[[bytes], _T],
        deadline: float,
    ) -> _T | LoadError:
        """Return what the child answers, or why it does not.

        Raises:
            LimitExceeded: no answer in time.
        """

        def asked(what: Mapping[str, Any], data: bytes, most: int) -> bytes | LoadError:
            reply = self._ask(
                original.name,
                {"key": original.key, **what},
                data,
                limits=self._limits,
                deadline=deadline,
                max_reply=most,
            )
            if isinstance(reply, bytes) and reply.startswith(b'{"error"'):
                return self._settled(answers.unpack_error(reply, original.name))
            return reply

        try:
            reply = b"" if self._is_open(original.key) else self._opened(original, asked)
            if request is not None and not isinstance(reply, LoadError):
                reply = asked(request, b"", most)
            return reply if isinstance(reply, LoadError) else parse(reply)
        except answers.NONSENSE:
            self._stop()
            return answers.senseless(original.name)

    def _is_open(self, key: str) -> bool:
        if self._child is None or key not in self._open:
            return False
        self._open.move_to_end(key)
        return key in self._sizes

    def _opened(self, original: Original, asked: _Asked) -> bytes | LoadError:
        """Have the child open a file, and close others where there are too many."""
        data = original.read()
        drop = [self._open.popitem(last=False)[0] for _ in range(self._too_many(len(data)))]
        if self._open.pop(original.key, None) is not None:
            drop.append(original.key)
        reply = asked({"do": "open", "drop": drop}, data, 64 * self._limits.max_pages + _ANSWER)
        if isinstance(reply, LoadError):
            return reply
        self._sizes[original.key] = answers.unpack_sizes(reply, self._limits.max_pages)
        self._open[original.key] = len(data)
        while len(self._sizes) > _KNOWN_FILES:
            self._sizes.popitem(last=False)
        return reply

    def _too_many(self, n_bytes: int) -> int:
        """Return how many of the open files, the longest unused first, have to make room."""
        lengths = list(self._open.values())
        return next(
            i
            for i in range(len(lengths) + 1)
            if i == len(lengths)
            or (len(lengths) - i < _OPEN_FILES and sum(lengths[i:]) + n_bytes <= _OPEN_BYTES)
        )

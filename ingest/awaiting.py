"""Files that were read and wait for their vectors (pure): which texts to embed next, and what is whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ingest.entry import Entry
from ingest.outcomes import Task
from rag.vectors import Matrix


@dataclass(slots=True, eq=False)
class Pending:
    """A file on its way into the library; documents of the ids `kin` may have vectors that it needs.

    `ocr` says whether OCR was tried on its pages without text.
    """

    task: Task
    entry: Entry
    kin: Sequence[str] = ()
    ocr: bool = False
    vectors: dict[str, Matrix] = field(default_factory=dict)
    lacks: set[str] = field(default_factory=set)

    def matrix(self) -> Matrix:
        """Return the vectors of its passages, shape (n, dimensions)."""
        return np.array([self.vectors[part] for part in self.entry.parts], np.float32)


class Awaiting:
    """Takes files in, says what to embed, and gives back those that have all of their vectors.

    A text that several files have is embedded once. Batches are made across files, in their order.
    """

    def __init__(self) -> None:
        self._files: list[Pending] = []
        self._seekers: dict[str, list[Pending]] = {}
        self._queue: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def n_queued(self) -> int:
        """Texts that nobody was given to embed yet."""
        return len(self._queue)

    @property
    def last_name(self) -> str:
        """The name of the file that came last."""
        return self._files[-1].task.path.name if self._files else ""

    def add(self, file: Pending, known: Mapping[str, Matrix]) -> None:
        """Take in a file; `known` are the vectors that the library has."""
        self._files.append(file)
        for part in dict.fromkeys(file.entry.parts):
            if part in known:
                file.vectors[part] = known[part]
                continue
            file.lacks.add(part)
            if part not in self._seekers:
                self._queue.append(part)
            self._seekers.setdefault(part, []).append(file)

    def batch(self, most: int) -> list[str]:
        """Return the next texts to embed, at most so many; they will come by `put`."""
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def put(self, texts: Iterable[str], vectors: Matrix) -> None:
        """Take in the vectors of texts."""
        for text, vector in zip(texts, vectors, strict=True):
            for file in self._seekers.pop(text, ()):
                file.vectors[text] = vector
                file.lacks.discard(text)

    def whole(self) -> Pending | None:
        """Give back the first file that has all of its vectors; None where there is none."""
        found = next((file for file in self._files if not file.lacks), None)
        if found is not None:
            self._files.remove(found)
        return found

    def unwanted(self) -> list[Pending]:
        """Give back the files that are not wanted any more; nothing is embedded for them alone."""
        gone = [file for file in self._files if not file.task.wanted()]
        for file in gone:
            self._files.remove(file)
            for part in file.lacks:
                self._seekers[part].remove(file)
        if gone:
            self._queue = deque(part for part in self._queue if self._seekers.get(part))
            self._seekers = {part: seekers for part, seekers in self._seekers.items() if seekers}
        return gone

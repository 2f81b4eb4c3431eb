"""What differs between the engines that a catalogue may stand on: files, locks, errors, the search for words.

Statements are the same for all engines; `rag.storage.portable` has the few that each says in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from rag.errors import StorageError


class Lexical(Protocol):
    """The lexical index: finds passages by their words, title and headings beside the text."""

    def search(
        self,
        connection: sa.Connection,
        terms: Sequence[str],
        k: int,
        within: frozenset[str] | None,
        frequency: Mapping[str, int],
    ) -> list[tuple[str, float]]:
        """Return the `k` best passages for any of the terms, as (id, BM25), best first.

        With `within`, only passages of the documents with these ids are looked at. `frequency` says how many
        passages hold each term, where that is known.
        """
        ...

    def document_frequency(self, connection: sa.Connection, terms: Sequence[str]) -> dict[str, int]:
        """Return for each term how many passages hold it."""
        ...

    def add(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Take in passages that were stored in this transaction."""
        ...

    def remove(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Leave out passages, before their rows are deleted in this transaction."""
        ...

    def rebuild(self, connection: sa.Connection) -> None:
        """Make the index again from the passages."""
        ...

    def fits(self, connection: sa.Connection) -> bool:
        """Return whether it holds the words of the passages, and no others."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What became of the passages up to a generation: the ids of those that went, and of those that came."""

    generation: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


class Store(Protocol):
    """Where the rows of a catalogue are. Safe for threads."""

    @property
    def place(self) -> str:
        """What errors call the library by."""
        ...

    @property
    def shared(self) -> bool:
        """Whether several processes may write at once."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether this user may not change it."""
        ...

    @property
    def lexical(self) -> Lexical:
        """The lexical index."""
        ...

    def begin(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction; after an error nothing of it is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        ...

    def translated(self) -> AbstractContextManager[None]:
        """Turn the errors of the engine and of the disk into Footnote's own."""
        ...

    def refusal(self) -> StorageError:
        """Return the error for an attempt to write where this user may only read."""
        ...

    def claim(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Let nobody else change what has these names, such as documents, until the transaction ends.

        Raises:
            LibraryInUse: somebody has the library alone, or does not end with one of them.
        """
        ...

    def alone(self, purpose: str) -> AbstractContextManager[None]:
        """Keep all others from changing documents meanwhile.

        Raises:
            LibraryInUse: others are at it all the time, or somebody has it alone.
        """
        ...

    def note(
        self, connection: sa.Connection, generation: int, removed: Sequence[str], added: Sequence[str]
    ) -> None:
        """Note what the change to this generation did to the passages, where others have to follow it."""
        ...

    def news(self, connection: sa.Connection, since: int) -> News | None:
        """Return what became of the passages since a generation; None where that is not known."""
        ...

    def n_passages(self, connection: sa.Connection) -> int:
        """Return how many passages there are."""
        ...

    def last_number(self, connection: sa.Connection) -> int:
        """Return the highest number that a passage ever had; none is given twice."""
        ...

    def compact(self) -> bool:
        """Leave nothing of what was deleted; return whether that is so, or a reader is in the way.

        Raises:
            LibraryInUse: another process reads all the time.
            StorageError: there is no room for a second catalogue meanwhile.
        """
        ...

    def unseal(self) -> None:
        """Prepare for the first change."""
        ...

    def close(self, *, sealing: bool) -> None:
        """Give everything back; `sealing` is whether this is the one writer."""
        ...

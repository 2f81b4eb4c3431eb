"""Documents of one content: what is known of a file by its hash alone (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ingest.files import title_of
from rag.text.naming import path_of
from rag.types import Document


class Twins:
    """The documents of a library by place and by content; those without passages have no content to share."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Take in documents, each with a place of its own."""
        self._by_uri: dict[str, Document] = {}
        self._by_content: dict[str, dict[str, Document]] = {}
        for document in documents:
            self.put(document)

    def at(self, uri: str) -> Document | None:
        """Return the document at a place, or None."""
        return self._by_uri.get(uri)

    def put(self, document: Document) -> None:
        """Take in a document, in place of the one that was there."""
        self.drop(document.uri)
        self._by_uri[document.uri] = document
        if document.n_passages:
            self._by_content.setdefault(document.sha256, {})[document.uri] = document

    def drop(self, uri: str) -> None:
        """Forget the document at a place."""
        old = self._by_uri.pop(uri, None)
        if old is not None:
            self._by_content.get(old.sha256, {}).pop(uri, None)

    def twin(self, sha256: str, path: Path, *, first: Document | None = None) -> Document | None:
        """Return a document with this content, or None: one that can be copied to `path`, best `first`."""
        same = self._by_content.get(sha256, {})
        held = list(same.values())
        if first is not None and first.uri in same:
            held.insert(0, first)
        copied = (each for each in held if copied_title(each, path) is not None)
        return next(copied, held[0] if held else None)


def copied_title(twin: Document, path: Path) -> str | None:
    """Return the title that the content of `twin` has at `path`; None where only reading it can tell.

    What a file's text is depends on its bytes and its extension. Its title is in the text, or is its name.
    """
    there = path_of(twin.uri)
    if there is None or there.suffix.lower() != path.suffix.lower():
        return None
    by_name = title_of(there)
    return twin.title if twin.title != by_name or by_name == title_of(path) else None

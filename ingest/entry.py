"""What is put in the library of one file: its document, passages and their context lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.chunk import Tokenize, chunk, context, indexed, passage_id
from ingest.files import title_of
from ingest.load import media_type
from rag.errors import LoadError
from rag.types import Document, Passage, Text
from rag.vectors import embedded_text


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was read and cut: plain values, which may travel to another machine."""

    document: Document
    text: Text
    passages: Sequence[Passage]
    contexts: Sequence[str]

    @property
    def parts(self) -> list[str]:
        """What is embedded, a text for each passage."""
        pairs = zip(self.contexts, self.passages, strict=True)
        return [embedded_text(line, passage.text) for line, passage in pairs]


def document_id(uri: str) -> str:
    """Return the id of the document at `uri`: the same for every version of it."""
    return hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cut(path: Path, digest: str, text: Text, tokenize: Tokenize) -> Entry:
    """Return the entry of a file that was read.

    Args:
        path: the file.
        digest: SHA-256 of its bytes.
        text: what was extracted of them.
        tokenize: the embedder's tokenizer.
    """
    uri = path.as_uri()
    identity = document_id(uri)
    title = text.title or title_of(path)
    passages = chunk(text, identity, title, tokenize)
    document = Document(
        id=identity,
        uri=uri,
        title=title,
        media_type=text.media_type,
        sha256=digest,
        n_chars=len(text.text),
        n_pages=len(text.pages) or None,
        n_passages=len(passages),
        added_at=_now(),
    )
    contexts = [indexed(context(title, passage.headings), passage) for passage in passages]
    return Entry(document, text, passages, contexts)


def copied(path: Path, twin: Document, title: str, text: Text, passages: Sequence[Passage]) -> Entry:
    """Return what reading a file would: the passages of its twin, as those of its own place.

    Args:
        path: the file.
        twin: a document of the same bytes.
        title: the title that the file has at its place.
        text: what the library holds of the twin.
        passages: the twin's.
    """
    uri = path.as_uri()
    identity = document_id(uri)
    lines = [context(title, passage.headings) for passage in passages]
    own = [
        replace(each, id=passage_id(identity, each.start, line, each.text), document_id=identity)
        for each, line in zip(passages, lines, strict=True)
    ]
    contexts = [indexed(line, passage) for line, passage in zip(lines, own, strict=True)]
    document = replace(twin, id=identity, uri=uri, title=title, added_at=_now(), status="ready", error=None)
    return Entry(document, text, own, contexts)


def identified(document: Document, passages: Sequence[Passage], contexts: Sequence[str]) -> bool:
    """Return whether the ids of a document and its passages are what their content says.

    Args:
        document: its facts.
        passages: all of it.
        contexts: for each passage, what is indexed with it.
    """
    if document.id != document_id(document.uri):
        return False
    lines = [each.partition("\n")[0] for each in contexts]
    return all(
        passage.id == passage_id(document.id, passage.start, line, passage.text)
        and line.startswith(document.title[:80])
        for passage, line in zip(passages, lines, strict=True)
    )


def failed(path: Path, digest: str, error: LoadError) -> Document:
    """Return what is remembered of a file that could not be read."""
    uri = path.as_uri()
    return Document(
        id=document_id(uri),
        uri=uri,
        title=title_of(path),
        media_type=media_type(path.name),
        sha256=digest,
        n_chars=0,
        n_pages=None,
        n_passages=0,
        added_at=_now(),
        status="failed",
        error=str(error),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

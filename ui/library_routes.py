"""Routes of the library's view: what is in it, given titles, removal; with those of its parts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from ingest.limits import Limits
from rag.library import Library
from rag.maintenance.contents import is_kept
from rag.maintenance.upkeep import uploaded
from rag.people.access import may_change, owner_of
from rag.people.collections import Collections
from rag.people.presence import Presence
from rag.people.titles import Titles
from rag.types import Document
from ui.collection_routes import add_collection_routes
from ui.intake import Intake
from ui.listing import Filters, kinds, listed
from ui.map_routes import add_map_routes
from ui.observer import Observer
from ui.rows import Marks
from ui.shelf import Shelf, render_shelf
from ui.starters import starter_files
from ui.upload_routes import add_upload_routes
from ui.versions import Versions
from ui.visitors import document_for, documents_for, visitor

if TYPE_CHECKING:
    from rag.assistant import Assistant

_STAYS_S = 10.0
"""Seconds for which the size on the disk is not measured again."""


class Titled(BaseModel):
    """What a document is to be called; empty for the title of its file."""

    title: str


def add_library_routes(
    app: FastAPI, assistant: Assistant, observer: Observer | None = None, presence: Presence | None = None
) -> Intake:
    """Add the routes to the application, and return what reads the uploads: to be started, and stopped.

    Args:
        app: the application.
        assistant: its library is meant.
        observer: is told of the uploads.
        presence: this process among others that serve the library; None where there is no other.
    """
    library = assistant.library
    limits = Limits.of(assistant.settings)
    intake = Intake(library, assistant.embedder, limits, observer, presence)
    versions = Versions(library)
    titles, collections, size = Titles(library.catalog), Collections(library.catalog), _Size(library.path)
    add_upload_routes(app, library, intake, limits)
    add_collection_routes(app, library)
    add_map_routes(app, library)

    @app.get("/view/library", response_class=HTMLResponse)
    def view(
        request: Request,
        collection: str = "",
        kind: str = "",
        since: str = "",
        until: str = "",
        q: Annotated[str, Query(max_length=500)] = "",
        sort: str = "title",
        page: int = 1,
    ) -> str:
        filters = Filters(collection, kind, since, until, q, sort, page).checked()
        return render_shelf(_shelf(library, collections, filters, visitor(request), size))

    @app.get("/view/changes")
    def changes(request: Request) -> dict[str, str]:
        return {"version": versions.of(visitor(request))}

    @app.put("/documents/{document_id}/title", status_code=204)
    def rename(request: Request, document_id: str, titled: Titled) -> Response:
        titles.give(document_for(library, document_id, visitor(request), change=True).id, titled.title)
        return Response(status_code=204)

    @app.delete("/documents/{document_id}", status_code=204)
    def remove(request: Request, document_id: str) -> Response:
        intake.remove(document_for(library, document_id, visitor(request), change=True))
        return Response(status_code=204)

    return intake


def _others(names: Mapping[str, Sequence[str]], opened: str) -> dict[str, list[str]]:
    """Return the names of the collections that documents are in, without the one that is open."""
    return {identity: [each for each in held if each != opened] for identity, held in names.items()}


def _shelf(library: Library, collections: Collections, filters: Filters, user: str, size: _Size) -> Shelf:
    documents = documents_for(library, user)
    inside = collections.document_ids(filters.collection, user) if filters.collection else None
    listing = listed(documents, filters, inside)
    here = listing.documents
    opened = collections.get(filters.collection, user).name if filters.collection else ""
    return Shelf(
        listing,
        filters,
        n_documents=len(documents),
        n_passages=sum(document.n_passages for document in documents),
        changed=max((document.added_at for document in documents), default=""),
        size=None if user else size.now(),
        kinds=kinds(documents),
        collections=collections.of(user),
        marks=Marks(
            _others(collections.holding([document.id for document in here], user), opened),
            private=_ids(each for each in here if owner_of(each.uri) == user) if user else None,
            fixed=_ids(each for each in here if not may_change(each.uri, user)),
            uploaded=_ids(each for each in here if is_kept(each.uri) or uploaded(library.path, each.uri)),
        ),
        starters=bool(not documents and not library.read_only and starter_files()),
    )


class _Size:
    """How many bytes the files of a library take; measured now and then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._measured = (float("-inf"), 0)

    def now(self) -> int:
        at, size = self._measured
        if time.monotonic() - at > _STAYS_S:
            size = _bytes_below(self._folder)
            self._measured = (time.monotonic(), size)
        return size


def _bytes_below(folder: Path) -> int:
    """Return the bytes of all files below a folder; those that go meanwhile count nothing."""
    total = 0
    for at, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(Path(at, name)).st_size
            except OSError:
                continue
    return total


def _ids(documents: Iterable[Document]) -> frozenset[str]:
    return frozenset(document.id for document in documents)

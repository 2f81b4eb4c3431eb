"""Routes of the map: the passages in two dimensions, and the words of one of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request

from rag.errors import DocumentNotFound, LibraryError
from ui.mapping import Maps
from ui.parts import clipped
from ui.visitors import document_for, documents_for, visitor

if TYPE_CHECKING:
    from rag.library import Library


def add_map_routes(app: FastAPI, library: Library) -> None:
    """Add the routes to the application."""
    maps = Maps(library)

    @app.get("/map")
    def picture(request: Request) -> dict[str, Any]:
        user = visitor(request)
        found = maps.of(user)
        if found.error:
            raise LibraryError(f"the map could not be made: {found.error}")
        seen = {document.id: document for document in documents_for(library, user)}
        shown = dict.fromkeys(p.document_id for p in found.places if p.document_id in seen)
        numbers = {identity: n for n, identity in enumerate(shown)}
        positions = found.positions if found.positions is not None else ()
        return {
            "state": "ready" if found.done else "working",
            "seconds": 0 if found.done else round(time.monotonic() - found.began),
            "generation": found.generation,
            "total": found.total,
            "documents": [
                {"id": identity, "title": seen[identity].title, "passages": seen[identity].n_passages}
                for identity in numbers
            ],
            "points": [
                [round(float(x), 4), round(float(y), 4), numbers[p.document_id], p.passage_id, p.start, p.end]
                for p, (x, y) in zip(found.places, positions, strict=False)
                if p.document_id in numbers
            ],
        }

    @app.get("/passages/{passage_id}")
    def passage(request: Request, passage_id: str) -> dict[str, Any]:
        found = library.catalog.passages([passage_id]).get(passage_id)
        if found is None:
            raise DocumentNotFound(f"no passage '{passage_id[:80]}' in the library: it may have been removed")
        document = document_for(library, found.document_id, visitor(request))
        return {
            "id": found.id,
            "document_id": found.document_id,
            "title": document.title,
            "page": found.page,
            "headings": list(found.headings),
            "start": found.start,
            "end": found.end,
            "text": clipped(found.text),
        }

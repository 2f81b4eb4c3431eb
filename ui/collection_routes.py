"""Routes of the collections: everybody has their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field

from rag.people.collections import Collections
from ui.visitors import document_for, visitor

if TYPE_CHECKING:
    from rag.library import Library

_Ids = Annotated[list[str], Field(max_length=10_000)]


class Named(BaseModel):
    """What a collection is to be called."""

    name: str


class Moved(BaseModel):
    """Ids of documents that come into a collection, and of those that go."""

    add: _Ids = []
    remove: _Ids = []


def add_collection_routes(app: FastAPI, library: Library) -> None:
    """Add the routes to the application."""
    collections = Collections(library.catalog)

    @app.get("/collections")
    def every(request: Request) -> list[dict[str, Any]]:
        return [each.to_dict() for each in collections.of(visitor(request))]

    @app.post("/collections", status_code=201)
    def create(request: Request, named: Named) -> dict[str, Any]:
        return collections.create(named.name, visitor(request)).to_dict()

    @app.patch("/collections/{collection_id}")
    def rename(request: Request, collection_id: str, named: Named) -> dict[str, Any]:
        collections.rename(collection_id, named.name, visitor(request))
        return collections.get(collection_id, visitor(request)).to_dict()

    @app.delete("/collections/{collection_id}", status_code=204)
    def delete(request: Request, collection_id: str) -> Response:
        collections.delete(collection_id, visitor(request))
        return Response(status_code=204)

    @app.get("/collections/{collection_id}/documents")
    def inside(request: Request, collection_id: str) -> list[str]:
        return sorted(collections.document_ids(collection_id, visitor(request)))

    @app.patch("/collections/{collection_id}/documents")
    def move(request: Request, collection_id: str, moved: Moved) -> dict[str, Any]:
        user = visitor(request)
        collections.get(collection_id, user)
        coming = [document_for(library, each, user).id for each in moved.add]
        collections.add(collection_id, coming, user)
        collections.take(collection_id, moved.remove, user)
        return collections.get(collection_id, user).to_dict()

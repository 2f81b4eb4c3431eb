"""Routes of the choice of what a conversation searches."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from rag.library import Library
from rag.people.collections import Collections
from ui.scope_picker import render_choices, render_scopes
from ui.visitors import documents_for, visitor


def add_scope_routes(app: FastAPI, library: Library) -> None:
    """Add the routes to the application."""
    collections = Collections(library.catalog)

    @app.get("/view/scopes", response_class=HTMLResponse)
    def scopes(request: Request) -> str:
        user = visitor(request)
        return render_scopes(collections.of(user), len(documents_for(library, user)))

    @app.get("/view/choices", response_class=HTMLResponse)
    def choices(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> str:
        return render_choices(documents_for(library, visitor(request)), q)

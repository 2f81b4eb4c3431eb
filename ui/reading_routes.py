"""The routes by which a document is read: its words, its pages, the place of a quote, its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from ingest.limits import Limits
from rag.errors import UsageError
from rag.types import Document
from ui.download import Download
from ui.html import Html
from ui.originals import file_name
from ui.place_page import place_page
from ui.quoted import LONGEST, MISSING, Place, Span, locate
from ui.reader import render_document
from ui.reading import Reading, step
from ui.visitors import document_for, visitor

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.library import Library

_AskedFor = Callable[[Request, str], Document]
_READ = ["GET", "HEAD"]
_Number = Annotated[int, Path(ge=1, le=1_000_000)]
_Offset = Annotated[int, Query(ge=0)]


def add_reading_routes(app: FastAPI, assistant: Assistant) -> Reading:
    """Add the routes to the application, and return what they need to have closed at the end."""
    library = assistant.library
    reading = Reading(library, Limits.of(assistant.settings))

    def asked_for(request: Request, document_id: str) -> Document:
        return document_for(library, document_id, visitor(request))

    _add_page_routes(app, reading, asked_for)

    @app.get("/documents/{document_id}/passage", response_class=HTMLResponse)
    def passage(
        request: Request,
        document_id: str,
        start: _Offset = 0,
        end: _Offset = 0,
        passage: str | None = None,
        quote: Annotated[str | None, Query(max_length=LONGEST)] = None,
        first: Annotated[int | None, Query(alias="from", ge=0)] = None,
        last: Annotated[int | None, Query(alias="to", ge=0)] = None,
    ) -> str:
        document = asked_for(request, document_id)
        window = (first, last) if first is not None and last is not None else None
        return _rendered(library, document, (start, end), passage or "", quote or "", window)

    @app.get("/documents/{document_id}/place", response_class=HTMLResponse)
    def place(
        request: Request,
        document_id: str,
        start: _Offset = 0,
        end: _Offset = 0,
        passage: str = "",
        first: Annotated[int | None, Query(alias="from", ge=0)] = None,
        last: Annotated[int | None, Query(alias="to", ge=0)] = None,
    ) -> str:
        document = asked_for(request, document_id)
        window = (first, last) if first is not None and last is not None else None
        return place_page(document.title, _rendered(library, document, (start, end), passage, "", window))

    @app.api_route("/documents/{document_id}/text", methods=_READ, response_class=PlainTextResponse)
    def text(request: Request, document_id: str) -> PlainTextResponse:
        return PlainTextResponse(library.text(asked_for(request, document_id).id))

    @app.api_route("/documents/{document_id}/original", methods=_READ)
    async def original(request: Request, document_id: str) -> Response:
        def opened() -> Download:
            document = asked_for(request, document_id)
            return Download(reading.originals.open(document), file_name(document))

        return await reading.in_line(opened)

    return reading


def _add_page_routes(app: FastAPI, reading: Reading, asked_for: _AskedFor) -> None:
    @app.api_route("/documents/{document_id}/pages", methods=_READ)
    async def pages(request: Request, document_id: str) -> dict[str, Any]:
        sizes = await reading.in_line(lambda: reading.sizes(asked_for(request, document_id)))
        return {"pages": sizes}

    @app.api_route("/documents/{document_id}/pages/{number}.png", methods=_READ)
    async def page(request: Request, document_id: str, number: _Number, width: int = 1000) -> Response:
        def drawn() -> Response:
            document = asked_for(request, document_id)
            across = step(width)
            headers = {"ETag": f'"{document.sha256}-{across}"', "Cache-Control": "private, no-cache"}
            if headers["ETag"] in request.headers.get("if-none-match", ""):
                reading.originals.check(document)
                return Response(status_code=304, headers=headers)
            return Response(reading.image(document, number, across), 200, headers, "image/png")

        return await reading.in_line(drawn)

    @app.api_route("/documents/{document_id}/pages/{number}/boxes", methods=_READ)
    async def boxes(
        request: Request, document_id: str, number: _Number, start: _Offset, end: _Offset
    ) -> dict[str, Any]:
        marks = await reading.in_line(
            lambda: reading.marks(asked_for(request, document_id), number, start, end)
        )
        return {"width": marks.size[0], "height": marks.size[1], "boxes": marks.boxes}


def _rendered(
    library: Library, document: Document, span: Span, passage: str, quote: str, window: Span | None
) -> Html:
    """Return a document around the words of a citation, or around the whole of its passage.

    Raises:
        UsageError: no words are given, and the text has no such span.
    """
    text = library.text(document.id)
    found = library.catalog.passages([passage] if passage else []).get(passage)
    if quote:
        place = locate(text, span, quote)
    elif passage and found is None:
        place = Place((0, 0), MISSING)
    elif span[0] <= span[1] <= len(text):
        place = Place(span)
    else:
        raise UsageError(
            f"{span[0]}..{span[1]} is not a span of '{document.title}': ask again, it has changed"
        )
    if found is not None and (found.document_id != document.id or place.notice is not None):
        found = None
    return render_document(
        document,
        text,
        library.catalog.pages([document.id]).get(document.id, ()),
        place.span,
        passage=(found.start, found.end) if found else None,
        headings=found.headings if found else (),
        window=window,
        notice=place.notice,
    )

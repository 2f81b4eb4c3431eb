"""Routes of the API on documents: what there is, its words, sending files, and removing them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from ingest.entry import document_id as id_of
from ingest.limits import Limits
from rag.errors import DocumentNotFound, UsageError
from rag.people.collections import Collections
from ui.api_bodies import CollectionsBody, DocumentBody, DocumentsBody, JobBody, JobsBody, PassageBody
from ui.api_models import COLLECTION, Identity, Named, problems
from ui.api_parts import Parts
from ui.jobs import Job, Jobs
from ui.listing import Filters, listed
from ui.multipart import Sent, sent_file
from ui.upload_routes import Reception
from ui.visitors import document_for, documents_for, visitor

JOBS = "/api/v1/jobs"
_Id = Annotated[Identity, InPath()]
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


def add_document_routes(api: FastAPI, parts: Parts) -> None:
    """Add the routes to the API."""
    library = parts.assistant.library
    collections = Collections(library.catalog)

    @api.get("/documents", response_model=DocumentsBody, responses=problems(404))
    def documents(
        request: Request,
        q: Annotated[str, Query(max_length=500, description="words of the title or file name")] = "",
        kind: Annotated[str, Query(max_length=20, description="extension of the file, as in pdf")] = "",
        collection: Annotated[Named | None, Query(description=COLLECTION)] = None,
        since: Annotated[str, Query(max_length=10, description="first day of adding, as 2026-01-31")] = "",
        until: Annotated[str, Query(max_length=10, description="last day of adding")] = "",
        sort: Annotated[str, Query(pattern="^(title|newest|oldest|size)$")] = "title",
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> Response:
        """List documents, 100 on a page."""
        user = visitor(request)
        chosen = collections.find(collection, user).id if collection else ""
        filters = Filters(chosen, kind, since, until, q, sort, page).checked()
        inside = collections.document_ids(chosen, user) if chosen else None
        found = listed(documents_for(library, user), filters, inside)
        here = found.documents if found.page == page else ()
        return JSONResponse(
            {
                "documents": [document.to_dict() for document in here],
                "total": found.total,
                "page": page,
                "pages": found.pages,
            }
        )

    @api.get("/collections", response_model=CollectionsBody)
    def known(request: Request) -> Response:
        """List collections, in the order of their names."""
        return JSONResponse({"collections": [each.to_dict() for each in collections.of(visitor(request))]})

    @api.get("/documents/{document_id}", response_model=DocumentBody, responses=problems(404))
    def document(request: Request, document_id: _Id) -> Response:
        """Tell what is known of a document."""
        return JSONResponse(document_for(library, document_id, visitor(request)).to_dict())

    @api.get("/documents/{document_id}/text", response_class=PlainTextResponse, responses=problems(404))
    def text(request: Request, document_id: _Id) -> Response:
        """Return the text of a document, which all offsets point into."""
        return PlainTextResponse(library.text(document_for(library, document_id, visitor(request)).id))

    @api.delete("/documents/{document_id}", status_code=204, responses=problems(403, 404))
    def remove(request: Request, document_id: _Id) -> Response:
        """Remove a document and everything made from it."""
        found = document_for(library, document_id, visitor(request), change=True)
        parts.intake.remove(found)
        return Response(status_code=204)

    @api.get("/passages/{passage_id}", response_model=PassageBody, responses=problems(404))
    def passage(request: Request, passage_id: _Id) -> Response:
        """Return a passage that a search or an answer named."""
        found = library.catalog.passages([passage_id]).get(passage_id)
        if found is None:
            raise _no_passage(passage_id)
        try:
            document_for(library, found.document_id, visitor(request))
        except DocumentNotFound:
            raise _no_passage(passage_id) from None
        facts = found.to_dict()
        del facts["score"]
        return JSONResponse(facts)

    _add_file_routes(api, parts)
    _add_job_routes(api, parts.intake.jobs)


def _add_file_routes(api: FastAPI, parts: Parts) -> None:
    library = parts.assistant.library
    collections = Collections(library.catalog)
    reception = Reception(library, parts.intake, Limits.of(parts.assistant.settings))

    @api.post(
        "/documents",
        status_code=202,
        response_model=JobBody,
        responses=problems(403, 404, 413, 415),
        openapi_extra=_FILE,
    )
    async def add(
        request: Request,
        path: Annotated[
            str, Query(max_length=4000, description="its name with its folders; of a form, that of the file")
        ] = "",
        collection: Annotated[Named | None, Query(description=f"{COLLECTION} that it goes into")] = None,
    ) -> Response:
        """Add a file: the body itself, or the one file of a form. It is read later: ask for the job."""

        async def keep(sent: Sent) -> Job:
            name, user = path or sent.name, visitor(request)
            if not name:
                raise UsageError("the file has no name: say it, as in ?path=notes/may.txt")
            into = (await run_in_threadpool(collections.find, collection, user)).id if collection else ""
            safe = await run_in_threadpool(reception.admit, name, into, user)
            return await reception.take(sent.pieces, sent.size, user, safe, into)

        try:
            async with sent_file(request, reception.most_bytes) as sent:
                job = await keep(sent)
        except ClientDisconnect:
            return Response(status_code=499)
        return JSONResponse(_told(job), 202, {"Location": f"{JOBS}/{job.id}"})


def _add_job_routes(api: FastAPI, jobs: Jobs) -> None:
    @api.get("/jobs", response_model=JobsBody)
    def known(request: Request) -> Response:
        """List the files that were sent and what has become of each."""
        return JSONResponse({"jobs": [_told(job) for job in jobs.of(visitor(request))]})

    @api.get("/jobs/{job_id}", response_model=JobBody, responses=problems(404))
    def one(request: Request, job_id: _Id) -> Response:
        """Tell what has become of a file."""
        return JSONResponse(_told(jobs.get(job_id, visitor(request))))

    @api.delete("/jobs/{job_id}", status_code=204, responses=problems(403, 404))
    def cancel(request: Request, job_id: _Id) -> Response:
        """Cancel a file that is not stored yet; one that is finished is taken off the list."""
        jobs.cancel(job_id, visitor(request))
        return Response(status_code=204)


def _told(job: Job) -> dict[str, Any]:
    stored = job.state in ("done", "unchanged")
    return {
        "id": job.id,
        "path": job.name,
        "state": job.state,
        "size": job.size,
        "passages": job.n_passages,
        "note": job.note,
        "document_id": id_of(job.target.as_uri()) if stored else None,
    }


def _no_passage(passage_id: str) -> DocumentNotFound:
    return DocumentNotFound(f"no passage '{passage_id}': its document may have changed, search again")

"""Routes of the uploads: a file comes in one request, and its way can be watched, ended and tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from ingest.limits import Limits, exceeded
from ingest.load import check_supported
from rag.errors import LibraryMissing, LimitExceeded
from rag.people.collections import Collections
from ui.intake import Intake
from ui.ledger import render_ledger
from ui.starters import starter_files
from ui.uploads import safe_path
from ui.visitors import visitor

if TYPE_CHECKING:
    from rag.library import Library
    from ui.jobs import Job, Jobs

_NO_MORE_HEARD = 499  # the browser has gone: nobody reads the answer


class Reception:
    """Takes in files for a library, as far as its limits go."""

    def __init__(self, library: Library, intake: Intake, limits: Limits) -> None:
        self._library = library
        self._intake = intake
        self._incoming = intake.incoming
        self._limits = limits
        self._collections = Collections(library.catalog)

    def admit(self, path: str, collection: str, user: str) -> PurePosixPath:
        """Return the safe path of a file that may come.

        Raises:
            FootnoteError: it may not; the message says why.
        """
        self._writable()
        safe = safe_path(path)
        check_supported(safe.name, pictures=self._limits.ocr)
        self._incoming.check(user, safe)
        if collection:
            self._collections.get(collection, user)
        return safe

    @property
    def most_bytes(self) -> int:
        """Size of the largest file."""
        return self._limits.max_bytes

    async def take(
        self, pieces: AsyncIterator[bytes], size: int, owner: str, path: PurePosixPath, collection: str
    ) -> Job:
        """Write a file to the disk, piece by piece, and queue it; `size` is what was told of its bytes.

        Raises:
            LimitExceeded: it is too large.
            StorageError: the disk does not take it.
            ClientDisconnect: it ended too early.
        """
        if size > self._limits.max_bytes:
            raise self._too_large(path)
        part = await run_in_threadpool(self._incoming.begin)
        try:
            async for piece in pieces:
                if part.size + len(piece) > self._limits.max_bytes:
                    raise self._too_large(path)
                await run_in_threadpool(part.write, piece)
            job = await run_in_threadpool(self._incoming.keep, part, owner, path, collection)
        except BaseException:
            part.drop()
            raise
        self._intake.submit(job)
        return job

    def starters(self, user: str) -> int:
        """Queue the starter documents, and return how many there are.

        Raises:
            LibraryMissing: there are none.
            StorageError: the disk does not take them.
        """
        self._writable()
        files = starter_files()
        if not files:
            raise LibraryMissing("the starter documents are not installed here: add files of your own")
        for path, file in files:
            part = self._incoming.begin()
            part.write(file.read_bytes())
            self._intake.submit(self._incoming.keep(part, user, path))
        return len(files)

    def _writable(self) -> None:
        if self._library.read_only:
            raise self._library.catalog.refusal()

    def _too_large(self, path: PurePosixPath) -> LimitExceeded:
        return exceeded(path.name, f"it is larger than {self._limits.max_file_mb:,g} MB", "max_file_mb")


def add_upload_routes(app: FastAPI, library: Library, intake: Intake, limits: Limits) -> None:
    """Add the routes to the application."""
    reception = Reception(library, intake, limits)

    @app.post("/uploads", status_code=201)
    async def upload(
        request: Request,
        path: Annotated[str, Query(max_length=4000)],
        collection: Annotated[str, Query(max_length=80)] = "",
    ) -> Response:
        safe = await run_in_threadpool(reception.admit, path, collection, visitor(request))
        try:
            size = int(request.headers.get("content-length") or 0)
            job = await reception.take(request.stream(), size, visitor(request), safe, collection)
        except ClientDisconnect:
            return Response(status_code=_NO_MORE_HEARD)
        return JSONResponse({"id": job.id, "path": job.name}, 201)

    @app.post("/starter", status_code=201)
    def starter(request: Request) -> dict[str, Any]:
        return {"files": reception.starters(visitor(request))}

    _add_ledger_routes(app, intake.jobs)


def _add_ledger_routes(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/uploads")
    def ledger(request: Request) -> Response:
        known = jobs.told(visitor(request))
        tag = {"ETag": f'"{jobs.version(known)}"'}
        if request.headers.get("if-none-match") == tag["ETag"]:
            return Response(status_code=304, headers=tag)
        return HTMLResponse(render_ledger(known), headers=tag)

    @app.delete("/uploads", status_code=204)
    def clear(request: Request) -> Response:
        jobs.clear(visitor(request))
        return Response(status_code=204)

    @app.delete("/uploads/{upload_id}", status_code=204)
    def end(request: Request, upload_id: str) -> Response:
        jobs.cancel(upload_id, visitor(request))
        return Response(status_code=204)

    @app.post("/uploads/{upload_id}/retry", status_code=204)
    def retry(request: Request, upload_id: str) -> Response:
        jobs.retry(upload_id, visitor(request))
        return Response(status_code=204)

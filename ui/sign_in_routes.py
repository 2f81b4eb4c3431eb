"""The way in and out: ``/sign-in``, ``/sign-out``, and ``/me``."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from rag.errors import FootnoteError
from ui.cookies import forget, keep, token_of
from ui.sign_in import WRONG, inside, render_sign_in, seconds_of, words_of
from ui.sign_ins import Refused, SignIns
from ui.visitors import visitor

MOST_BYTES = 16 * 1024
"""Largest form: a name, a password of 1,024 characters, and where to go."""


def add_sign_in_routes(app: FastAPI, sign_ins: SignIns | None) -> None:
    """Add the routes; where nobody has to sign in there is only ``/me``, which knows no name."""

    @app.get("/me")
    def me(request: Request) -> dict[str, str | None]:
        return {"name": visitor(request) or None}

    if sign_ins is None:
        return

    @app.get("/sign-in")
    def page(request: Request, wanted: Annotated[str, Query(alias="next")] = "/") -> Response:
        if visitor(request):
            return RedirectResponse(inside(wanted), 303)
        return HTMLResponse(render_sign_in(wanted=inside(wanted)))

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        if form is None:
            return JSONResponse({"detail": "the form is too large"}, 413)
        return await _signed_in(request, sign_ins, form)

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await sign_ins.end(token_of(request))
        response = RedirectResponse("/sign-in", 303)
        forget(response, request)
        return response


async def _signed_in(request: Request, sign_ins: SignIns, form: dict[str, str]) -> Response:
    """Return the way on with a new session, or the page again with what was wrong."""
    name, wanted = form.get("name", "").strip(), inside(form.get("next", "/"))
    address = request.client.host if request.client else ""
    headers: dict[str, str] = {}
    try:
        begun = await sign_ins.begin(name, form.get("password", ""), address)
        if isinstance(begun, str):
            await sign_ins.end(token_of(request))
            response = RedirectResponse(wanted, 303)
            keep(response, request, begun)
            return response
    except FootnoteError as error:
        why, status = str(error)[:1].upper() + str(error)[1:], 503
    else:
        why, status = WRONG, 401
        if isinstance(begun, Refused):
            why, status = words_of(begun), 503 if begun.busy else 429
            headers = {"Retry-After": str(seconds_of(begun))}
    return HTMLResponse(render_sign_in(wanted=wanted, name=name, error=why), status, headers=headers)


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form as browsers send it without files, or None where it is too large."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            return None
    fields = parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}

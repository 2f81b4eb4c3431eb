"""The page on which people read the API's description and try its routes: Swagger UI, from this machine."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

PAGE, PARTS = "/docs", "/docs-parts"

_IN_THE_DARK = b"""<head>
<script>
document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches)
</script>"""


def add_page(api: FastAPI) -> None:
    """Add the page, and the script and style that it needs."""
    api.mount(PARTS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-parts")

    @api.get(PAGE, include_in_schema=False)
    def show(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{api.openapi_url}",
            title="Footnote: the API",
            swagger_js_url=f"{root}{PARTS}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{PARTS}/swagger-ui.css",
            swagger_favicon_url="/ui/icon.svg",
            swagger_ui_parameters={"validatorUrl": None, "persistAuthorization": False},
        )
        return HTMLResponse(bytes(page.body).replace(b"<head>", _IN_THE_DARK, 1))

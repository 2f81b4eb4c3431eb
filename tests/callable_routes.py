"""The routes of an application as OpenAPI tells them, and values that fit what each of them takes."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Mount

OFTEN = 15
"""Times that one of our own routes is called for each time that one of Gradio's is."""


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, dict, dict]]:
    """Yield every route as (method, path, what OpenAPI says of it, schemas): ours, the API's and Gradio's.

    Ours come often enough that most calls are to them.
    """
    for mount in app.routes:
        if isinstance(mount, Mount) and mount.path and isinstance(mount.app, FastAPI):
            yield from _of(mount.app.openapi(), mount.path, OFTEN)
    gradio = next(route.app for route in app.routes if isinstance(route, Mount) and not route.path)
    for times, routes in ((OFTEN, app.routes), (1, gradio.routes)):
        with warnings.catch_warnings():  # one that answers HEAD as well has the same name twice
            warnings.filterwarnings("ignore", "Duplicate Operation ID", UserWarning)
            told = get_openapi(title="", version="", routes=[r for r in routes if not isinstance(r, Mount)])
        yield from _of(told, "", times)


def _of(told: dict, prefix: str, times: int) -> Iterator[tuple[str, str, dict, dict]]:
    schemas = told.get("components", {}).get("schemas", {})
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            yield from [(method.upper(), prefix + path, operation, schemas)] * times


def likely(name: str, values: list[str]) -> list[str]:
    """Return values of which most are of the kind that a parameter's name tells, as ``document_id`` does."""
    kinds = {"document": ("1", "2"), "session": ("hash",)}
    kind = next((k for k in ("document", "collection", "conversation", "turn", "session") if k in name), "")
    fit = [value for value in values if kind and value.rpartition("-")[2] in kinds.get(kind, (kind,))]
    fit = fit or [value for value in values if kind == "conversation" and re.fullmatch("[0-9a-f]{32}", value)]
    return values + fit * (2 * len(values) // max(len(fit), 1))


def fitting(schema: dict, schemas: dict, draw: random.Random, values: list[str]):
    """Return a value of a JSON schema, with these values wherever it wants words."""
    if "$ref" in schema:
        return fitting(schemas[schema["$ref"].rpartition("/")[2]], schemas, draw, values)
    if draw.random() < 0.05:
        return draw.choice(values)
    if "anyOf" in schema:
        return fitting(draw.choice(schema["anyOf"]), schemas, draw, values)
    if "enum" in schema or "const" in schema:
        return draw.choice(schema.get("enum") or [schema["const"]])
    kind = schema.get("type", "string")
    if kind == "object":
        named = schema.get("properties", {}).items()
        return {key: fitting(each, schemas, draw, likely(key, values)) for key, each in named}
    if kind == "array":
        return [fitting(schema.get("items", {}), schemas, draw, values) for _ in range(draw.randrange(3))]
    return {"integer": draw.randrange(40), "number": 0.5, "boolean": True, "null": None}.get(
        kind, draw.choice(values)
    )

"""Calls at random that mix up what users have: every route, with values that are one's own or another's."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import quote, urlencode

from callable_routes import fitting, likely

PEOPLE = ("anna", "bob", "carol")
QUESTION = "When did the zebra cross the river?"
_TALK = re.compile(r"[0-9a-f]{32}")

WORDS = ("", "1", "0", "-1", "zebra", "me", "true", "null", "../..", "%00", "a" * 300, "2026-01-01", "light")
"""Values that name nothing of anybody's."""

SLOW = ("/gradio_api/upload_progress",)
"""Routes that wait for seconds: called now and then only."""

BODIES: dict[tuple[str, str], Callable[[random.Random, list[str]], dict | list | str]] = {}
"""Bodies of routes whose schema does not tell what they want: (method, path) -> a body made of these values.

A dict or list is sent as JSON, a str as a form. A route that takes `Request` and reads the body by itself, or
a value with a structure of its own, gets its entry here; all others are made from the schema.
"""


def body_of(method: str, path: str):
    """Register how the body of a route is made."""
    return lambda make: BODIES.setdefault((method, path), make)


@body_of("POST", "/sign-in")
def _sign_in(draw: random.Random, values: list[str]) -> str:
    return urlencode({"name": draw.choice(PEOPLE), "password": draw.choice(values), "next": "/"})


@body_of("POST", "/gradio_api/queue/join")
def _join(draw: random.Random, values: list[str]) -> dict:
    talks = [value for value in values if _TALK.fullmatch(value)] or [values[0]]
    odd = [QUESTION, None, draw.choice(values), {"path": draw.choice(values)}]
    data = draw.choice([[QUESTION, context(draw.choice(talks))], [context(draw.choice(talks))], odd])
    return {"session_hash": draw.choice(values), "fn_index": draw.randrange(12), "data": data}


@body_of("POST", "/gradio_api/cancel")
def _cancel(draw: random.Random, values: list[str]) -> dict:
    names = {"session_hash": draw.choice(values), "event_id": draw.choice(values)}
    return names | {"fn_index": draw.randrange(12)}


@dataclass
class Person:
    """A user, the secret words that stand in all of their things, and the ids of these."""

    name: str
    secret: str
    token: str = ""
    key: str = ""
    ids: list[str] = field(default_factory=list)
    keyless: list[str] = field(default_factory=list)

    @property
    def conversation(self) -> str:
        """The id of a conversation, as a page makes it up."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]

    @property
    def cookie(self) -> dict[str, str]:
        return {"cookie": f"footnote={self.token}"}


def context(conversation: str) -> str:
    """Return what the page sends with a question."""
    return json.dumps({"conversation": conversation, "replaces": None, "collection": "", "documents": []})


def random_call(
    person: Person, people: Collection[Person], routes: Sequence, draw: random.Random
) -> tuple[str, str, str, dict | list | str | None]:
    """Return a method, a route, its address with values filled in, and a body."""
    own = draw.random() < 0.5
    of = [person] if own else people
    values = [*chain.from_iterable(each.ids for each in of), *draw.sample(WORDS, 3)]
    method, path, operation, schemas = draw.choice(routes)
    if path in SLOW and draw.random() < 0.95:
        return random_call(person, people, routes, draw)
    if draw.random() < 0.05:
        method = draw.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
    target, query = path, {}
    for each in operation.get("parameters", ()):
        value = str(fitting(each["schema"], schemas, draw, likely(each["name"], values)))
        if each["in"] == "path":
            target = target.replace("{" + each["name"] + "}", quote(value, safe=""))
        elif each["in"] == "query" and (each.get("required") or draw.random() < 0.5):
            query[each["name"]] = value
    if query:
        target += "?" + urlencode(query)
    make = BODIES.get((method, path))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = make(draw, values) if make else None
    if body is None and content:
        body = fitting(content["schema"], schemas, draw, values)
    return method, path, target, body

"""Three users with things of their own in one library, who call it at random; see `crossing_calls`."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import datetime, timedelta

import sqlalchemy as sa
from asgi import Reply, call
from callable_routes import routes_of
from crossing_calls import PEOPLE, QUESTION, Person, context, random_call
from fakes import put
from fastapi import FastAPI

from rag.maintenance.upkeep import UPLOADS
from rag.people.access import private_folder
from rag.people.api_keys import MOST_A_MINUTE, ApiKeys
from rag.people.sessions import Sessions
from rag.storage.tables import (
    api_keys,
    collected,
    collections,
    conversations,
    documents,
    feedback,
    metadata,
    sessions,
    turns,
)
from rag.storage.tables import users as people

PASSWORD = "correct horse battery"  # noqa: S105
NOW = "2026-01-01T00:00:00+00:00"
ASK = "submit"
API = "/api/v1/"


class World:
    """An application over a library in which three users have something of every kind."""

    def __init__(self, app: FastAPI, assistant, seed: int) -> None:
        self.app = app
        self.library, self._embedder = assistant.library, assistant.embedder
        self.draw = random.Random(seed)
        self.people = {name: Person(name, f"xq{self.draw.randbytes(6).hex()}") for name in PEOPLE}
        self._asked = 0
        put(self.library, "everybodys", "The zebra crossed the river in May.", self._embedder)
        for person in self.people.values():
            person.key = ApiKeys(self.library.catalog).add(person.name, person.name, MOST_A_MINUTE)
            self.renew(person)
        self.routes = list(routes_of(app))
        self.our_paths = {getattr(route, "path", "") for route in app.routes}
        self.our_paths |= {path for _, path, _, _ in self.routes if path.startswith(API)}

    def renew(self, person: Person) -> None:
        """Give a user again what their own calls have removed; ids stay as they are."""
        name, secret = person.name, person.secret
        folder = self.library.path / UPLOADS / private_folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        there = {document.id for document in self.library.documents()}
        for n in "12":
            file = folder / f"{secret} {n}.txt"
            text = f"The zebra {secret} crossed the river on {n} May.\nThe {secret} minister spoke about oil."
            file.write_text(text, "utf-8")
            if f"{name}-{n}" not in there:
                uri = file.absolute().as_uri()
                put(
                    self.library,
                    f"{name}-{n}",
                    text,
                    self._embedder,
                    uri=uri,
                    title=f"The zebra {secret} {n}",
                )
        with self.library.catalog.transaction(write=True) as connection:
            for table, row in self._rows(person):
                connection.execute(sa.dialects.sqlite.insert(table).values(row).on_conflict_do_nothing())
        if Sessions(self.library.catalog).user_of(person.token) is None:
            person.token = Sessions(self.library.catalog).begin(name)
        person.keyless = self._opening_nothing(person)
        own = [f"{name}-{kind}" for kind in ("1", "2", "collection", "turn", "hash", "upload")] + [
            person.conversation
        ]
        passages = sorted(self.library.catalog.passage_ids_of([f"{name}-1"]))
        person.ids = list(dict.fromkeys([*own, *passages, *person.ids]))[-60:]

    def _rows(self, person: Person):
        name, secret = person.name, person.secret
        made = {"owner": name, "made_at": NOW}
        talk = person.conversation
        yield collections, {"id": f"{name}-collection", "name": f"Zebras {secret}", **made}
        yield collected, {"collection_id": f"{name}-collection", "document_id": f"{name}-1"}
        facts = {"title": f"Of zebras {secret}", "scope": {}, "changed_at": NOW, **made}
        yield conversations, {"id": talk, **facts}
        asked = {"question": f"When did the {secret} zebra come?", "words": f"zebra {secret}"}
        yield (
            turns,
            {"id": f"{name}-turn", "conversation_id": talk, "state": "stopped", "asked_at": NOW, **asked},
        )
        told = {"verdict": "right", "note": f"so said {secret}", "made_at": NOW}
        yield feedback, {"turn_id": f"{name}-turn", **told}

    def digest(self, names: tuple[str, ...]) -> str:
        """Return one hash of all rows and files of these users, and of everybody's document."""
        with self.library.catalog.transaction(write=False) as connection:
            of = {
                "documents": sa.or_(documents.c.id.like("everybodys"), *_starting(documents.c.id, names)),
                "collections": collections.c.owner.in_(names),
                "conversations": conversations.c.owner.in_(names),
                "users": people.c.name.in_(names),
                "api_keys": api_keys.c.user.in_(names),
                "sessions": sessions.c.user.in_(names) & (sessions.c.expires_at > NOW),
                "collected": sa.or_(*_starting(collected.c.collection_id, names)),
                "turns": turns.c.conversation_id.in_([self.people[name].conversation for name in names]),
                "feedback": sa.or_(*_starting(feedback.c.turn_id, names)),
                "titles": sa.or_(*_starting(metadata.tables["titles"].c.document_id, names)),
                "texts": sa.or_(*_starting(metadata.tables["texts"].c.document_id, names)),
                "passages": sa.or_(*_starting(metadata.tables["passages"].c.document_id, names)),
            }
            rows = [
                sorted(map(repr, connection.execute(sa.select(metadata.tables[table]).where(which))))
                for table, which in of.items()
            ]
        folders = [self.library.path / UPLOADS / private_folder(name) for name in names]
        files = [
            (file.name, file.read_bytes())
            for folder in folders
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        ]
        return hashlib.sha256(repr((rows, files)).encode()).hexdigest()

    def _opening_nothing(self, person: Person) -> list[str]:
        """Return tokens that open nothing: none, tampered, cut, expired, of another shape."""
        token = person.token
        past = Sessions(self.library.catalog, lambda: datetime.fromisoformat(NOW) - timedelta(days=8))
        swapped = token[:-1] + ("A" if token[-1] != "A" else "B")
        stored = hashlib.sha256(token.encode()).hexdigest()
        return ["", swapped, token[:20], past.begin(person.name), stored, person.name, token + "="]

    def token_for(self, person: Person, path: str) -> str:
        """Return a user's token; to sign out, one that nothing else needs."""
        return Sessions(self.library.catalog).begin(person.name) if path == "/sign-out" else person.token

    def headers_for(self, person: Person, path: str, *, stranger: bool) -> dict[str, str]:
        """Return what a user says of who they are, at the API by key more often than not; a stranger lies."""
        token = self.draw.choice(person.keyless) if stranger else self.token_for(person, path)
        said = {"cookie": f"footnote={token}"} if token else {}
        if path.startswith(API) and self.draw.random() < (0.2 if stranger else 0.8):
            lie = self.draw.choice([person.key[:-1], person.key.swapcase(), person.name, person.token])
            return said | {"authorization": f"Bearer {lie if stranger else person.key}"}
        return said

    async def ask(self, person: Person) -> Reply:
        """Ask as a user on the page, and follow the answer; another one is left for whoever may take it."""
        config = json.loads((await call(self.app, "GET", "/config", person.cookie)).body)
        found = next(each for each in config["dependencies"] if each["targets"][0][1] == ASK)
        data = [QUESTION, context(person.conversation)]
        self._asked += 1
        for session in (f"{person.name}-hash", f"{person.name}-{self._asked}"):
            body = {"session_hash": session, "fn_index": found["id"], "data": data}
            joined = await self.send(person.cookie, "POST", "/gradio_api/queue/join", body)
            person.ids.append(json.loads(joined.body)["event_id"])
        target = f"/gradio_api/queue/data?session_hash={session}"
        return await call(self.app, "GET", target, person.cookie, patience=20)

    async def send(self, headers: dict, method: str, target: str, body: dict | list | str | None) -> Reply:
        """Call with a body of JSON or of a form."""
        if body is None:
            return await call(self.app, method, target, headers)
        if isinstance(body, str):
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return await call(self.app, method, target, headers | kind, body.encode())
        kind = {"content-type": "application/json"}
        return await call(self.app, method, target, headers | kind, json.dumps(body).encode())

    def random_call(self, person: Person) -> tuple[str, str, str, dict | list | str | None]:
        """Return a method, a route, its address with values filled in, and a body."""
        return random_call(person, self.people.values(), self.routes, self.draw)


def _starting(column: sa.Column, names: tuple[str, ...]) -> list:
    return [column.like(f"{name}-%") for name in names]

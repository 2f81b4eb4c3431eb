"""Ten thousand calls at random by three users and by nobody: nothing of one ever comes to another.

Routes are found in the application itself, so that new ones are called as well. A route that reads its body
by itself needs an entry in `crossing_calls.BODIES`; a new kind of thing that users have is made in
`crossing.World.renew`.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import pytest
from asgi import Reply
from crossing import PASSWORD, World
from crossing_calls import PEOPLE
from fakes import AngleEmbedder

from rag.assistant import Assistant
from rag.library import Library
from rag.people.users import Users
from rag.settings import Settings
from ui.app import create_app

CALLS = 10_000
SEED = 20_261_123
STRANGER = 0.15
"""Share of the calls that are made with no cookie, or one that opens nothing."""

RENEW = 100
"""Calls at a time, after which a user gets again what was removed by their own."""

OPEN = ("/sign-in", "/health", "/ready")


@pytest.fixture
def opened(tmp_path):
    settings = Settings(library=tmp_path / "library", llm="none", auth=True)
    library = Library.open(settings.library, create=True)
    for name in PEOPLE:
        Users(library.catalog).add(name, PASSWORD)
    with Assistant(library, AngleEmbedder(), None, settings) as assistant:
        yield assistant


def test_nothing_of_one_user_comes_to_another(opened, capsys):
    statuses, ours = asyncio.run(_run(opened))
    with capsys.disabled():
        sys.stdout.write(f"\n{sum(statuses.values()):,} calls: " + _counted(statuses))
        sys.stdout.write(f"\nof these by users to our own routes: {_counted(ours)}\n")
    assert sum(statuses.values()) == CALLS
    assert ours[200] + ours[204] > CALLS / 10, "hardly a call of users to what is theirs reached it"
    assert statuses[401] + statuses[303] > CALLS * STRANGER / 2, "hardly a stranger was refused"
    assert not [status for status in ours if status >= 500]


def _counted(statuses: Counter) -> str:
    return ", ".join(f"{status}: {n:,}" for status, n in sorted(statuses.items()))


async def _run(assistant) -> tuple[Counter, Counter]:
    app = create_app(assistant, assistant.settings)
    statuses, ours = Counter(), Counter()
    async with app.router.lifespan_context(app):
        try:
            world = World(app, assistant, SEED)
            for person in world.people.values():
                await _ask(world, person)
            for name in PEOPLE:
                await _random_calls(world, name, CALLS // len(PEOPLE) + (name == PEOPLE[0]), statuses, ours)
        finally:
            app.state.end_streams()
    return statuses, ours


async def _random_calls(world: World, name: str, calls: int, statuses: Counter, ours: Counter) -> None:
    """Let one user, and strangers, call; nothing of the others may show or change."""
    me = world.people[name]
    others = tuple(each for each in PEOPLE if each != name)
    before = world.digest(others)

    async def one() -> None:
        stranger = world.draw.random() < STRANGER
        method, path, target, body = world.random_call(me)
        reply = await world.send(world.headers_for(me, path, stranger=stranger), method, target, body)
        statuses[reply.status] += 1
        _check(world, reply, f"{method} {target} by {'a stranger' if stranger else name}", stranger, name)
        if stranger:
            assert reply.status != 200 or path in OPEN, (method, target, reply.words)
        elif path in world.our_paths:
            ours[reply.status] += 1

    for at in range(0, calls, RENEW):
        world.renew(me)
        await _ask(world, me)
        await asyncio.gather(*(one() for _ in range(min(RENEW, calls - at))))
    while b'data-alive="0"' not in (await world.send(me.cookie, "GET", "/uploads", None)).body:
        await asyncio.sleep(0.1)  # what the user has sent is still being read
    assert world.digest(others) == before, f"the calls of {name} changed something of others"


async def _ask(world: World, person) -> None:
    """Ask, and open the page: what comes rests on the user's own documents, and on everybody's."""
    answered = await world.ask(person)
    listed = await world.send(person.cookie, "GET", "/view/conversations", None)
    for reply in (answered, listed):
        assert reply.status == 200
        _check(world, reply, f"the page of {person.name}", False, person.name)
    assert person.secret in answered.words


def _check(world: World, reply: Reply, what: str, stranger: bool, name: str) -> None:
    """Make sure that a reply holds no secret of others, and of nobody's where nobody is signed in."""
    words = reply.words
    for person in world.people.values():
        if stranger or person.name != name:
            assert person.secret not in words, f"{what}: {words[:2000]}"

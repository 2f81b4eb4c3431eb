"""``deploy/nginx/nginx.conf`` in Debian's nginx, before two small servers of which one is killed."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from browsers import visit
from fronts import CONF, Front, free_ports, front_of, until_answers
from hands import NEWS, QUESTION, SAID, asked

pytestmark = pytest.mark.shared

UPSTREAM = """
import asyncio, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

name, port = sys.argv[1], int(sys.argv[2])
counted, go = [], asyncio.Event()

async def who(request):
    return JSONResponse({"name": name, "headers": dict(request.headers), "scheme": request.url.scheme})

async def count(request):
    counted.append(len(await request.body()))
    return JSONResponse({"name": name, "sizes": counted})

async def slow(request):
    counted.append(len(await request.body()))
    if name == "one":
        print("slow", flush=True)
        await asyncio.sleep(600)
    return JSONResponse({"name": name, "sizes": counted})

async def sizes(request):
    return JSONResponse(counted)

async def stream(request):
    async def events():
        yield f"data: {name}\\n\\n"
        await go.wait()
        yield "data: end\\n\\n"
    return StreamingResponse(events(), media_type="text/event-stream")

async def let_go(request):
    go.set()
    return JSONResponse(name)

routes = [
    Route("/count", count, methods=["POST"]), Route("/slow", slow, methods=["GET", "POST"]),
    Route("/sizes", sizes), Route("/stream", stream), Route("/go", let_go), Route("/{path:path}", who),
]
uvicorn.run(Starlette(routes=routes), port=port, log_level="error")
"""


class Upstream:
    """A server that says who it is, in a process of its own."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.url = name, f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-c", UPSTREAM, name, str(port)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        until_answers(self.url)

    def kill(self) -> None:
        with self.process:
            self.process.kill()


class Pair:
    """nginx before two of these."""

    def __init__(self, front: Front, upstreams: list[Upstream]) -> None:
        self.front, self.upstreams = front, upstreams

    def of(self, upstream: Upstream) -> httpx.Client:
        """Return somebody whose requests this one gets."""
        for number in range(100):
            with self.front.client(f"session-{number}") as client:
                if client.get("/").json()["name"] == upstream.name:
                    return self.front.client(f"session-{number}")
        raise AssertionError("all sessions are with the other one")


@pytest.fixture
def pair(tmp_path) -> Iterator[Pair]:
    ports = free_ports(2)
    with front_of(tmp_path, *(f"127.0.0.1:{port}" for port in ports)) as front, ExitStack() as stack:
        upstreams = [Upstream(name, port) for name, port in zip(("one", "two"), ports, strict=True)]
        for upstream in upstreams:
            stack.callback(upstream.kill)
        yield Pair(front, upstreams)


@pytest.fixture
def front(pair) -> Front:
    return pair.front


def test_the_linter_has_nothing_to_say() -> None:
    """The application itself checks Host against its own names, and sends Strict-Transport-Security."""
    linter = Path(sys.executable).parent / "gixy"
    done = subprocess.run(
        [linter, "-f", "json", "--skips", "host_spoofing,hsts_header", CONF], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0)


def test_everything_about_a_request_arrives(front) -> None:
    with front.client() as client:
        reply = client.get(
            "/documents?q=1", headers={"x-forwarded-for": "203.0.113.9", "host": "docs.example.com:8443"}
        )
        told = reply.json()["headers"]
    assert told["host"] == "docs.example.com:8443"
    assert told["x-forwarded-for"] == "127.0.0.1"  # not what the visitor says
    assert told["x-forwarded-proto"] == "https"
    log = front.log.read_text()
    assert re.search(r'"GET /documents" 200', log)
    assert "q=1" not in log


def test_http_leads_to_https(front) -> None:
    reply = httpx.get(f"{front.plain}/documents?q=1")
    assert (reply.status_code, reply.headers["location"]) == (308, "https://127.0.0.1/documents?q=1")


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/local/hello"])
def test_what_is_for_those_within_is_not_passed_on(front, path: str) -> None:
    with front.client() as client:
        assert client.get(path).status_code == 404
        assert client.get("/health").json()["name"]


def test_who_is_signed_in_stays_with_one_and_all_are_shared_out(front) -> None:
    places = Counter()
    for number in range(40):
        with front.client(f"session-{number}") as client:
            [name] = {client.get("/").json()["name"] for _ in range(3)}
        places[name] += 1
    assert set(places) == {"one", "two"}
    assert min(places.values()) > 5


def test_events_pass_as_they_come(front) -> None:
    with front.client("anna") as client, client.stream("GET", "/stream") as events:
        lines = events.iter_lines()
        assert next(lines) in ("data: one", "data: two")
        client.get("/go")  # only now the server says more
        assert "data: end" in list(lines)


def test_a_large_upload_passes(front) -> None:
    with front.client() as client:
        assert client.post("/count", content=bytes(20 * 2**20)).json()["sizes"] == [20 * 2**20]


def test_when_one_is_killed_requests_go_on(pair) -> None:
    failures, stop = [], threading.Event()

    def ask(number: int) -> int:
        done = 0
        with pair.front.client(f"session-{number}") as client:
            while not stop.is_set():
                reply = client.get("/")
                if reply.status_code != 200:
                    failures.append(reply.status_code)
                done += 1
        return done

    with ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask, number) for number in range(4)]
        time.sleep(0.5)
        pair.upstreams[0].kill()
        time.sleep(1)
        pair.upstreams[0].start()
        time.sleep(0.5)
        stop.set()
    assert all(each.result() > 10 for each in asking)
    assert failures == []


def test_what_was_not_sent_is_sent_to_the_other(pair) -> None:
    one, two = pair.upstreams
    with pair.of(one) as client:
        one.kill()
        reply = client.post("/count", content=b"question")
    assert (reply.status_code, reply.json()) == (200, {"name": "two", "sizes": [8]})


@pytest.mark.parametrize(("method", "status", "asked"), [("POST", 502, []), ("GET", 200, [8])])
def test_what_one_died_of_is_asked_again_only_if_it_changes_nothing(pair, method, status, asked) -> None:
    one, two = pair.upstreams
    with pair.of(one) as client, ThreadPoolExecutor(1) as other:
        reply = other.submit(client.request, method, "/slow", content=b"question")
        assert one.process.stdout.readline() == "slow\n"
        one.kill()
        assert reply.result().status_code == status
    assert httpx.get(f"{two.url}/sizes").json() == asked


@pytest.mark.browser
def test_a_question_is_asked_and_answered_on_the_page_behind_it(tmp_path, served) -> None:
    served.put("news", NEWS)
    served.model.answers = [SAID]
    here = served.url.removeprefix("http://")
    with front_of(tmp_path, here, here) as front, visit(front.url, ignore_https_errors=True) as seen:
        seen.page.wait_for_selector(".welcome h1")
        asked(seen.page, QUESTION)
        assert seen.page.inner_text(".sentence.supported .said") == "The plane came on 26 October."
        assert (seen.strangers, seen.complaints) == ([], [])

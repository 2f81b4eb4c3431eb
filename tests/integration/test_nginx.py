"""``deploy/nginx/nginx.conf`` in Debian's nginx, before two small servers of which one is killed."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.shared

CONF = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")

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


class Front:
    """nginx before two of these, with a certificate of its own."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(4)
        self.plain, self.url = f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}"
        self.upstreams = [Upstream("one", ports[2]), Upstream("two", ports[3])]
        self.trust = ssl.create_default_context(cafile=made_certificate(folder))
        self.conf = folder / "nginx.conf"
        self.conf.write_text(moved(CONF.read_text("utf-8"), folder, ports))
        assert NGINX is not None
        self.process = subprocess.Popen(
            [NGINX, "-p", folder, "-c", self.conf, "-g", f"daemon off; user {getpass.getuser()};"],
            stderr=subprocess.PIPE,
            text=True,
        )
        until_answers(self.plain)

    def client(self, session: str = "") -> httpx.Client:
        """Return somebody who is signed in with this session, over https."""
        cookies = {"__Host-footnote": session} if session else {}
        return httpx.Client(base_url=self.url, verify=self.trust, cookies=cookies, timeout=60)

    def of(self, upstream: Upstream) -> httpx.Client:
        """Return somebody whose requests this one gets."""
        for number in range(100):
            with self.client(f"session-{number}") as client:
                if client.get("/").json()["name"] == upstream.name:
                    return self.client(f"session-{number}")
        raise AssertionError("all sessions are with the other one")

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)
        for upstream in self.upstreams:
            upstream.kill()


def free_ports(number: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def until_answers(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(url, timeout=10)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def made_certificate(folder: Path) -> Path:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=docs.example.com", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command += ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "tls.crt"


def moved(conf: str, folder: Path, ports: list[int]) -> str:
    """Return the configuration with other places for files, and other addresses; nothing else differs."""
    for old, new in (
        ("/tmp/", f"{folder}/"),  # noqa: S108 - of the container
        ("/tls/", f"{folder}/"),
        ("/dev/stdout", f"{folder}/access.log"),
        ("listen 8080", f"listen 127.0.0.1:{ports[0]}"),
        ("listen 8443", f"listen 127.0.0.1:{ports[1]}"),
        ("footnote-1:7860", f"127.0.0.1:{ports[2]}"),
        ("footnote-2:7860", f"127.0.0.1:{ports[3]}"),
    ):
        assert old in conf, old
        conf = conf.replace(old, new)
    return conf


@pytest.fixture
def front(tmp_path) -> Iterator[Front]:
    if NGINX is None:
        pytest.skip("no nginx on this machine: install the package nginx-light of your system")
    made = Front(tmp_path)
    yield made
    made.end()


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
    log = (front.conf.parent / "access.log").read_text()
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


def test_when_one_is_killed_requests_go_on(front) -> None:
    failures, stop = [], threading.Event()

    def ask(number: int) -> int:
        done = 0
        with front.client(f"session-{number}") as client:
            while not stop.is_set():
                reply = client.get("/")
                if reply.status_code != 200:
                    failures.append(reply.status_code)
                done += 1
        return done

    with ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask, number) for number in range(4)]
        time.sleep(0.5)
        front.upstreams[0].kill()
        time.sleep(1)
        front.upstreams[0].start()
        time.sleep(0.5)
        stop.set()
    assert all(each.result() > 10 for each in asking)
    assert failures == []


def test_what_was_not_sent_is_sent_to_the_other(front) -> None:
    one, two = front.upstreams
    with front.of(one) as client:
        one.kill()
        reply = client.post("/count", content=b"question")
    assert (reply.status_code, reply.json()) == (200, {"name": "two", "sizes": [8]})


@pytest.mark.parametrize(("method", "status", "asked"), [("POST", 502, []), ("GET", 200, [8])])
def test_what_one_died_of_is_asked_again_only_if_it_changes_nothing(front, method, status, asked) -> None:
    one, two = front.upstreams
    with front.of(one) as client, ThreadPoolExecutor(1) as other:
        reply = other.submit(client.request, method, "/slow", content=b"question")
        assert one.process.stdout.readline() == "slow\n"
        one.kill()
        assert reply.result().status_code == status
    assert httpx.get(f"{two.url}/sizes").json() == asked

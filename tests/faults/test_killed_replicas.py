"""Two replicas behind nginx; one after the other is killed while people ask, send files and sign in."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from replicas import PASSWORD, PATIENCE_S, Replicas, replicas
from tally import TALLY, some

from rag.maintenance.contents import is_kept
from rag.people.api_keys import ApiKeys
from rag.storage.postgres_engine import temporary_schema

pytestmark = pytest.mark.shared

KILLS = some(20, 2)
PEOPLE = ("anna", "bob")
READ = frozenset({"done", "unchanged"})
GONE = frozenset({409, 429, 502, 503, 504})
"""What is answered while a replica is gone, or another one goes on with the question; a try to sign in that
died with its replica counts as a wrong one for a minute."""


@pytest.fixture(scope="module")
def pair(cluster, tmp_path_factory) -> Iterator[Replicas]:
    with (
        temporary_schema(cluster.url) as url,
        replicas(tmp_path_factory.mktemp("both"), url, [*PEOPLE]) as both,
    ):
        yield both


@pytest.fixture
def running(pair) -> Replicas:
    """Both of them, whatever the test before killed."""
    pair.revive()
    return pair


class Person:
    """Asks one question after the other in a conversation, and sends one file after the other."""

    def __init__(self, running: Replicas, name: str) -> None:
        self.name = name
        self.asked: list[str] = []
        self.sent: dict[str, str] = {}
        self.retries = 0
        self._running = running
        with running.program(name) as client:
            self.conversation = client.post("/api/v1/conversations", json={}).json()["id"]

    def ask(self, stop: threading.Event) -> None:
        with self._running.program(self.name) as client:
            while not stop.is_set():
                question = f"When did the plane come from Libya, asked {len(self.asked)} times before?"
                self.asked.append(question)
                while not self._is_answered(client, question):
                    time.sleep(0.1)

    def send(self, stop: threading.Event) -> None:
        with self._running.program(self.name) as client:
            while not stop.is_set():
                name, text = f"{len(self.sent)}.txt", f"The zebra {secrets.token_hex(8)} crossed the river."
                self._until(client, "POST", f"/api/v1/documents?path={name}", 202, content=text)
                self.sent[name] = text
                stop.wait(0.5)  # some always wait to be read

    def sign_in(self, stop: threading.Event) -> None:
        form = {"name": self.name, "password": PASSWORD}
        while not stop.is_set():
            with self._running.client() as browser:
                self._until(browser, "POST", "/sign-in", 303, data=form)
                assert self._until(browser, "GET", "/me", 200).json() == {"name": self.name}
            stop.wait(0.5)  # a password costs half a second of the processor

    def turns(self, client: httpx.Client) -> list[dict]:
        return self._until(client, "GET", f"/api/v1/conversations/{self.conversation}", 200).json()["turns"]

    def _is_answered(self, client: httpx.Client, question: str) -> bool:
        """Ask, unless the question is there already, and return whether it has its answer."""
        known = {turn["question"]: turn["state"] for turn in self.turns(client)}
        if question in known:
            return known[question] != "asked"
        try:
            at = f"/api/v1/conversations/{self.conversation}/ask"
            status = client.post(at, json={"question": question}).status_code
        except httpx.TransportError:
            return False
        assert status in GONE | {200}
        return status == 200

    def _until(self, client: httpx.Client, method: str, path: str, status: int, **more) -> httpx.Response:
        """Call until the answer has this status; only where a replica is gone another one is allowed."""
        end = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < end
            try:
                reply = client.request(method, path, **more)
            except httpx.TransportError:
                self.retries += 1
                continue
            if reply.status_code == status:
                return reply
            assert reply.status_code in GONE, (reply.status_code, reply.text)
            self.retries += 1
            time.sleep(0.1)


def test_one_after_the_other_is_killed_and_people_notice_at_most_a_retry(running) -> None:
    people = [Person(running, name) for name in PEOPLE]
    stop, draw = threading.Event(), random.Random(5)
    with ThreadPoolExecutor(8) as pool:
        at_work = [pool.submit(work, stop) for each in people for work in (each.ask, each.send)]
        at_work.append(pool.submit(people[0].sign_in, stop))
        try:
            for number in range(KILLS):
                all_go_on(people)
                time.sleep(draw.random())
                victim = running.both[number % 2]
                victim.kill()
                time.sleep(draw.random())
                victim.start()
                victim.until_ready()
            all_go_on(people)
        finally:
            stop.set()
        for each in at_work:
            each.result(PATIENCE_S)
    for person in people:
        look_at(running, person)
    TALLY["replicas killed under load"] += KILLS
    TALLY["questions asked there, each answered once"] += sum(len(person.asked) for person in people)
    TALLY["times that a call was made again there"] += sum(person.retries for person in people)
    TALLY["files sent there, each kept once"] += sum(len(person.sent) for person in people)


def test_what_one_counted_counts_for_the_other_and_when_it_is_gone(running) -> None:
    one, two = running.both
    key = ApiKeys(running.library.catalog).add("slow", "anna", 6)

    def search(at) -> int:
        shown, words = {"Authorization": f"Bearer {key}"}, {"q": "plane"}
        return httpx.get(f"{at.url}/api/v1/search", params=words, headers=shown, timeout=60).status_code

    def sign_in(at, password: str) -> int:
        form = {"name": "bob", "password": password}
        # a try that died with its replica counts for the address that the others come from
        far = {"X-Forwarded-For": "203.0.113.9"}
        return httpx.post(f"{at.url}/sign-in", data=form, headers=far, timeout=60).status_code

    assert [search(at) for at in (one, two) * 3] == [200] * 6
    assert [sign_in(at, "a wrong password") for at in (one, two, one, two, one)] == [401] * 5
    assert [search(two), sign_in(two, PASSWORD)] == [429, 429]
    two.kill()
    assert [search(one), sign_in(one, PASSWORD)] == [429, 429]


def all_go_on(people: list[Person]) -> None:
    """Wait until everybody has the answer to what they ask now, and asks the next one."""
    end = time.monotonic() + PATIENCE_S
    now = [len(person.asked) for person in people]
    while any(len(person.asked) == number for person, number in zip(people, now, strict=True)):
        assert time.monotonic() < end, [person.asked for person in people]
        time.sleep(0.01)


def look_at(running: Replicas, person: Person) -> None:
    """Make sure that all a person did is there, once, from whichever replica it is asked."""
    with running.program(person.name) as client:
        end = time.monotonic() + PATIENCE_S
        while waiting := unread(client):
            assert time.monotonic() < end, waiting
            time.sleep(0.1)
        turns = person.turns(client)
    assert [turn["question"] for turn in turns] == person.asked
    assert {turn["state"] for turn in turns} == {"answered"}
    assert len(person.asked) > KILLS
    names = sorted(name.removesuffix(".txt") for name in person.sent)
    for replica in running.both:
        shown = {"Authorization": f"Bearer {running.keys[person.name]}"}
        with httpx.Client(base_url=replica.url, headers=shown, timeout=60) as client:
            found = [each for page in pages(client) for each in page if is_kept(each["uri"])]
            assert sorted(each["title"] for each in found) == names
            for each in found:
                text = client.get(f"/api/v1/documents/{each['id']}/text").text
                assert text == person.sent[f"{each['title']}.txt"]


def unread(client: httpx.Client) -> list[dict]:
    """Return a person's files that are not in the library yet."""
    return [job for job in client.get("/api/v1/jobs").json()["jobs"] if job["state"] not in READ]


def pages(client: httpx.Client) -> Iterator[list[dict]]:
    """Yield the documents that a person sees, page by page."""
    number = 1
    while documents := client.get("/api/v1/documents", params={"page": number}).json()["documents"]:
        yield documents
        number += 1

"""The API of a real server over fakes: what its description promises, streams that are left, and examples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

import httpx
import pytest
import schemathesis
from fakes import QUESTION, TEXT, WritingModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from serving import page_over

from rag.people.api_keys import ApiKeys
from rag.people.users import Users

SAYS = "The plane came on 26 October. The minister spoke about oil."
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
EXAMPLES = 8
"""Requests of each operation that are as described, and as many that are not."""


class Served:
    """A server that asks for keys, and one of a user."""

    def __init__(self, page, key: str) -> None:
        self.page, self.model, self.key = page, page.model, key
        self.url = f"{page.url}/api/v1"
        self.headers = {"Authorization": f"Bearer {key}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=60)


@contextmanager
def served(folder, **model):
    keys = []

    def prepare(library) -> None:
        Users(library.catalog).add("anna", "correct horse battery")
        keys.append(ApiKeys(library.catalog).add("annas", "anna", 100_000))

    writing = WritingModel(lambda _: SAYS, **model)
    with page_over(folder, writing, prepare, auth=True, llm="local") as page:
        page.put("news", TEXT)
        place = (page.library.path / "uploads/@anna/own.txt").absolute().as_uri()
        page.put("own", "The plane of anna came on 3 May.", uri=place)
        yield Served(page, keys[0])


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with served(tmp_path_factory.mktemp("api")) as opened:
        yield opened


def until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def known_ids(api: Served) -> dict[str, str]:
    """Return ids of what there is, by the name of the parameter that takes them.

    All that the server imports late is imported then: hypothesis looks through the modules meanwhile.
    """
    with api.client() as client:
        talk = client.post("/conversations", json={"title": "Of planes"}).json()["id"]
        for path in ("/ask", f"/conversations/{talk}/ask"):
            for stream in (True, False):
                client.post(path, json={"question": QUESTION, "stream": stream}).raise_for_status()
        for sent in ({"content": b"The moon is far."}, {"files": {"file": b"The moon is far."}}):
            job = client.post("/documents", params={"path": "moon.txt"}, **sent).json()["id"]
            until(lambda: client.get(f"/jobs/{job}").json()["state"] in ("done", "unchanged"))  # noqa: B023
        told = client.get(f"/jobs/{job}").json()["document_id"]
        client.delete(f"/documents/{told}").raise_for_status()
    passage = min(api.page.library.catalog.passage_ids_of(["news"]))
    return {"conversation_id": talk, "document_id": "news", "passage_id": passage, "job_id": job}


def test_all_that_the_description_allows_or_forbids_is_answered_as_it_says(api, capsys) -> None:
    told = httpx.get(f"{api.url}/openapi.json", headers=api.headers).json()
    for operations in told["paths"].values():
        for operation in operations.values():
            del operation["security"]  # the key is sent with every call, right or wrong as it is otherwise
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=api.url)
    checks = CHECKS.get_by_names(CHECKED)
    ids = known_ids(api)
    statuses: Counter[int] = Counter()
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) == 17
    for operation in operations:
        takes = operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody")
        for mode in GenerationMode if takes else [GenerationMode.POSITIVE]:
            _call(api, operation, mode, ids, checks, statuses)
    with capsys.disabled():
        sys.stdout.write(f"\n{statuses.total()} calls: {dict(sorted(statuses.items()))}\n")
    assert statuses[200] > 30
    assert statuses[422] > 50
    assert not [status for status in statuses if status >= 500]


def _call(api: Served, operation, mode, ids, checks, statuses) -> None:
    """Call an operation a few times; as it is described, half of the time with what there is."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def call(case, real) -> None:
        for name in case.path_parameters or {}:
            if real and mode is GenerationMode.POSITIVE:
                case.path_parameters[name] = ids[name]
        response = case.call_and_validate(headers=api.headers, checks=checks)
        statuses[response.status_code] += 1

    call()


def test_no_operation_is_open_to_who_has_no_key(api) -> None:
    told = httpx.get(f"{api.url}/openapi.json", headers=api.headers).json()
    with httpx.Client(base_url=api.url) as stranger:
        asked = [
            (method, path, stranger.request(method, path.replace("{", "").replace("}", "")))
            for path, operations in told["paths"].items()
            for method in operations
        ]
        asked.append(("get", "/openapi.json", stranger.get("/openapi.json")))
    assert len(asked) == 18
    for method, path, reply in asked:
        assert (method, path, reply.status_code) == (method, path, 401)
        assert reply.headers["www-authenticate"] == 'Bearer realm="Footnote"'
        assert "needs an API key" in reply.json()["detail"]


@pytest.mark.parametrize("stream", [True, False], ids=["events", "whole"])
def test_who_leaves_stops_the_answer_and_the_next_is_written(api, stream) -> None:
    model = api.model
    written = []
    model.before = lambda number: (written.append(number), time.sleep(0.02))
    model.say = lambda _: "The plane came on 26 October. " * 300
    try:
        asked = {"question": QUESTION, "stream": stream}
        with api.client() as client:
            if stream:
                with client.stream("POST", "/ask", json=asked) as reply:
                    lines = reply.iter_lines()
                    assert next(lines) == "event: evidence"
                    until(lambda: written)
            else:
                with pytest.raises(httpx.ReadTimeout):
                    client.post("/ask", json=asked, timeout=2)
        until(lambda: "answer" not in {thread.name for thread in threading.enumerate()})
        assert 0 < len(written) < 1500, "the model went on"
        model.say = lambda _: "The plane came on 26 October."
        with api.client() as client:
            assert client.post("/ask", json={"question": QUESTION}).json()["answer"] == model.say("")
    finally:
        del model.before
        model.say = lambda _: SAYS


def test_who_waits_for_the_model_hears_of_it(api) -> None:
    """The API and the page pass one turnstile: here another answer of the API is before this one."""
    model = api.model
    writes, go_on, heard = threading.Event(), threading.Event(), []
    model.before = lambda _: (writes.set(), go_on.wait(60))

    def first() -> None:
        with api.client() as client:
            heard.append(client.post("/ask", json={"question": QUESTION}).status_code)

    thread = threading.Thread(target=first)
    thread.start()
    asked = {"question": QUESTION, "stream": True}
    try:
        assert writes.wait(60)
        with api.client() as client, client.stream("POST", "/ask", json=asked) as reply:
            lines = reply.iter_lines()
            assert any(line == ": waiting for 1" for line in lines)
            go_on.set()
            assert any(line == "event: answer" for line in lines)
    finally:
        go_on.set()
        thread.join(60)
        del model.before
    assert heard == [200]


KEY = '-H "Authorization: Bearer $KEY"'
JSON = "-H 'Content-Type: application/json'"
USES = (
    f"""curl -s "$URL/ask" {KEY} {JSON} -d '{{"question": "{QUESTION}"}}'""",
    f"""curl -sN "$URL/ask" {KEY} {JSON} -d '{{"question": "{QUESTION}", "stream": true}}'""",
    f"""curl -s "$URL/search?q=plane&k=3" {KEY}""",
    f"""curl -s "$URL/documents?path=notes/river.txt" {KEY} --data-binary @river.txt""",
    f"""curl -s "$URL/documents" {KEY} -F file=@river.txt""",
)


@pytest.mark.parametrize("line", USES)
def test_the_examples_run(api, tmp_path, line) -> None:
    (tmp_path / "river.txt").write_text("The river is long.", "utf-8")
    known = {"URL": api.url, "KEY": api.key, "PATH": os.environ["PATH"]}
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=known, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    if '"stream"' in line:
        assert done.stdout.startswith("event: evidence\ndata: {")
        assert "\n\nevent: answer\ndata: {" in done.stdout
        return
    told = json.loads(done.stdout)
    assert told.get("answer") == SAYS or told.get("passages") or told.get("state") == "waiting", told

"""The API of a real server over fakes: what its description promises, streams that are left, and examples."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import httpx
import pytest
import schemathesis
from fakes import TEXT, WritingModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from serving import page_over

from rag.api_keys import ApiKeys
from rag.users import Users

SAYS = "The plane came on 26 October. The minister spoke about oil."
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
EXAMPLES = 12
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


def known_ids(api: Served) -> dict[str, list[str]]:
    """Return ids of what there is, by the name of the parameter that takes them."""
    with api.client() as client:
        talk = client.post("/conversations", json={"title": "Of planes"}).json()["id"]
        job = client.post("/documents", params={"path": "moon.txt"}, content=b"The moon is far.").json()["id"]
    passages = sorted(api.page.library.catalog.passage_ids_of(["news"]))
    return {
        "conversation_id": [talk],
        "document_id": ["news"],
        "passage_id": passages,
        "job_id": [job],
        "document": ["news", "own"],
    }


def test_all_that_the_description_allows_or_forbids_is_answered_as_it_says(api, capsys) -> None:
    told = httpx.get(f"{api.url}/openapi.json", headers=api.headers).json()
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=api.url)
    checks = CHECKS.get_by_names(CHECKED)
    ids = known_ids(api)
    statuses: dict[int, int] = {}
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) == 16
    for operation in operations:
        for mode in GenerationMode:

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(
                case=operation.as_strategy(generation_mode=mode), real=st.booleans(), pick=st.integers(0, 9)
            )
            def call(case, real, pick) -> None:
                for name in case.path_parameters or {}:
                    if real:
                        case.path_parameters[name] = ids[name][pick % len(ids[name])]
                response = case.call_and_validate(headers=api.headers, checks=checks)
                statuses[response.status_code] = statuses.get(response.status_code, 0) + 1

            call()
    with capsys.disabled():
        sys.stdout.write(f"\n{sum(statuses.values())} calls: {dict(sorted(statuses.items()))}\n")
    assert statuses[200] > 50
    assert statuses[422] > 50
    assert not [status for status in statuses if status >= 500]


def test_no_operation_is_open_to_who_has_no_key(api) -> None:
    told = httpx.get(f"{api.url}/openapi.json", headers=api.headers).json()
    with httpx.Client(base_url=api.url) as stranger:
        asked = [
            (method, path, stranger.request(method, path.replace("{", "").replace("}", "")))
            for path, operations in told["paths"].items()
            for method in operations
        ]
        asked.append(("get", "/openapi.json", stranger.get("/openapi.json")))
    assert len(asked) == 17
    for method, path, reply in asked:
        assert (method, path, reply.status_code) == (method, path, 401)
        assert reply.headers["www-authenticate"] == 'Bearer realm="Footnote"'
        assert "needs an API key" in reply.json()["detail"]

"""Every provider's client, asked as Footnote asks it: a small server speaks each one's protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from fakes import put
from providers import BROKEN, PROTOCOLS, Served, serving

from rag.assistant import Assistant
from rag.errors import ModelError, ModelPaused, ModelUnavailable
from rag.models import make_chat_model
from rag.settings import Settings
from rag.types import EvidenceFound, TextWritten, Turn

TEXT = "The zebra saw the moon on 26 October.\nThe minister spoke about oil."
HISTORY = (Turn("Did a zebra come from Libya?", "Yes, in May."),)
FOLLOW_UP, REWRITE = "When did it see the moon?", "When did the zebra see the moon?"
ANSWER = "The zebra saw the moon on 26 October."


@pytest.fixture(params=sorted(PROTOCOLS))
def served(request) -> Iterator[tuple[str, Served]]:
    with serving(request.param) as server:
        yield request.param, server


@pytest.fixture
def settings(served, tmp_path) -> Settings:
    provider, server = served
    address = f"http://127.0.0.1:{server.server_port}" + ("/v1" if provider == "openai" else "")
    return Settings(
        library=tmp_path,
        llm=f"{provider}:some",
        llm_base_url=address,
        llm_api_key="a key",
        llm_timeout_s=20,
        retry_s=5,
    )


@pytest.fixture
def assistant(settings, library, embedder) -> Assistant:
    put(library, "news", TEXT, embedder)
    return Assistant(library, embedder, make_chat_model(settings), settings)


def test_a_question_is_answered(served, assistant) -> None:
    _, server = served
    server.answers = [ANSWER]
    answer = assistant.ask(REWRITE)
    assert (answer.text, answer.refused) == (ANSWER, False)
    assert [each["stream"] for each in server.asked] == [True]
    assert f"Question: {REWRITE}" in json.dumps(server.asked[0])


def test_a_follow_up_is_rewritten_then_answered(served, assistant) -> None:
    _, server = served
    server.answers = [REWRITE, ANSWER]
    answer = assistant.ask(FOLLOW_UP, history=HISTORY)
    assert (answer.question, answer.standalone_question) == (FOLLOW_UP, REWRITE)
    assert (answer.text, answer.refused) == (ANSWER, False)
    assert f"Last question: {FOLLOW_UP}" in json.dumps(server.asked[0])
    assert f"Question: {REWRITE}" in json.dumps(server.asked[1])


def test_a_rewrite_without_end_is_left_off(served, assistant) -> None:
    _, server = served
    server.answers = ["word " * 100_000]
    assert assistant.standalone(FOLLOW_UP, HISTORY) == FOLLOW_UP
    assert server.sent < 100_000


BUSY = (503, {}, '{"error": {"message": "busy"}}')


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(served, assistant, status) -> None:
    _, server = served
    server.refusals, server.answers = [(status, {}, "{}")] * 2, [ANSWER]
    assert assistant.ask(REWRITE).text == ANSWER
    assert len(server.asked) == 3


def test_a_server_that_asks_for_more_time_than_there_is_is_told_of(served, assistant) -> None:
    provider, server = served
    server.refusals = [(429, {"Retry-After": "90"}, "{}")] * 9
    with pytest.raises(ModelUnavailable, match="HTTP 429") as caught:
        assistant.ask(REWRITE)
    if provider != "ollama":  # its client keeps no headers
        assert (caught.value.again_s, len(server.asked)) == (90, 1)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_is_refused_is_not_tried_again(served, assistant, status) -> None:
    _, server = served
    server.refusals = [(status, {}, '{"error": {"message": "no"}}')]
    with pytest.raises(ModelError, match=f"HTTP {status}") as caught:
        assistant.ask(REWRITE)
    assert (caught.value.retryable, len(server.asked)) == (False, 1)


def test_an_answer_that_breaks_off_is_told_and_not_begun_again(served, assistant) -> None:
    _, server = served
    server.answers = [f"The zebra saw {BROKEN}", ANSWER]
    events = assistant.stream(REWRITE)
    assert isinstance(next(events), EvidenceFound)
    with pytest.raises(ModelError):
        list(events)
    assert len(server.asked) == 1


def test_a_page_of_html_is_no_answer(served, assistant) -> None:
    _, server = served
    server.refusals = [(200, {"Content-Type": "text/html"}, "<html>Sign in</html>")]
    with pytest.raises(ModelError):
        assistant.ask(REWRITE)
    assert len(server.asked) == 1


def test_key_quotes_come_though_the_model_is_left_alone(served, settings, library, embedder) -> None:
    _, server = served
    put(library, "news", TEXT, embedder)
    settings = settings.model_copy(update={"retry_s": 0.0})
    assistant = Assistant(library, embedder, make_chat_model(settings), settings)
    server.refusals, server.answers = [BUSY] * 5, [ANSWER]
    for _ in range(5):
        with pytest.raises(ModelUnavailable, match="HTTP 503"):
            assistant.ask(REWRITE)
    events = assistant.stream(REWRITE)
    found = next(events)
    assert isinstance(found, EvidenceFound)
    assert found.quotes[0].quote == ANSWER
    with pytest.raises(ModelPaused, match=r"some at http.* failed 5 times in a row .* ask again in 15 s"):
        next(events)
    assert len(server.asked) == 5


def test_a_server_has_only_so_many_questions_at_a_time(served, settings, library, embedder) -> None:
    _, server = served
    put(library, "news", TEXT, embedder)
    settings = settings.model_copy(update={"llm_at_once": 1})
    assistant = Assistant(library, embedder, make_chat_model(settings), settings)
    server.answers = [ANSWER, ANSWER]
    first = assistant.stream(REWRITE)
    while not isinstance(next(first), TextWritten):
        pass
    second = threading.Thread(target=assistant.ask, args=(REWRITE,))
    second.start()
    second.join(0.3)
    assert (second.is_alive(), len(server.asked)) == (True, 1)
    list(first)
    second.join(60)
    assert len(server.asked) == 2

"""Every provider's client, asked as Footnote asks it: a small server speaks each one's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fakes import put
from providers import PROTOCOLS, Served, serving

from rag.assistant import Assistant
from rag.models import make_chat_model
from rag.settings import Settings
from rag.types import Turn

TEXT = "The zebra saw the moon on 26 October.\nThe minister spoke about oil."
HISTORY = (Turn("Did a zebra come from Libya?", "Yes, in May."),)
FOLLOW_UP, REWRITE = "When did it see the moon?", "When did the zebra see the moon?"
ANSWER = "The zebra saw the moon on 26 October."


@pytest.fixture(params=sorted(PROTOCOLS))
def served(request) -> Iterator[tuple[str, Served]]:
    with serving(request.param) as server:
        yield request.param, server


@pytest.fixture
def assistant(served, library, embedder, tmp_path) -> Assistant:
    provider, server = served
    address = f"http://127.0.0.1:{server.server_port}" + ("/v1" if provider == "openai" else "")
    settings = Settings(
        library=tmp_path, llm=f"{provider}:some", llm_base_url=address, llm_api_key="a key", llm_timeout_s=20
    )
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

"""No error of a model's client is left as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import httpx2
import langchain_core.exceptions
import openai
import pytest

from rag.endpoints.model_errors import translate
from rag.errors import MissingExtra, ModelError, ModelUnavailable
from rag.settings import Settings

HOSTED = Settings(llm="openai:gpt")
LOCAL = Settings(llm="local")
OWN = Settings(llm="openai:mine", llm_base_url="http://127.0.0.1:8000/v1")


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


ALL = sorted(
    {
        kind
        for root in (
            openai.OpenAIError,
            httpx.HTTPError,
            httpx2.HTTPError,
            langchain_core.exceptions.LangChainException,
        )
        for kind in below(root)
    },
    key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)


def instance(kind: type[Exception], message: str = "what it said\nin two lines", **facts) -> Exception:
    """Make an error without its constructor, which each class has its own."""
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(facts)
    return error


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__.partition('.')[0]}.{kind.__name__}")
@pytest.mark.parametrize("settings", [HOSTED, LOCAL, OWN], ids=["hosted", "local", "own"])
def test_every_class_is_translated_to_one_line_that_says_what_to_do(kind, settings) -> None:
    found = translate(instance(kind), settings)
    assert type(found) in (ModelError, ModelUnavailable)
    message = str(found)
    assert "\n" not in message
    assert ("the local model" if settings is LOCAL else settings.llm) in message
    assert any(remedy in message for remedy in ("FOOTNOTE_", "try again", "ask again", "check the network"))


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        (openai.APIConnectionError, ModelUnavailable, "cannot be reached; check the network"),
        (openai.APITimeoutError, ModelUnavailable, "did not answer within 120 s; try again, or raise"),
        (openai.AuthenticationError, ModelError, r"refuses the key \(HTTP 401.*OPENAI_API_KEY"),
        (openai.PermissionDeniedError, ModelError, r"refuses the key \(HTTP 403"),
        (openai.NotFoundError, ModelError, "does not exist there .*; check FOOTNOTE_LLM"),
        (openai.RateLimitError, ModelUnavailable, r"takes no more requests now \(HTTP 429"),
        (openai.ConflictError, ModelUnavailable, r"failed \(HTTP 409"),
        (openai.BadRequestError, ModelError, r"refused the request \(HTTP 400: what it said in two lines\)"),
        (openai.UnprocessableEntityError, ModelError, r"refused the request \(HTTP 422"),
        (openai.OpenAIError, ModelError, "gave no usable answer"),
        (httpx.ReadTimeout, ModelUnavailable, "did not answer within"),
        (httpx.ConnectError, ModelUnavailable, "cannot be reached"),
        (httpx2.ReadTimeout, ModelUnavailable, "did not answer within"),
        (httpx2.RemoteProtocolError, ModelUnavailable, "cannot be reached"),
        (ConnectionRefusedError, ModelUnavailable, "cannot be reached"),
        (TimeoutError, ModelUnavailable, "did not answer within"),
        (ValueError, ModelError, "gave no usable answer"),
        (
            langchain_core.exceptions.ContextOverflowError,
            ModelError,
            "more than .* can hold; lower FOOTNOTE_EVIDENCE",
        ),
    ],
)
def test_the_usual_ones(kind, expected, words) -> None:
    found = translate(instance(kind), HOSTED)
    assert type(found) is expected
    with pytest.raises(expected, match=words):
        raise found


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_failing_server_can_be_asked_again(status) -> None:
    found = translate(instance(openai.InternalServerError, status_code=status), HOSTED)
    assert found.retryable
    assert f"HTTP {status}" in str(found)


def test_a_prompt_that_is_too_long_for_the_local_model() -> None:
    said = {
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size",
            "type": "exceed_context_size_error",
        }
    }
    error = instance(openai.BadRequestError, f"Error code: 400 - {json.dumps(said)}")
    assert str(translate(error, LOCAL)) == (
        "the question and its evidence are more than the local model can hold;"
        " lower FOOTNOTE_EVIDENCE_TOKENS or raise FOOTNOTE_LLM_CONTEXT"
    )


def test_a_server_of_ones_own_is_named() -> None:
    found = str(translate(instance(openai.APIConnectionError), OWN))
    assert (
        "at http://127.0.0.1:8000/v1 cannot be reached; start its server, or correct FOOTNOTE_LLM_BASE_URL"
        in found
    )
    assert "set FOOTNOTE_LLM_API_KEY" in str(translate(instance(openai.AuthenticationError), OWN))


def test_our_own_errors_pass_as_they_are() -> None:
    error = MissingExtra("a package is missing")
    assert translate(error, HOSTED) is error

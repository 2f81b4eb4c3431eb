"""The border to the model clients: their errors become ours, once.

The clients of OpenAI, Anthropic and Ollama and the HTTP libraries under them raise different classes for the
same few conditions, so these are told by status code and by the names of the classes, without importing any.
"""

from __future__ import annotations

import re

from rag.errors import FootnoteError, ModelError, ModelUnavailable
from rag.settings import Settings

GIVEN = "given:"
"""Before the name of a model that a program brought along, where settings name the model."""

_TIMEOUTS = {"APITimeoutError", "TimeoutException", "TimeoutError", "ModelTimeoutError"}
_CONNECTIONS = {
    "APIConnectionError",
    "TransportError",
    "ConnectionError",
    "ModelConnectionError",
    "WebSocketConnectionClosedError",
    "WebSocketQueueFullError",
}
_OVERFLOW_SIGNS = (
    "context_length_exceeded",
    "exceed_context_size",
    "context size",
    "context length",
    "too long",
)


def translate(error: BaseException, settings: Settings) -> FootnoteError:
    """Return what an error of a chat model's client means to the user, in one line."""
    if isinstance(error, FootnoteError):
        return error
    if settings.llm.startswith(GIVEN):
        return translate_given(error, settings.llm.removeprefix(GIVEN))
    where = f" at {settings.llm_base_url}" if settings.llm_base_url else ""
    model = "the local model" if settings.llm.startswith("local") else f"the model {settings.llm}{where}"
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _TIMEOUTS:
        return ModelUnavailable(
            f"{model} did not answer within {settings.llm_timeout_s:g} s;"
            " try again, or raise FOOTNOTE_LLM_TIMEOUT_S"
        )
    if names & _CONNECTIONS:
        return ModelUnavailable(f"{model} cannot be reached; {_if_unreachable(settings)}")
    status = getattr(error, "status_code", None)
    said = _first_line(error)
    if "ContextOverflowError" in names or (
        status in (None, 400, 413, 500) and any(sign in str(error).lower() for sign in _OVERFLOW_SIGNS)
    ):
        wider = " or raise FOOTNOTE_LLM_CONTEXT" if settings.llm.startswith("local") else ""
        return ModelError(
            f"the question and its evidence are more than {model} can hold;"
            f" lower FOOTNOTE_EVIDENCE_TOKENS{wider}"
        )
    return _by_status(status, model, said, settings)


def translate_given(error: BaseException, model: str) -> FootnoteError:
    """Return what an error of a model that a program brought along means; no setting is at fault."""
    if isinstance(error, FootnoteError):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    said = _first_line(error)
    reason = f"{type(error).__name__}{said and f': {said}'}"
    later = status in (408, 409, 429) or (status is not None and status >= 500)
    if later or names & (_TIMEOUTS | _CONNECTIONS):
        return ModelUnavailable(f"the model {model} does not answer ({reason}); try again later")
    return ModelError(f"the model {model} failed ({reason}); see how it is made in your program")


def _by_status(status: int | None, model: str, said: str, settings: Settings) -> FootnoteError:
    check = "check FOOTNOTE_LLM and FOOTNOTE_LLM_BASE_URL" if settings.llm_base_url else "check FOOTNOTE_LLM"
    if status is None:
        return ModelError(f"{model} gave no usable answer{said and f' ({said})'}; {check} and try again")
    reason = f"HTTP {status}{said and f': {said}'}"
    if status in (401, 403):
        return ModelError(f"{model} refuses the key ({reason}); set {_key_variable(settings)}")
    if status == 404:
        return ModelError(f"{model} does not exist there ({reason}); {check}")
    if status == 429:
        return ModelUnavailable(f"{model} takes no more requests now ({reason}); try again later")
    if status in (408, 409) or status >= 500:
        return ModelUnavailable(f"{model} failed ({reason}); try again later")
    return ModelError(f"{model} refused the request ({reason}); {check}")


def _if_unreachable(settings: Settings) -> str:
    if settings.llm.startswith("local"):
        return "its process has ended, ask again to start another"
    if settings.llm_base_url or settings.llm.startswith("ollama:"):
        return "start its server, or correct FOOTNOTE_LLM_BASE_URL"
    return "check the network and try again"


def _key_variable(settings: Settings) -> str:
    if settings.llm_base_url:
        return "FOOTNOTE_LLM_API_KEY"
    own = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}.get(settings.llm.partition(":")[0])
    return f"FOOTNOTE_LLM_API_KEY or {own}" if own else "FOOTNOTE_LLM_API_KEY"


def _first_line(error: BaseException) -> str:
    text = " ".join(str(getattr(error, "message", "") or error).split())
    text = re.sub(r"^Error code: \d+( - )?", "", text)
    return text if len(text) <= 160 else f"{text[:159]}…"

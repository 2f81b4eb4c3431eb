"""The border to the model clients: their errors become ours, once.

The clients of OpenAI, Anthropic and Ollama and the HTTP libraries under them raise different classes for the
same few conditions, so these are told by status code and by the names of the classes, without importing any.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from rag.errors import FootnoteError, ModelError, ModelUnavailable
from rag.settings import Settings
from rag.text.wording import one_line, shortened

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model answers, in the words of messages.

    `model` is what it is called, `setting` how the names of its settings begin, and the others say what to do
    where its key is refused, where it cannot be reached, and where it is asked for more than it can hold.
    """

    model: str
    setting: str
    timeout_s: float
    has_address: bool
    key: str
    unreachable: str
    too_long: str

    @property
    def check(self) -> str:
        """Which settings are to be looked at."""
        return f"check {self.setting}" + (f" and {self.setting}_BASE_URL" if self.has_address else "")


def chat_place(settings: Settings) -> Place:
    """Return where the chat model of the settings answers."""
    address, local = settings.llm_base_url, settings.llm.startswith("local")
    if local:
        unreachable = "its process has ended, ask again to start another"
    elif settings.llm.startswith("ollama:"):
        unreachable = "start its server, or correct FOOTNOTE_LLM_BASE_URL"
    else:
        unreachable = _unreachable("FOOTNOTE_LLM", address)
    provider = settings.llm.partition(":")[0]
    wider = " or raise FOOTNOTE_LLM_CONTEXT" if local else ""
    model = "the local model" if local else f"the model {settings.llm}{_at(address)}"
    return Place(
        model=model,
        setting="FOOTNOTE_LLM",
        timeout_s=settings.llm_timeout_s,
        has_address=bool(address),
        key=_key("FOOTNOTE_LLM", provider, address),
        unreachable=unreachable,
        too_long=f"the question and its evidence are more than {model} can hold;"
        f" lower FOOTNOTE_EVIDENCE_TOKENS{wider}",
    )


def embedder_place(settings: Settings) -> Place:
    """Return where the embedder of the settings answers."""
    address = settings.embedder_base_url
    model = f"the embedder {settings.embedder}{_at(address)}"
    return Place(
        model=model,
        setting="FOOTNOTE_EMBEDDER",
        timeout_s=settings.embedder_timeout_s,
        has_address=bool(address),
        key=_key("FOOTNOTE_EMBEDDER", "openai", address),
        unreachable=_unreachable("FOOTNOTE_EMBEDDER", address),
        too_long=f"a text is longer than {model} takes; let its server cut long texts, or choose another with"
        " FOOTNOTE_EMBEDDER",
    )


def translate(error: BaseException, settings: Settings) -> FootnoteError:
    """Return what an error of a chat model's client means to the user, in one line."""
    if settings.llm.startswith(GIVEN):
        return translate_given(error, settings.llm.removeprefix(GIVEN))
    return translate_at(error, chat_place(settings))


def translate_at(error: BaseException, place: Place) -> FootnoteError:
    """Return what an error of the client of a model at some place means to the user, in one line."""
    if isinstance(error, FootnoteError):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _TIMEOUTS:
        return ModelUnavailable(
            f"{place.model} did not answer within {place.timeout_s:g} s;"
            f" try again, or raise {place.setting}_TIMEOUT_S"
        )
    if names & _CONNECTIONS:
        return ModelUnavailable(f"{place.model} cannot be reached; {place.unreachable}")
    status = _status(error)
    if "ContextOverflowError" in names or (
        status in (None, 400, 413, 500) and any(sign in str(error).lower() for sign in _OVERFLOW_SIGNS)
    ):
        return ModelError(place.too_long)
    return _by_status(status, error, place)


def translate_given(error: BaseException, model: str) -> FootnoteError:
    """Return what an error of a model that a program brought along means; no setting is at fault."""
    if isinstance(error, FootnoteError):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    status = _status(error)
    said = _first_line(error)
    reason = f"{type(error).__name__}{said and f': {said}'}"
    later = status in (408, 409, 429) or (status is not None and status >= 500)
    if later or names & (_TIMEOUTS | _CONNECTIONS):
        return ModelUnavailable(f"the model {model} does not answer ({reason}); try again later")
    return ModelError(f"the model {model} failed ({reason}); see how it is made in your program")


def _by_status(status: int | None, error: BaseException, place: Place) -> FootnoteError:
    model, said = place.model, _first_line(error)
    if status is None:
        return ModelError(
            f"{model} gave no usable answer{said and f' ({said})'}; {place.check} and try again"
        )
    reason = f"HTTP {status}{said and f': {said}'}"
    if status in (401, 403):
        return ModelError(f"{model} refuses the key ({reason}); set {place.key}")
    if status == 404:
        return ModelError(f"{model} does not exist there ({reason}); {place.check}")
    if status in (408, 409, 429) or status >= 500:
        failed = "takes no more requests now" if status == 429 else "failed"
        again = _retry_after(getattr(getattr(error, "response", None), "headers", None))
        return ModelUnavailable(f"{model} {failed} ({reason}); try again later", again_s=again)
    return ModelError(f"{model} refused the request ({reason}); {place.check}")


def _status(error: BaseException) -> int | None:
    """Return the status that a server answered with, as the clients keep it or as HTTP libraries do."""
    known = getattr(error, "status_code", None)
    return known if known is not None else getattr(getattr(error, "response", None), "status_code", None)


def _retry_after(headers: Any) -> float | None:
    """Return the seconds that a server asks to wait for: RFC 9110 takes a number of them, or a date."""
    value = str(headers.get("retry-after", "")) if headers is not None else ""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _at(address: str | None) -> str:
    return f" at {address}" if address else ""


def _unreachable(setting: str, address: str | None) -> str:
    if address:
        return f"start its server, or correct {setting}_BASE_URL"
    return "check the network and try again"


def _key(setting: str, provider: str, address: str | None) -> str:
    own = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}.get(provider)
    return f"{setting}_API_KEY or {own}" if own and not address else f"{setting}_API_KEY"


def _first_line(error: BaseException) -> str:
    text = one_line(str(getattr(error, "message", "") or error))
    text = re.sub(r"^Error code: \d+( - )?", "", text)
    return shortened(text, 160)

"""The clients of chat models, made by LangChain for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def client_of(model: str, provider: str, settings: Settings, **options: Any) -> BaseChatModel:
    """Return a client of a provider's model, with the limits of the settings."""
    from langchain.chat_models import init_chat_model

    if provider == "ollama":
        limits: dict[str, Any] = {
            "num_predict": settings.answer_tokens,
            "client_kwargs": {"timeout": settings.llm_timeout_s},
        }
    else:
        limits = {"max_tokens": settings.answer_tokens, "timeout": settings.llm_timeout_s}
    made: BaseChatModel = init_chat_model(model, model_provider=provider, temperature=0, **limits, **options)
    return made

"""The settings with their values, where each comes from, and how it is changed (pure)."""

from __future__ import annotations

from pydantic import SecretStr

from rag.settings import DEFAULTS, ENVIRONMENT, OPTIONS, Settings
from rag.settings_layers import FILE, PREFIX
from ui.html import Html, element, join

GROUPS: dict[str, tuple[str, ...]] = {
    "Model": (
        "llm",
        "llm_base_url",
        "llm_api_key",
        "llm_context",
        "llm_timeout_s",
        "llm_at_once",
        "retry_s",
    ),
    "Search": (
        "embedder",
        "embedder_base_url",
        "embedder_api_key",
        "embedder_timeout_s",
        "embedder_at_once",
    ),
    "Answers": ("answer_tokens", "evidence_tokens", "passages"),
    "Library": ("library", "catalog", "chroma", "chroma_token", "chroma_headers", "models", "offline"),
    "Reading files": (
        "engine",
        "ray_address",
        "ocr",
        "max_file_mb",
        "max_pages",
        "max_megapixels",
        "max_decompressed_mb",
        "max_ratio",
        "max_entries",
        "max_characters",
        "load_timeout_s",
        "load_memory_mb",
        "ocr_memory_mb",
        "ocr_page_s",
    ),
}
"""Settings by what they are about; those of no group stand under the last heading."""

_REST = "This chat"
_THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


def render_settings(settings: Settings) -> Html:
    """Return the page of settings; of a secret it says only whether there is one."""
    grouped = {name for names in GROUPS.values() for name in names}
    rest = tuple(name for name in Settings.model_fields if name not in grouped)
    return join(
        element(
            "section",
            element("h1", "Settings"),
            element(
                "p",
                "They are read when Footnote starts. To change one, write it in ",
                element("code", FILE),
                " as in ",
                element("code", f"answer_tokens = {settings.answer_tokens}"),
                ", or set it in the environment, and start Footnote again.",
            ),
            class_="welcome library-heading",
        ),
        _theme(),
        *(_group(title, names, settings) for title, names in (GROUPS | {_REST: rest}).items()),
        element(
            "p",
            "Feedback on answers can be looked over, and asked again by ",
            element("code", "footnote eval"),
            ": ",
            element("a", "save it as questions", href="/feedback.jsonl", download=True),
            ".",
            class_="settings-note",
        ),
    )


def _theme() -> Html:
    choices = (
        element("label", element("input", type="radio", name_="theme", value=value), words, class_="choice")
        for value, words in _THEMES.items()
    )
    return element(
        "fieldset", element("legend", "Appearance", class_="label"), *choices, class_="settings-theme"
    )


def _group(title: str, names: tuple[str, ...], settings: Settings) -> Html:
    return element(
        "section",
        element("h2", title, class_="label"),
        element("dl", *(_row(name, settings) for name in names), class_="settings"),
    )


def _row(name: str, settings: Settings) -> Html:
    return element(
        "div",
        element(
            "dt",
            element("code", name),
            element("span", Settings.model_fields[name].description or "", class_="settings-about"),
        ),
        element(
            "dd",
            element("span", shown_value(settings, name), class_="settings-value"),
            element("span", _source(settings, name), class_="settings-source"),
        ),
    )


def shown_value(settings: Settings, name: str) -> str:
    """Return a value in words."""
    value = getattr(settings, name)
    if name == "catalog" and value is not None:
        return settings.place
    if value is None:
        return "not set"
    if isinstance(value, SecretStr) or name == "chroma_headers":
        return "set, and not shown" if value else "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _source(settings: Settings, name: str) -> str:
    origin = settings.origin(name)
    words = {
        DEFAULTS: "default",
        ENVIRONMENT: f"from {PREFIX}{name.upper()} in the environment",
        OPTIONS: "from the command line",
    }
    return words.get(origin, f"from {origin}")

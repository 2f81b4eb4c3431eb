from __future__ import annotations

from markup import parse

from rag.settings import Settings
from rag.settings_layers import load_settings
from ui.settings_view import render_settings, shown_value


def rows(settings: Settings) -> dict[str, tuple[str, str]]:
    page = parse(render_settings(settings))
    names = [each.one("code").text for each in page.all("dt")]
    values = [
        (each.one(".settings-value").text, each.one(".settings-source").text) for each in page.all("dd")
    ]
    return dict(zip(names, values, strict=True))


def test_every_setting_is_shown_with_where_it_comes_from(tmp_path):
    file = tmp_path / "footnote.toml"
    file.write_text("passages = 4\n")
    environ = {"FOOTNOTE_ANSWER_TOKENS": "200"}
    settings = load_settings({"llm": "none", "port": None}, environ=environ, file=file)
    shown = rows(settings)
    assert set(shown) == set(Settings.model_fields)
    assert shown["passages"] == ("4", f"from {file}")
    assert shown["answer_tokens"] == ("200", "from FOOTNOTE_ANSWER_TOKENS in the environment")
    assert shown["llm"] == ("none", "from the command line")
    assert shown["port"] == ("7860", "default")
    assert shown["evidence_tokens"] == ("not set", "default")
    assert shown["ocr"] == ("no", "default")


def test_a_secret_is_never_shown(tmp_path):
    settings = load_settings(environ={"FOOTNOTE_LLM_API_KEY": "sk-very-secret"})
    page = render_settings(settings)
    assert "sk-very-secret" not in page
    assert "very" not in page
    assert shown_value(settings, "llm_api_key") == "set, and not shown"
    assert shown_value(Settings(embedder_api_key="secret"), "embedder_api_key") == "set, and not shown"
    assert shown_value(Settings(), "llm_api_key") == "not set"


def test_the_headers_for_a_server_are_never_shown():
    settings = load_settings(environ={"FOOTNOTE_CHROMA_HEADERS": '{"X-Key": "very-secret"}'})
    assert "secret" not in render_settings(settings)
    assert shown_value(settings, "chroma_headers") == "set, and not shown"
    assert shown_value(Settings(), "chroma_headers") == "not set"

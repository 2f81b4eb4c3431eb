"""Choosing models: names, keys, missing packages. No model is loaded here."""

from __future__ import annotations

import subprocess
import sys

import pytest
from langchain_openai import ChatOpenAI

from rag.errors import ArtifactError, MissingExtra
from rag.llm.local_llm import available_cores
from rag.llm.patient_chat import PatientChat
from rag.models import AROUND, make_chat_model, make_embedder
from rag.settings import Settings


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def settings(**values) -> Settings:
    return Settings(**values)


def test_none_is_no_model() -> None:
    assert make_chat_model(settings(llm="none")) is None


@pytest.mark.parametrize(
    ("llm", "file"),
    [
        ("local", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
        ("local-small", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
    ],
)
def test_a_local_model_needs_its_file(tmp_path, llm, file) -> None:
    with pytest.raises(ArtifactError, match=file):
        make_chat_model(settings(llm=llm, models=tmp_path, offline=True))


def test_the_embedder_needs_its_files(tmp_path) -> None:
    with pytest.raises(
        ArtifactError, match=r"model\.safetensors \(and 9 more\) of all-MiniLM-L6-v2 is missing"
    ):
        make_embedder(settings(models=tmp_path, offline=True))


@pytest.mark.parametrize(
    ("llm", "command"),
    [
        ("anthropic:claude", r"pip install 'footnote\[anthropic\]'"),
        ("ollama:llama", r"pip install 'footnote\[ollama\]'"),
        ("openai:gpt", r"pip install 'footnote\[openai\]'"),
        ("local", "pip install xllamacpp"),
    ],
)
def test_a_missing_package_is_named_with_its_command(monkeypatch, llm, command) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=command):
        make_chat_model(settings(llm=llm))


@pytest.mark.parametrize(
    ("llm", "variable"), [("openai:gpt", "OPENAI_API_KEY"), ("anthropic:claude", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_is_named(monkeypatch, llm, variable) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(MissingExtra, match=f"set {variable} or FOOTNOTE_LLM_API_KEY"):
        make_chat_model(settings(llm=llm))


def made(**values) -> ChatOpenAI:
    chat = make_chat_model(settings(**values))
    assert chat is not None
    chat.start()
    patient = chat.runnable()
    chat.close()
    assert isinstance(patient, PatientChat)
    model = patient.model
    assert isinstance(model, ChatOpenAI)
    assert model.max_retries == 0  # ours are the only ones
    assert chat.name == values["llm"]
    return model


def test_a_hosted_model_is_asked_as_the_settings_say(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    model = made(llm="openai:gpt-4.1", answer_tokens=99, llm_timeout_s=7)
    assert (model.model_name, model.temperature, model.max_tokens, model.request_timeout) == (
        "gpt-4.1",
        0,
        99,
        7,
    )
    assert model.openai_api_key.get_secret_value() == "from-the-environment"


def test_a_server_of_ones_own_never_gets_the_key_of_the_provider(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai-only")
    model = made(llm="openai:mine", llm_base_url="http://127.0.0.1:8000/v1")
    assert model.openai_api_base == "http://127.0.0.1:8000/v1"
    assert model.openai_api_key.get_secret_value() == "none"


def test_the_key_of_the_settings_comes_first(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    assert made(llm="openai:x", llm_api_key="mine").openai_api_key.get_secret_value() == "mine"


@pytest.mark.parametrize(
    ("values", "slots", "context"),
    [
        pytest.param({}, 1, 4096, id="one answer fits"),
        pytest.param({"llm_at_once": 4}, 4, 4 * (AROUND + 299 + 320), id="four that are usual"),
        pytest.param(
            {"llm_at_once": 2, "evidence_tokens": 3000}, 2, 2 * (AROUND + 3900 + 320), id="long ones"
        ),
        pytest.param({"llm_at_once": 2, "llm_context": 8192}, 2, 8192, id="as set"),
    ],
)
def test_a_local_model_holds_all_that_it_writes_at_a_time(
    monkeypatch, tmp_path, values, slots, context
) -> None:
    made = []
    monkeypatch.setattr("rag.models.ensure", lambda *_: tmp_path / "model.gguf")
    monkeypatch.setattr("rag.models.LocalLLM", lambda *order: made.append(order))
    make_chat_model(settings(**values))
    assert [(order[1], order[3]) for order in made] == [(context, slots)]


def test_there_is_a_core() -> None:
    assert available_cores() >= 1


def test_importing_the_models_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'sentence_transformers', 'transformers', 'langchain', 'openai', 'xllamacpp', 'numpy'}"
    code = f"import sys, rag.models; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

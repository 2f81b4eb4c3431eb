"""The programs of the pages on LangChain and on models, and of the notebook, run as they stand there."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from embeddings_server import serving_embeddings
from fakes import AngleEmbedder, ScriptedModel
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from providers import serving

import rag
from ingest import add
from rag.settings import Settings

CHECKOUT = Path(__file__).parents[2]
ANSWER = "The airport was open again on 26 October."
NOTEBOOK = json.loads((CHECKOUT / "examples/footnote.ipynb").read_text("utf-8"))


def examples(page: str) -> dict[str, str]:
    text = (CHECKOUT / "docs" / page).read_text("utf-8")
    found = dict(re.findall(r"<!-- example: (\w+) -->\n```python\n(.*?)```", text, re.DOTALL))
    assert len(found) == text.count("```python")
    return found


LANGCHAIN, MODELS = examples("langchain.md"), examples("models.md")


class AngleEmbeddings(Embeddings):
    """The embedder of the tests as embeddings of LangChain's."""

    model = "angles"

    def embed_documents(self, texts):
        return AngleEmbedder().embed(texts).tolist()

    def embed_query(self, text):
        return AngleEmbedder().embed([text])[0].tolist()


class AnyChat(BaseChatModel):
    """Calls the tool that it has once, and then answers; without a tool it answers at once."""

    tool: str = ""

    @property
    def _llm_type(self) -> str:
        return "any"

    def bind_tools(self, tools, **options):
        return AnyChat(tool=tools[0].name)

    def _generate(self, messages, stop=None, run_manager=None, **options):
        said = AIMessage(ANSWER)
        if self.tool and messages[-1].type != "tool":
            call = {"name": self.tool, "args": {"question": "When did flights resume?"}, "id": "1"}
            said = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=said)])


class Repeating(ScriptedModel):
    """Gives the same answer to everything."""

    def runnable(self):
        self.answers = [ANSWER]
        return super().runnable()


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with a report, notes, and a library of both; every model that is named is a stand-in."""
    shutil.copy(CHECKOUT / "seeds/hmeimim/briefing.pdf", tmp_path / "report.pdf")
    (tmp_path / "notes").mkdir()
    shutil.copy(CHECKOUT / "seeds/hmeimim/brief.md", tmp_path / "notes/brief.md")
    shutil.copy(CHECKOUT / "seeds/hmeimim/brief.md", tmp_path / "notes/brief.txt")
    add(
        tmp_path / "my-library", tmp_path / "notes", settings=Settings(llm="none"), embeddings=AngleEmbedder()
    )
    monkeypatch.chdir(tmp_path)

    def make_embedder(settings, progress=None, given=None):
        served = settings.embedder.startswith("openai:")
        return real_embedder(settings, progress, given or (None if served else AngleEmbedder()))

    def make_chat_model(settings, progress=None):
        return Repeating() if settings.llm == "local" else real_chat_model(settings, progress)

    real_embedder, real_chat_model = rag.models.make_embedder, rag.models.make_chat_model
    for module in ("rag.assistant_parts", "ingest.adding"):
        monkeypatch.setattr(f"{module}.make_embedder", make_embedder)
    monkeypatch.setattr("rag.assistant_parts.make_chat_model", make_chat_model)
    return tmp_path


@pytest.fixture
def hosted(monkeypatch) -> None:
    """What is asked of a hosted model, a stand-in answers."""
    monkeypatch.setattr("langchain.embeddings.init_embeddings", lambda name: AngleEmbeddings())
    monkeypatch.setattr("langchain.chat_models.init_chat_model", lambda name: AnyChat())


def run(program: str) -> None:
    exec(compile(program, "example", "exec"), {"__name__": "__main__"})  # noqa: S102 - a page of our own


@pytest.mark.parametrize("name", [name for name in LANGCHAIN if name != "tracing"])
def test_the_page_on_langchain(here, hosted, capsys, name) -> None:
    run(LANGCHAIN[name])
    assert capsys.readouterr().out.strip()


def test_traces_hold_every_stage(here, monkeypatch) -> None:
    kept = InMemorySpanExporter()
    monkeypatch.setattr("opentelemetry.sdk.trace.export.ConsoleSpanExporter", lambda: kept)
    try:
        run(LANGCHAIN["tracing"])
    finally:
        LangChainInstrumentor().uninstrument()
    spans = {span.name: span for span in kept.get_finished_spans()}
    root = spans["AnswerRunnable"]
    assert root.parent is None
    assert "When did flights resume?" in str(root.attributes["input.value"])
    for name in ("follow_up", "search", "answer"):
        assert spans[name].parent.span_id == root.context.span_id
    models = [span for span in spans.values() if span.attributes["openinference.span.kind"] == "LLM"]
    assert [span.parent.span_id for span in models] == [spans["answer"].context.span_id]


def test_the_page_on_embeddings_from_a_server(here, capsys) -> None:
    with serving_embeddings() as server:
        run(MODELS["embeddings"].replace("http://127.0.0.1:8001/v1", server.address))
    assert {each["model"] for each in server.asked} == {"BAAI/bge-small-en-v1.5"}
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "embeddings"])
def test_the_page_on_models(here, monkeypatch, capsys, name) -> None:
    """Each of its addresses is a server here, and the hosted one is reached at an address of ours."""
    addresses = {
        "http://127.0.0.1:11434": ("ollama", ""),
        "http://127.0.0.1:8000/v1": ("openai", "/v1"),
    }
    program = MODELS[name]
    with ExitStack() as stack:
        used = []
        for address, (provider, path) in addresses.items():
            if address in program:
                used.append(stack.enter_context(serving(provider)))
                program = program.replace(address, f"http://127.0.0.1:{used[-1].server_port}{path}")
        if not used:
            used.append(stack.enter_context(serving("openai")))
            monkeypatch.setenv("OPENAI_API_KEY", "a key")
            monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{used[-1].server_port}/v1")
        for server in used:
            server.answers = [ANSWER] * 3
        run(program)
        assert any(server.asked for server in used)
    assert capsys.readouterr().out.strip()


def test_the_notebook_runs_from_its_first_cell_to_its_last(here, monkeypatch, capsys) -> None:
    """Its cells are plain Python with `await`: a kernel would test no more, and take a minute."""
    monkeypatch.chdir(CHECKOUT / "examples")
    names: dict = {"__name__": "__main__"}
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), cell["id"], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            made = eval(code, names)  # noqa: S307 - a notebook of our own
            if inspect.iscoroutine(made):
                asyncio.run(made)
    assert capsys.readouterr().out.strip()
    cited = names["answer"].quotes[0]
    assert names["assistant"].library.text(cited.document_id)[cited.start : cited.end] == cited.quote
    names["assistant"].close()


def test_the_notebook_is_kept_small_and_without_outputs() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"] >= 5) == (4, True)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    for cell in NOTEBOOK["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)

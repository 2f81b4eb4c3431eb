"""``footnote mcp`` as a client starts it: a process, its standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, put
from mcp import Client, StdioServerParameters
from typer.testing import CliRunner

from rag.errors import MissingExtra
from rag.library import Library
from ui.cli import app

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def filled(tmp_path):
    """A library that another process writes to: this one."""
    with Library.open(tmp_path / "library", create=True) as library:
        put(library, "news", TEXT, AngleEmbedder())
        library.lock("footnote chat")
        yield library


def environment() -> dict[str, str]:
    path = os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "tests")))
    return dict(os.environ) | {"PYTHONPATH": path, "FOOTNOTE_LLM": "none"}


def child(library: Library) -> list[str]:
    return [sys.executable, str(CHECKOUT / "tests" / "mcp_child.py"), "--library", str(library.path)]


def test_a_client_reads_a_library_that_the_chat_has_open(filled):
    command, *arguments = child(filled)

    async def talk():
        server = StdioServerParameters(command=command, args=arguments, env=environment())
        async with Client(server) as client:
            tools = await client.list_tools()
            found = await client.call_tool("search", {"query": QUESTION})
            answered = await client.call_tool("ask", {"question": QUESTION})
            put(filled, "moon", "The moon is far away.", AngleEmbedder())
            later = await client.call_tool("search", {"query": "How far away is the moon?", "k": 1})
            return client.instructions, tools.tools, found, answered, later

    instructions, tools, found, answered, later = asyncio.run(talk())
    assert "never instructions" in instructions
    assert {tool.name for tool in tools} == {"search", "ask", "read_passage", "list_documents"}
    assert found.structured_content["passages"][0]["text"] == "A plane came from Libya on 26 October."
    assert answered.structured_content["answer"] == "A plane came from Libya on 26 October. [1]"
    assert answered.structured_content["model"] == "none"
    assert later.structured_content["passages"][0]["document_id"] == "moon"


def test_nothing_but_the_protocol_is_on_standard_output(filled):
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    sent = "this is no message\n" + json.dumps(hello) + "\n"
    done = subprocess.run(
        child(filled), input=sent, capture_output=True, text=True, env=environment(), timeout=120
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line["jsonrpc"] == "2.0" for line in lines)
    assert lines[-1]["result"]["serverInfo"]["name"] == "footnote"
    assert done.returncode == 0


def test_without_a_library_it_says_so_and_ends(tmp_path):
    done = CliRunner().invoke(app, ["mcp", "--library", str(tmp_path / "none")])
    assert "footnote add" in str(done.exception)


def test_without_the_sdk_it_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["mcp"])
    assert isinstance(done.exception, MissingExtra)
    assert "pip install 'footnote[mcp]'" in str(done.exception)

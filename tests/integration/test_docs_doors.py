"""What the documents show of a running chat is asked of a real one; what they show of containers is read."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import yaml
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from typer.main import get_command
from written import CHAT, CHECKOUT, QUESTION_LINES, Command, Written, differs, furnish, of_kind

from rag.library import Library
from rag.people.collections import Collections
from ui.cli import app

PAGES = [Written(path) for path in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md")))]
PROGRAMS = [(page, example) for page in PAGES for example in page.examples if example.asks_a_chat]
CALLS = [page for page in PAGES if of_kind(page.commands, "curl ")]
CONTAINERS = [(page, each) for page in PAGES for each in of_kind(page.commands, "docker ")]
CLUSTERS = [(page, each) for page in PAGES for each in of_kind(page.commands, "kubectl ")]
CLIENTS = [
    (page, json.loads(block)["mcpServers"])
    for page in PAGES
    for language, block in page.fences
    if language == "json" and '"mcpServers"' in block
]
KEY = "fn_…"
MANIFESTS = CHECKOUT / "deploy" / "kubernetes"
PROGRAMS_OF = {"postgres": ["pg_dump"], "nginx": ["nginx"]}
"""What the documents have the servers of others do."""
TOOLS = ["search", "ask", "read_passage", "list_documents"]


@dataclass(frozen=True)
class Chat:
    """A chat that runs for people who sign in, and a key of one of them."""

    folder: Path
    environ: dict[str, str]
    url: str
    key: str

    def reached(self, text: str) -> str:
        """Return what a document says, with this chat's address and key in it."""
        return text.replace(CHAT, self.url).replace(KEY, self.key)


@pytest.fixture(scope="module")
def chat(tmp_path_factory, seed_library) -> Iterator[Chat]:
    questions = QUESTION_LINES.search((CHECKOUT / "docs/evaluation.md").read_text("utf-8"))[1]
    folder = furnish(tmp_path_factory.mktemp("doors"), seed_library, questions)
    library = folder / "own"
    known = {"PYTHONPATH": str(CHECKOUT), "FOOTNOTE_LIBRARY": str(library), "FOOTNOTE_LLM": "none"}
    environ = os.environ | known

    def footnote(*words: str, **options) -> str:
        command = [sys.executable, "-m", "ui.cli", *words]
        return subprocess.run(
            command, cwd=folder, env=environ, check=True, capture_output=True, text=True, **options
        ).stdout

    footnote("add", "report.pdf", "notes")
    footnote("users", "add", "anna", "--stdin", input="correct horse battery\n")
    key = footnote("keys", "add", "nightly", "--user", "anna").strip()
    with Library.open(library) as opened:
        opened.lock()
        collections = Collections(opened.catalog)
        briefings = collections.create("Briefings", "anna")
        collections.add(briefings.id, [opened.find("report.pdf").id], "anna")
    command = [sys.executable, "-m", "ui.cli", "chat", "--auth", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = next((shown for shown in process.stdout if "ready" in shown), "")
            yield Chat(folder, environ, re.search(r"http://127\.0\.0\.1:\d+", told)[0], key)
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
        finally:
            process.kill()


def name_of(value: object) -> str:
    return getattr(value, "name", None) or getattr(value, "line", "")


@pytest.mark.models
@pytest.mark.parametrize("page", CALLS, ids=name_of)
def test_what_curl_asks(chat: Chat, page: Written) -> None:
    for command in of_kind(page.commands, "curl "):
        done = subprocess.run(
            ["bash", "-c", chat.reached(command.line)],
            cwd=chat.folder,
            env=chat.environ | {"KEY": chat.key},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, ""), command.line
        assert not done.stdout.startswith('{"detail"'), (command.line, done.stdout)
        wrong = differs(command.shown, done.stdout)
        assert not wrong, f"{page.name}: {command.line} does not say: {wrong}\n{done.stdout[:2000]}"


@pytest.mark.models
@pytest.mark.parametrize(("page", "example"), PROGRAMS, ids=name_of)
def test_programs_that_ask_it(chat: Chat, page: Written, example) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", chat.reached(example.program)],
        cwd=chat.folder,
        env=chat.environ,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    wrong = differs(example.printed, done.stdout)
    assert example.printed or page.name == "README.md"
    assert "October" in done.stdout or example.printed
    assert not wrong, f"{page.name}: {example.name} does not print: {wrong}\n{done.stdout}"


@pytest.mark.models
@pytest.mark.parametrize(("page", "servers"), CLIENTS, ids=name_of)
def test_configurations_of_clients(chat: Chat, page: Written, servers) -> None:
    async def tools(server: dict) -> list[str]:
        if "command" in server:
            assert server["command"] == "footnote"
            arguments = [
                str(chat.folder / "own") if each.startswith("/srv/") else each for each in server["args"]
            ]
            started = StdioServerParameters(
                command=sys.executable, args=["-m", "ui.cli", *arguments], env=chat.environ
            )
            async with Client(started) as client:
                return [tool.name for tool in (await client.list_tools()).tools]
        headers = {name: chat.reached(value) for name, value in server["headers"].items()}
        async with httpx2.AsyncClient(headers=headers, timeout=120) as http:
            transport = streamable_http_client(chat.reached(server["url"]), http_client=http)
            async with Client(transport) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

    for server in servers.values():
        assert asyncio.run(tools(server)) == TOOLS


@pytest.mark.parametrize(("page", "command"), CONTAINERS, ids=name_of)
def test_what_is_done_with_containers_can_be_done(page: Written, command: Command) -> None:
    """No container is started: the names are those of the files, and the commands are Footnote's."""
    words = shlex.split(command.line)
    if words[1] == "compose":
        of_compose(words[2:])
        return
    assert words[1] == "build"
    given = re.findall(r"--build-arg (\w+)=", command.line)
    declared = re.findall(r"^ARG (\w+)", (CHECKOUT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(given) <= set(declared)


def of_compose(words: list[str]) -> None:
    """Look at a command of ``docker compose``: its file, the services that it names, what it has them do."""
    file = "compose.yaml"
    if words[0] == "-f":
        file, words = words[1], words[2:]
    services = yaml.safe_load((CHECKOUT / file).read_text("utf-8"))["services"]
    if words[0] == "--profile":
        assert [words[1]] in [each.get("profiles") for each in services.values()]
        words = words[2:]
    verb, *rest = words
    if verb in ("run", "exec"):
        at = next(i for i, word in enumerate(rest) if word in services)
        asked = rest[at + 1 :]
        if services[rest[at]]["image"].startswith("footnote:"):
            assert verb == "run" or asked.pop(0) == "footnote"
            is_ours(asked)
        else:
            assert asked[0] in PROGRAMS_OF[rest[at]]
        return
    assert verb in ("up", "stop", "start", "build", "cp")
    named = {word.partition(":")[0] for word in rest if not word.startswith("--")}
    assert verb == "cp" and named & set(services) or named <= set(services)


def is_ours(asked: list[str]) -> None:
    """Look whether words after ``footnote`` are a command of it with its arguments."""
    group, names = get_command(app), []
    while hasattr(group, "commands"):
        names.append(asked[len(names)])
        group = group.commands[names[-1]]
    assert group.make_context(" ".join(names), asked[len(names) :]).params


@pytest.mark.parametrize(("page", "command"), CLUSTERS, ids=name_of)
def test_what_is_done_with_a_cluster_can_be_done(page: Written, command: Command) -> None:
    """No cluster is asked: paths and names are those of the files, and the commands are Footnote's."""
    words = shlex.split(command.line)[1:]
    if words[0] == "-n":
        assert f"namespace: {words[1]}\n" in (MANIFESTS / "kustomization.yaml").read_text("utf-8")
        words = words[2:]
    match words[0]:
        case "apply":
            assert words[1] == "-k"
            assert (CHECKOUT / words[2] / "kustomization.yaml").is_file()
        case "create":
            assert words[1] in ("namespace", "secret")
        case "exec":
            assert words[1:5] == ["deployment/footnote", "-it", "--", "footnote"]
            is_ours(words[5:])
        case other:
            raise AssertionError(other)


def test_there_is_something_to_try() -> None:
    assert {page.name for page in CALLS} >= {"docs/use/api.md", "README.md"}
    assert len(PROGRAMS) >= 5
    assert CLIENTS
    assert CONTAINERS
    assert CLUSTERS

"""The commands beside a Footnote that runs on the library: each a process of its own, over fakes."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from rag.library import Library

ROOT = Path(__file__).parent.parent.parent
SERVER = """
import sys
from pathlib import Path
from fakes import AngleEmbedder, WritingModel
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings
from rag.people.users import Users
from ui.server import serve

path, auth = Path(sys.argv[1]), sys.argv[2] == "auth"
library = Library.open(path, create=True)
library.lock("footnote chat")
if auth:
    Users(library.catalog).add("anna", "correct horse battery")
model = WritingModel(lambda _: "A plane came from Libya on 26 October [1].")
settings = Settings(library=path, port=0, auth=auth, host="0.0.0.0" if auth else "127.0.0.1")
assistant = Assistant(library, AngleEmbedder(), model, settings)
serve(assistant, settings, lambda url: print("ready", url, flush=True))
print("closed", (path / "server.json").exists(), (path / "writer.json").exists(), flush=True)
"""
QUESTION = "When did the plane come from Libya?"
NEWS = "A plane came from Libya on 26 October. The minister spoke about oil."


class Running:
    """A server as a process, and the command line beside it."""

    def __init__(self, folder: Path, auth: str = "") -> None:
        self.library = folder / "library"
        self.folder = folder
        self.environment = {
            "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "FOOTNOTE_LIBRARY": str(self.library),
            "FOOTNOTE_MODELS": str(folder / "no-models"),
            "FOOTNOTE_OFFLINE": "1",
        }
        self.process = self.start("-c", SERVER, str(self.library), auth)
        self.url = self.process.stdout.readline().split()[1]

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def begin(self, *arguments: str) -> subprocess.Popen:
        return self.start("-m", "ui.cli", *arguments)

    def do(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code of a command, and all that it printed."""
        process = self.begin(*arguments)
        printed = "".join(process.communicate(timeout=120))
        return process.returncode, " ".join(printed.split())

    def titles(self) -> set[str]:
        with Library.open(self.library) as library:
            return {document.title for document in library.documents()}


@pytest.fixture
def running(tmp_path, request):
    made = Running(tmp_path, getattr(request, "param", ""))
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "news.txt").write_text(NEWS)
    return folder


def many(folder: Path, n: int = 300) -> None:
    for number in range(n):
        (folder / f"zebra {number:03}.txt").write_text(f"The zebra number {number} crossed the river. " * 40)


def added(printed: str) -> set[str]:
    """Return the titles in a printed table of what was added."""
    return {match[1] for match in re.finditer(r"^ *(\S.*)\.txt +added ", printed, re.MULTILINE)}


def until_added(running: Running, n: int = 1) -> None:
    end = time.monotonic() + 60
    while len(running.titles()) < n:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("running", ["", "auth"], indirect=True)
def test_the_commands_work_beside_it_without_models_of_their_own(running, folder) -> None:
    assert stat.S_IMODE((running.library / "server.json").stat().st_mode) == 0o600
    code, printed = running.do("add", "documents")
    assert (code, "news.txt added 1" in printed) == (0, True), printed
    code, printed = running.do("ask", QUESTION)
    assert (code, "came from Libya on 26 October. [1]" in printed) == (0, True), printed
    code, printed = running.do("ask", "--json", "--explain", QUESTION)
    told = json.loads(printed)
    assert (code, told["model"], told["trace"]["question"]) == (0, "scripted", QUESTION)
    (folder / "more.txt").write_text("The embassy reopened.")
    code, printed = running.do("sync", "documents", "--dry-run")
    assert (code, "more.txt added" in printed, "nothing was changed" in printed) == (0, True, True), printed
    code, printed = running.do("sync", "documents")
    assert (code, "1 added, 0 changed, 0 moved, 0 removed, 1 same" in printed) == (0, True), printed
    assert running.do("remove", "news.txt", "more.txt") == (0, "removed news removed more")
    assert running.titles() == set()
    # the secret is no way round the sign-in, nor is it for browsers
    secret = json.loads((running.library / "server.json").read_text())["secret"]
    shown = {"Authorization": f"Bearer {secret}"}
    address = json.loads((running.library / "server.json").read_text())["address"]
    assert httpx.get(f"{address}/local/hello", headers=shown).status_code == 200
    assert httpx.get(f"{address}/local/hello", headers=shown | {"Cookie": "a=b"}).status_code == 403
    assert httpx.get(f"{address}/local/hello").status_code == 401
    if running.process.args[-1] == "auth":
        assert httpx.get(f"{address}/documents", headers=shown).status_code == 401
    running.process.terminate()
    assert running.process.stdout.readline().split() == ["closed", "False", "False"]
    assert running.process.wait(30) == 0
    assert running.process.stderr.read() == ""


def test_what_only_reads_works_beside_it_and_what_needs_the_lock_is_refused(running, folder) -> None:
    running.do("add", "documents")
    for command in (["list"], ["show", "news.txt"], ["users", "list"], ["backup", "b.backup"]):
        assert running.do(*command)[0] == 0, command
    assert (running.folder / "b.backup").stat().st_size
    secret = json.loads((running.library / "server.json").read_text())["secret"].encode()
    assert secret not in (running.folder / "b.backup").read_bytes()
    for command in (
        ["check"],
        ["check", "--repair"],
        ["reindex"],
        ["remove", "news.txt", "--purge"],
        ["restore", "b.backup", "--replace"],
    ):
        code, printed = running.do(*command)
        assert code == 1
        assert "in use by 'footnote chat' (process" in printed, command
    assert running.titles() == {"news"}


def test_ctrl_c_finishes_the_document_at_hand_and_says_what_is_stored(running, folder) -> None:
    many(folder)
    adding = running.begin("add", "documents")
    until_added(running)
    adding.send_signal(signal.SIGINT)
    printed = adding.communicate(timeout=60)[0]
    assert adding.returncode == 130
    assert "Stopped. What is listed is in the library" in printed
    listed = added(printed)
    assert listed == running.titles()
    assert 0 < len(listed) < 301
    assert running.do("add", "documents")[0] == 0
    assert len(running.titles()) == 301


def test_a_server_that_is_killed_loses_nothing_that_was_told(running, folder) -> None:
    many(folder)
    adding = running.begin("add", "documents")
    until_added(running, 5)
    running.process.kill()
    printed, errors = adding.communicate(timeout=60)
    assert adding.returncode == 1
    assert "ended before this was done" in errors
    assert "Traceback" not in errors
    listed = added(printed)
    assert listed
    assert listed <= running.titles()
    assert (running.library / "server.json").exists()  # left behind, and not believed
    code, printed = running.do("add", "documents")
    assert code == 1
    assert "model file" in printed  # it does the work itself, and has no models here
    with Library.open(running.library) as library:
        library.lock("the next one")
        assert not (running.library / "server.json").exists()


def test_a_server_that_ends_while_it_adds_says_so(running, folder) -> None:
    many(folder)
    adding = running.begin("add", "documents")
    until_added(running)
    running.process.terminate()
    printed, errors = adding.communicate(timeout=60)
    assert adding.returncode == 1
    assert "run the same command again for the rest" in errors or "stopped before this was done" in errors
    assert running.process.wait(60) == 0
    listed = added(printed)
    assert listed <= running.titles()


def test_a_watched_folder_is_kept_through_it(running, folder) -> None:
    watching = running.begin("sync", "documents", "--watch")
    until_added(running)
    (folder / "more.txt").write_text("The embassy reopened.")
    until_added(running, 2)
    watching.send_signal(signal.SIGINT)
    printed, errors = watching.communicate(timeout=60)
    assert (watching.returncode, errors) == (0, "")
    assert "added" in printed
    assert "more.txt" in printed
    assert "stopped watching" in printed


def test_questions_are_answered_while_files_are_added(running, folder) -> None:
    running.do("add", "documents")
    many(folder)
    adding = running.begin("add", "documents")
    until_added(running, 2)
    code, printed = running.do("ask", QUESTION)
    assert (code, "26 October" in printed) == (0, True), printed
    assert adding.wait(120) == 0
    adding.communicate()
    assert len(running.titles()) == 301

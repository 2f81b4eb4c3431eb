"""A library in a place where this user may only read: it answers, and nothing is written to it."""

from __future__ import annotations

import tempfile
import traceback
from io import StringIO
from pathlib import Path

import pytest
from doors import nobodys_keys
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rich.console import Console
from typer.testing import CliRunner
from workload import NAMES, HashEmbedder, drop_privileges, text_of

import rag.assistant_parts
import rag.models
import ui.adding
import ui.chatting
import ui.server
from rag.assistant import Assistant
from rag.catalog import FILE
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings
from ui.cli import app
from ui.gate import Gate
from ui.library_routes import add_library_routes
from ui.routes import add_routes


def read_only(folder: Path) -> None:
    """Let only root and the owner write below a folder."""
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o555 if each.is_dir() else 0o444)


def visitor(act, library: Path, pipe) -> None:
    """Do something as a user who is neither root nor the owner, and send what came of it."""
    HashEmbedder().embed(["numpy's own imports"])
    drop_privileges()
    try:
        pipe.send(act(library))
    except FootnoteError as error:
        pipe.send(f"{type(error).__name__}: {error}")
    except BaseException:
        pipe.send(traceback.format_exc())


@pytest.fixture
def visit(processes, public):
    def visited(act):
        before = {file: file.read_bytes() for file in public.rglob("*") if file.is_file()}
        ours, theirs = processes.Pipe()
        child = processes.Process(target=visitor, args=(act, public, theirs))
        child.start()
        assert ours.poll(300), "the visitor says nothing"
        said = ours.recv()
        child.join()
        assert {file: file.read_bytes() for file in public.rglob("*") if file.is_file()} == before
        return said

    return visited


def commanded(library: Path, *words: str) -> str:
    done = CliRunner().invoke(
        app, [*words, "--library", str(library)], catch_exceptions=False, env={"COLUMNS": "200"}
    )
    return f"{done.exit_code}: {done.output}"


def listing(library: Path) -> str:
    return commanded(library, "list")


def showing(library: Path) -> str:
    return commanded(library, "show", "doc0.txt", "--text")


def checking(library: Path) -> str:
    return commanded(library, "check")


def backing_up(library: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return commanded(library, "backup", f"{folder}/one.backup")


def asking(library: Path) -> str:
    rag.assistant_parts.EXACT_LIMIT = 0  # as if there were too many passages to scan
    settings = Settings(library=library, llm="none", offline=True)
    opened = Library.open(library)
    with Assistant(opened, HashEmbedder(), None, settings) as assistant:
        assistant.warm()
        answer = assistant.ask("What is doc0v1p1q?")
    return f"{len(answer.quotes)} quotes of {answer.quotes[0].title}"


def opening(library: Path) -> str:
    with Library.open(library) as opened:
        return f"{len(opened)} passages, read only: {opened.read_only}"


def locking(library: Path) -> str:
    with Library.open(library) as opened:
        return f"nothing: {opened.lock()}"


def adding(library: Path) -> str:
    rag.models.make_embedder = lambda *_: HashEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "new.txt").write_text("Something new.")
        return commanded(library, "add", folder)


def uploading(library: Path) -> str:
    """Send a file as the page of `footnote chat` does."""
    served = FastAPI()
    with Assistant(Library.open(library), HashEmbedder(), None, Settings(library=library)) as assistant:
        served.add_middleware(Gate, sign_ins=None, bearers=nobodys_keys(assistant))
        add_routes(served, assistant)
        add_library_routes(served, assistant)
        answer = TestClient(served).post("/uploads?path=new.txt", content="Something new.")
    return f"{answer.status_code} {answer.json()['detail']}"


def chatting(library: Path) -> str:
    """Run `footnote chat` without its page: the models and the server are the test's."""
    answered: list[str] = []
    ui.chatting.make_embedder = lambda *_: HashEmbedder()
    ui.chatting.make_chat_model = lambda *_: None
    ui.server.serve = lambda each, *_: answered.append(each.ask("What is doc0v1p1q?").quotes[0].title)
    said = StringIO()
    ui.chatting.run(Console(file=said), Settings(library=library, port=0, llm="none", offline=True))
    return f"{answered} {said.getvalue()}"


def removing(library: Path) -> str:
    return commanded(library, "remove", "doc0.txt")


def repairing(library: Path) -> str:
    with Library.open(library) as opened:
        return f"nothing: {opened.rebuild_index()}"


def purging(library: Path) -> str:
    with Library.open(library) as opened:
        return f"nothing: {opened.purge()}"


class TestWhatIsRead:
    @pytest.fixture(autouse=True)
    def _read_only(self, public) -> None:
        read_only(public)

    def test_it_opens(self, visit) -> None:
        assert visit(opening).endswith("passages, read only: True")

    def test_it_lists(self, visit) -> None:
        assert visit(listing).startswith("0: ")

    def test_it_shows(self, visit) -> None:
        assert visit(showing).strip() == f"0: {text_of(NAMES[0], 1)}".strip()

    def test_it_answers(self, visit) -> None:
        assert "quotes of doc0" in visit(asking)

    def test_it_is_backed_up(self, visit) -> None:
        assert visit(backing_up).startswith("0: backed up 2 documents")

    def test_the_chat_starts_and_answers(self, visit) -> None:
        said = visit(chatting)
        assert said.startswith("['doc0'] This library may only be read: it answers, and no documents can be")

    def test_it_is_checked(self, visit) -> None:
        assert "to look at · 2 documents" in visit(checking)


class TestWhatIsRefused:
    @pytest.fixture(autouse=True)
    def _read_only(self, public) -> None:
        read_only(public)

    @pytest.mark.parametrize("act", [locking, adding, removing, repairing, purging])
    def test_writing(self, act, visit, public) -> None:
        assert visit(act) == (
            f"StorageError: no permission to write to the library {public}: check who owns the folder"
        )

    def test_uploading_is_refused_in_words(self, visit, public) -> None:
        said = visit(uploading)
        assert said == f"500 no permission to write to the library {public}: check who owns the folder"


class TestWhatItsWriterLeft:
    """The catalogue has a log beside it: its writer is at work, or was stopped."""

    @pytest.fixture
    def in_use(self, public):
        """A library whose writer has just removed a document."""
        library = Library.open(public)
        library.lock()
        library.remove(library.find("doc1.txt").id)
        assert (public / f"{FILE}-wal").stat().st_size
        yield library
        library.close()

    @pytest.fixture
    def stopped(self, in_use, public, files):
        """The same files, as a writer leaves them that is killed."""
        kept = {file: file.read_bytes() for file in public.glob(f"{FILE}*")}
        in_use.close()
        for file, data in kept.items():
            file.write_bytes(data)
        return public

    def test_it_is_read_while_its_writer_is_at_work(self, in_use, visit, public) -> None:
        read_only(public)
        said = visit(listing)
        assert "doc0" in said
        assert "doc1" not in said

    def test_it_is_read_after_its_writer_was_killed(self, stopped, visit) -> None:
        read_only(stopped)
        said = visit(listing)
        assert "doc0" in said
        assert "doc1" not in said
        assert visit(backing_up).startswith("0: backed up 1 documents")

    def test_without_what_belongs_to_the_log_it_says_what_to_do(self, stopped, visit) -> None:
        (stopped / f"{FILE}-shm").unlink()
        read_only(stopped)
        for act in (listing, backing_up, asking, checking):
            assert visit(act) == (
                f"StorageError: the library {stopped} was not closed by its last writer, and may only be "
                "read here: run 'footnote list' on it once where it may be written"
            )
        for each in (stopped, *stopped.rglob("*")):
            each.chmod(0o755)
        assert listing(stopped).startswith("0: ")
        read_only(stopped)
        assert "doc1" not in visit(listing)

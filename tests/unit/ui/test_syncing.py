"""``footnote sync`` as a user sees it, with an embedder that costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from fakes import AngleEmbedder
from typer.testing import CliRunner

from ingest.pipeline import add
from rag.library import Library
from ui.cli import app

CHECKOUT = Path(__file__).parents[3]
TESTS = CHECKOUT / "tests"
WAIT_S = 120.0


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    for name in ("zebras", "oil", "money", "river"):
        (made / f"{name}.txt").write_text(f"The {name} is told of here.")
    monkeypatch.setattr("ui.syncing.make_embedder", lambda *_: AngleEmbedder())
    monkeypatch.setenv("COLUMNS", "200")
    return made


def sync(*arguments: object):
    return CliRunner().invoke(app, ["sync", *map(str, arguments)])


def titles(tmp_path: Path) -> list[str]:
    with Library.open(tmp_path / "library") as library:
        return [document.title for document in library.documents()]


def test_a_run_prints_what_became_of_each_file(folder, tmp_path) -> None:
    first = sync(folder)
    assert (first.exit_code, "4 added, 0 changed, 0 moved, 0 removed, 0 same, 0 failed" in first.output) == (
        0,
        True,
    )
    (folder / "deep").mkdir()
    (folder / "oil.txt").rename(folder / "deep" / "oil.txt")
    (folder / "river.txt").unlink()
    (folder / "money.txt").write_text("Money was found.")
    (folder / "film.mp4").write_bytes(b"")
    (folder / "empty.txt").write_bytes(b"")
    second = sync(folder)
    assert second.exit_code == 1
    rows = [line.split() for line in second.output.splitlines()]
    assert ["money.txt", "changed"] in rows
    assert ["river.txt", "removed"] in rows
    assert ["deep/oil.txt", "moved", "from", "oil.txt"] in rows
    assert "failed   the file is empty; there is nothing to add" in second.output
    assert "0 added, 1 changed, 1 moved, 1 removed, 1 same, 1 failed" in second.output
    assert "zebras" not in second.output
    assert "Passed over, as Footnote does not read them: 1 .mp4" in second.output
    assert titles(tmp_path) == ["empty", "money", "oil", "zebras"]


def test_a_dry_run_says_it_and_changes_nothing(folder, tmp_path) -> None:
    assert (sync(folder, "--dry-run").exit_code, (tmp_path / "library").exists()) == (0, False)
    sync(folder)
    (folder / "oil.txt").rename(folder / "gas.txt")
    (folder / "river.txt").unlink()
    with Library.open(tmp_path / "library") as other:
        other.lock("another")
        before = (tmp_path / "library" / "catalogue.sqlite3").read_bytes()
        done = sync(folder, "--dry-run")
        assert (tmp_path / "library" / "catalogue.sqlite3").read_bytes() == before
    rows = [line.split() for line in done.output.splitlines()]
    assert ["gas.txt", "moved", "from", "oil.txt"] in rows
    assert ["river.txt", "removed"] in rows
    assert "nothing was changed" in done.output
    assert done.exit_code == 0


def test_the_guard_wants_a_yes(folder, tmp_path) -> None:
    sync(folder)
    for name in ("zebras", "oil"):
        (folder / f"{name}.txt").unlink()
    shown = sync(folder, "--dry-run")
    assert (shown.exit_code, "A run would stop: 2 of the 4 documents" in shown.output) == (1, True)
    done = sync(folder)
    assert "2 of the 4 documents of the library would be removed" in str(done.exception)
    assert (done.exception.exit_code, len(titles(tmp_path))) == (1, 4)
    assert sync(folder, "--yes").exit_code == 0
    assert titles(tmp_path) == ["money", "river"]


def test_json_for_programs(folder) -> None:
    shown = json.loads(sync(folder, "--dry-run", "--json").stdout)
    assert (shown["counts"], shown["refused"]) == ({"added": 4}, None)
    done = json.loads(sync(folder, "--json").stdout)
    assert done["counts"] == {"added": 4, "same": 0, "failed": 0}
    assert done["files"][0] == {
        "path": str(folder / "money.txt"),
        "outcome": "added",
        "title": "money",
        "from": None,
        "reason": None,
    }


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.txt", b"two\nlines.txt", b"\x1b[31mred.txt"], ids=["bytes", "line", "escape"]
)
def test_any_name_can_be_printed(folder, name) -> None:
    (folder / os.fsdecode(name)).write_bytes(b"")
    for options in (["--dry-run"], [], ["--json"]):
        done = sync(folder, *options)
        assert (done.exit_code, "\x1b[31m" in done.output) == (0 if "--dry-run" in options else 1, False)
        done.output.encode()


def test_watching_goes_alone(folder) -> None:
    assert "leave out --dry-run" in str(sync(folder, "--watch", "--dry-run").exception)


WATCHING = textwrap.dedent("""
    import sys
    sys.path.insert(0, sys.argv.pop(1))
    import fakes, ui.syncing
    from ui.cli import main
    ui.syncing.make_embedder = lambda *_: fakes.AngleEmbedder()
    main()
""")


class Watching:
    """``footnote sync --watch`` in a process of its own."""

    def __init__(self, folder: Path, output: Path) -> None:
        self.output = output
        command = [sys.executable, "-u", "-c", WATCHING, str(TESTS), "sync", str(folder), "--watch"]
        environ = os.environ | {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"}
        with output.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environ)

    def says(self, words: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while words not in self.output.read_text():
            assert time.monotonic() < deadline, f"{words!r} is not in {self.output.read_text()!r}"
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.1)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_watching_from_start_to_end(folder, tmp_path, number) -> None:
    watching = Watching(folder, tmp_path / "output")
    try:
        watching.says("watching")
        with Library.open(tmp_path / "library") as library:  # not locked while there is nothing to do
            library.lock("another")
            (folder / "new.txt").write_text("Ministers met.")
            watching.says("is in use by 'another'")
        watching.says("added   new.txt")
        (folder / "oil.txt").rename(folder / "gas.txt")
        (folder / "empty.txt").write_bytes(b"")
        watching.says("moved   gas.txt  from oil.txt")
        watching.says("failed  empty.txt  the file is empty")
        folder.rename(tmp_path / "aside")
        watching.says("the folder is gone")
        (tmp_path / "aside" / "river.txt").unlink()
        (tmp_path / "aside").rename(folder)
        watching.says("removed river.txt")
        code = watching.end(number)
    finally:
        watching.process.kill()
        watching.process.wait(WAIT_S)
    output = watching.output.read_text()
    assert (code, output.count("empty.txt"), "Traceback" in output) == (1, 1, False)
    assert output.splitlines()[-1] == "stopped watching"
    assert titles(tmp_path) == ["empty", "gas", "money", "new", "zebras"]
    with Library.open(tmp_path / "library") as library:
        assert json.loads(library.catalog.get_meta("index"))["clean"]


def test_a_folder_that_is_emptied_while_it_is_watched_empties_nothing(folder, tmp_path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        add(library, [folder], AngleEmbedder())
    watching = Watching(folder, tmp_path / "output")
    try:
        watching.says("watching")
        for file in folder.iterdir():
            file.unlink()
        watching.says("is empty, and 4 documents of the library would be removed")
        assert watching.end(signal.SIGTERM) == 0
    finally:
        watching.process.kill()
        watching.process.wait(WAIT_S)
    assert len(titles(tmp_path)) == 4

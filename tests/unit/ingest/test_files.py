"""Names that can be shown, links that lead away, and what is no file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ingest.files import leads_out, open_file, sha256_of, shown, title_of
from rag.errors import LoadError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("report 2.pdf", "report 2.pdf", id="as it is"),
        pytest.param("Ünï–灯台 👩‍💻.txt", "Ünï–灯台 👩‍💻.txt", id="any script"),
        pytest.param("two\nlines\t.txt", "two lines .txt", id="white space"),
        pytest.param("red\x1b[31m.txt", "red\ufffd[31m.txt", id="terminal command"),
        pytest.param("\x9b31m.txt", "\ufffd31m.txt", id="one-byte terminal command"),
        pytest.param("fdp\u202etxt.exe", "fdp\ufffdtxt.exe", id="turned around"),
        pytest.param(os.fsdecode(b"\xff.txt"), "\ufffd.txt", id="no text"),
    ],
)
def test_names_are_shown_on_one_line(name: str, expected: str):
    assert shown(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("a\nb.tar.txt", "a b.tar"), (".txt", ".txt"), (" .txt", ".txt")]
)
def test_titles_from_names(name: str, expected: str):
    assert title_of(Path(name)) == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    (made / "a.txt").write_text("Words.")
    (tmp_path / "secret.txt").write_text("Secret.")
    (made / "in.txt").symlink_to("a.txt")
    (made / "out.txt").symlink_to(tmp_path / "secret.txt")
    (made / "twice.txt").symlink_to("out.txt")
    (made / "loop.txt").symlink_to("loop.txt")
    return made


@pytest.mark.parametrize(
    ("name", "out"), [("a.txt", False), ("in.txt", False), ("out.txt", True), ("twice.txt", True)]
)
def test_links_that_lead_out(folder: Path, name: str, out: bool):
    assert leads_out(folder / name, [folder]) is out
    assert leads_out(folder / name, [folder / name]) is False


def test_a_folder_named_by_a_link_is_the_one_it_leads_to(folder: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(folder)
    assert not leads_out(tmp_path / "link" / "in.txt", [tmp_path / "link"])


def test_a_link_is_followed_only_where_it_may_be(folder: Path):
    with open_file(folder / "out.txt") as file:
        assert file.read() == b"Secret."
    with pytest.raises(LoadError, match=r"^out\.txt: it is a link out of the folder; add what it leads to"):
        open_file(folder / "out.txt", follow=False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("none.txt", r"it cannot be opened \(no such file or directory\)", id="missing"),
        pytest.param("loop.txt", r"it cannot be opened \(too many levels of symbolic links\)", id="loop"),
        pytest.param("pipe.txt", "it is not a regular file", id="pipe"),
        pytest.param("device.txt", "it is not a regular file", id="device"),
        pytest.param("folder.txt", r"it cannot be opened \(is a directory\)", id="folder"),
    ],
)
def test_what_is_no_file(folder: Path, name: str, words: str):
    os.mkfifo(folder / "pipe.txt")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "folder.txt").mkdir()
    with pytest.raises(LoadError, match=rf"^{name}: {words}"):
        open_file(folder / name)


def test_a_hash_is_that_of_the_content(tmp_path) -> None:
    (tmp_path / "a.txt").write_bytes(b"content")
    assert sha256_of(tmp_path / "a.txt", 7) == hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize("kind", ["missing", "pipe", "folder", "large"])
def test_what_cannot_be_read_has_no_hash_and_does_not_wait(tmp_path, kind) -> None:
    path = tmp_path / "a.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"content")
    assert sha256_of(path, 6) == ""

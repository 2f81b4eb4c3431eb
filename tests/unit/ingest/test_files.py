"""Names that can be shown, and files that are opened without waiting."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ingest.files import open_file, sha256_of, shown, title_of
from rag.errors import LoadError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("plain name.txt", "plain name.txt", id="plain"),
        pytest.param("two\nlines\t.txt", "two lines .txt", id="white-space"),
        pytest.param("red\x1b[31m", "red\ufffd[31m", id="escape"),
        pytest.param(os.fsdecode(b"\xff"), "\ufffd", id="not-utf-8"),
        pytest.param("Zürich 東京 👩\u200d🔬", "Zürich 東京 👩\u200d🔬", id="any-script"),
    ],
)
def test_a_name_is_shown_as_one_line_of_valid_text(name, words) -> None:
    assert shown(name) == words
    assert title_of(Path(f"/a/{name}.pdf")) == words


def test_a_name_of_nothing_but_spaces_has_a_title() -> None:
    assert title_of(Path("/a/ .txt")) == ".txt"


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
    if kind != "large":
        with pytest.raises(LoadError, match="a.txt: it (is not a regular file|cannot be opened)"):
            open_file(path)

from __future__ import annotations

import hashlib
import os

import pytest
from fakes import document

from ingest.limits import Limits
from rag.errors import OriginalGone
from ui.originals import Originals, file_name

DATA = b"The plane came in May."


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def log(path):
    return document("log", DATA.decode(), uri=path.as_uri())


def test_the_file_that_was_added_is_opened(path, log):
    originals = Originals()
    with originals.open(log) as file:
        assert file.read() == DATA
    assert originals.read(log) == DATA
    assert file_name(log) == "log.txt"


def test_its_content_is_compared_once_until_it_is_touched(path, log, monkeypatch):
    digests: list[int] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *a: digests.append(1) or digest(*a))
    originals = Originals()
    for _ in range(3):
        originals.check(log)
    assert len(digests) == 1
    os.utime(path, (1, 1))
    originals.check(log)
    originals.check(log)
    assert len(digests) == 2


def replace_in_place(path):
    """Write other bytes of the same number, and set the time back."""
    facts = path.stat()
    path.write_bytes(DATA.replace(b"May", b"Jul"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def swap(path, target):
    path.unlink()
    path.symlink_to(target)


def remake(path, make):
    path.unlink()
    make(path)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(lambda path: path.unlink(), "cannot be read any more", id="gone"),
        pytest.param(replace_in_place, "has changed", id="changed, and the clock set back"),
        pytest.param(lambda path: path.write_bytes(b""), "has changed", id="emptied"),
        pytest.param(lambda path: os.truncate(path, 10**12), "has changed", id="huge"),
        pytest.param(lambda path: swap(path, "/etc/passwd"), "has changed", id="a link to another file"),
        pytest.param(lambda path: swap(path, "/dev/zero"), "cannot be read any more", id="a link to zeros"),
        pytest.param(lambda path: swap(path, path), "cannot be read any more", id="a link to itself"),
        pytest.param(lambda path: remake(path, os.mkfifo), "cannot be read any more", id="a pipe"),
        pytest.param(lambda path: remake(path, os.mkdir), "cannot be read any more", id="a folder"),
    ],
)
def test_any_other_file_is_refused(path, log, harm, words):
    originals = Originals()
    originals.check(log)
    harm(path)
    for look in (originals.check, originals.read):
        with pytest.raises(OriginalGone, match=rf"the file of 'Log' {words}"):
            look(log)


def test_a_link_to_the_same_content_is_as_good(path, log, tmp_path):
    moved = path.rename(tmp_path / "moved.txt")
    path.symlink_to(moved)
    assert Originals().read(log) == DATA


def test_a_file_that_became_too_large_is_not_read(path, log):
    with pytest.raises(OriginalGone, match="has changed"):
        Originals(Limits(max_file_mb=0.00001)).check(log)


def test_a_document_without_a_file(log):
    with pytest.raises(OriginalGone, match="has no file of its own"):
        Originals().open(document("web", "words", uri="https://example.com/a.html"))
